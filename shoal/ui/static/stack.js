// The page of the stack.

import { code, empty, figure, figures, prose, section, state, table, time } from "./parts.js";
import { h } from "./elements.js";
import { bytes, count, counted, money } from "./units.js";

export const path = (page) => [[page ? page.stack : "stack", "/"]];

export function render(page) {
  return [
    h("h1", {}, "Stack ", code(page.stack)),
    h("p", { class: "quiet" }, `Project ${page.project}, ${page.is_embedded ? "the embedded service on this machine" : `Azure, ${page.location}`}, resource group ${page.resource_group}`),
    summary(page),
    section("Pools", pools(page)),
    section("Changes since the last deployment", drift(page)),
    section("Jobs", jobs(page)),
    section("Packages", packages(page)),
    section("Accounts", table("Accounts", [
      ["Account", false, (row) => code(row.name)], ["Kind", false, (row) => row.kind], ["Address", false, (row) => code(row.address)],
    ], page.accounts, (row) => row.kind)),
  ];
}

function summary({ pools, jobs, cost, is_embedded }) {
  const sum = (name) => pools.reduce((total, pool) => total + pool[name], 0);
  const going = jobs.filter((job) => job.state !== "completed");
  const unknown = cost.unknown_sizes.length ? `without ${cost.unknown_sizes.join(", ")}, whose price is not known; ` : "";
  return figures(
    figure("Nodes", count(sum("dedicated") + sum("spot")), `${count(sum("dedicated"))} dedicated, ${count(sum("spot"))} Spot`),
    figure("Task slots", count(sum("slots")), "of all nodes"),
    figure("Jobs that go on", count(going.length), `of ${counted(jobs.length, "job")} in Batch`),
    figure(is_embedded ? "Cost in Azure" : "Cost now", `${money(cost.per_hour, cost.currency)}/h`, `${is_embedded ? "free on this machine; " : ""}${unknown}${cost.source}`),
  );
}

function pools({ pools, cost }) {
  if (!pools.length) return empty("The stack has no pool. Add one to its file, and run", "shoal up");
  return table("Pools", [
    ["Pool", false, (row) => h("a", { href: `/pools/${encodeURIComponent(row.pool)}` }, row.pool)],
    ["State", false, (row) => state(row.state)],
    ["Size", false, (row) => code(row.vm_size)],
    ["Allocation", false, (row) => state(row.allocation)],
    ["Dedicated", true, (row) => `${count(row.dedicated)} of ${count(row.target_dedicated)}`],
    ["Spot", true, (row) => `${count(row.spot)} of ${count(row.target_spot)}`],
    ["Slots", true, (row) => count(row.slots)],
    [`${cost.currency}/h`, true, (row) => (row.cost_per_hour === null ? "not known" : row.cost_per_hour.toFixed(2))],
    ["Scaling", false, scaling],
  ], pools, (row) => row.pool);
}

function scaling(row) {
  if (row.state === "gone") return h("span", { class: "problem" }, "Batch has no such pool; ", code("shoal up"), " makes it");
  if (row.resize_errors.length) return h("span", { class: "problem" }, row.resize_errors.join("; "));
  if (!row.is_autoscaled) return "fixed size";
  if (!row.formula) return "by formula, not evaluated yet";
  return row.formula.error
    ? h("span", { class: "problem" }, row.formula.error)
    : ["by formula, evaluated ", time(row.formula.at)];
}

const SHOWN_POOLS = 5;

function drift({ drift, other_pools }) {
  const names = other_pools.slice(0, SHOWN_POOLS).map((id, index) => [index > 0 && ", ", code(id)]);
  const more = other_pools.length > SHOWN_POOLS && ` and ${count(other_pools.length - SHOWN_POOLS)} more`;
  return [
    drift.length
      ? h("ul", { class: "findings" }, drift.map((one) => h("li", { "data-key": `${one.subject} ${one.finding}` }, h("p", { class: "blocking" }, `${one.subject} ${one.finding}.`), h("p", {}, "Next: ", prose(one.step)))))
      : h("p", { class: "quiet" }, "Pools and packages are as they were deployed."),
    other_pools.length > 0 && h("p", { class: "quiet" }, `The account has ${counted(other_pools.length, "pool")} that this stack did not deploy: `, names, more, ". If they are of no other stack, delete them: their nodes cost money."),
  ];
}

function jobs({ jobs, has_more_jobs }) {
  if (!jobs.length) return empty("Batch has no job. Submit one with", "shoal submit FILE");
  return [
    table("Jobs", [
      ["Job", false, (row) => h("a", { href: `/jobs/${encodeURIComponent(row.id)}` }, row.id)],
      ["State", false, (row) => state(row.state)],
      ["Pool", false, (row) => code(row.pool)],
      ["Created", false, (row) => time(row.created)],
      ["Ended", false, (row) => time(row.ended)],
      ["Why", false, (row) => (row.waits_for ? h("span", { class: "problem" }, row.waits_for) : row.reason ?? "")],
    ], jobs, (row) => row.id),
    has_more_jobs && h("p", { class: "quiet" }, `Only the first ${count(jobs.length)} jobs are shown; `, code("shoal jobs"), " lists all."),
  ];
}

function packages({ packages, packages_problem }) {
  if (packages_problem) return h("p", { class: "problem" }, packages_problem);
  if (!packages.length) return empty("The stack has no application package. List one under shoal:packages in its file, and run", "shoal up");
  return table("Packages", [
    ["Package", false, (row) => row.package],
    ["Application", false, (row) => code(row.application)],
    ["Version", false, (row) => code(row.version)],
    ["State", false, (row) => state(row.state)],
    ["Size", true, (row) => (row.size_bytes === null ? "not readable" : bytes(row.size_bytes))],
    ["On every node of", false, (row) => row.pools.join(", ") || "no pool"],
  ], packages, (row) => row.package);
}
