// The table of a job's tasks: one page of it at a time, filtered by the service. Its place is part of the address.

import { h } from "./elements.js";
import { follow } from "./events.js";
import { empty, state, table, time } from "./parts.js";
import { between, middle } from "./units.js";

const FILTERS = [["", "All"], ["running", "Running"], ["active", "Waiting"], ["failed", "Failed"], ["completed", "Completed"]];
const known = { page: null, problem: "" };

// Begin to follow the page of tasks that the address names. `changed` draws the page.
export function begin(job, changed) {
  const address = `/jobs/${encodeURIComponent(job)}/tasks${location.search}`;
  follow(address, {
    onDocument: (page) => { known.page = page; known.problem = ""; changed(); },
    onProblem: (problem) => { known.problem = problem; changed(); },
  });
}

export function taskTable(job) {
  const query = new URLSearchParams(location.search);
  return [filters(job, query), known.problem ? h("p", { class: "problem" }, known.problem) : rows(job, known.page, query)];
}

const addressOf = (job, parameters) => {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value)).toString();
  return `/jobs/${encodeURIComponent(job)}${query ? `?${query}` : ""}#tasks`;
};

function filters(job, query) {
  const start = query.get("start") ?? "", chosen = query.get("state") ?? "";
  return h("div", { class: "filters", id: "tasks" },
    h("nav", { "aria-label": "Tasks by state" }, FILTERS.map(([value, label]) =>
      h("a", { href: addressOf(job, { state: value, start }), "aria-current": value === chosen ? "true" : null }, label))),
    h("form", { role: "search", onsubmit: (event) => { event.preventDefault(); location.assign(addressOf(job, { state: chosen, start: event.target.start.value.trim() })); } },
      h("label", {}, "Id begins with ", h("input", { name: "start", type: "search", value: start, spellcheck: "false", autocomplete: "off" })), h("button", {}, "Filter")));
}

function rows(job, page, query) {
  if (!page) return h("p", { class: "quiet" }, "Reading tasks…");
  if (!page.tasks.length) return empty(page.is_first ? "No task fits." : "There are no further tasks.");
  const [chosen, start] = [query.get("state"), query.get("start")];
  return [
    table("Tasks", [
      ["Task", false, (row) => h("a", { href: `/jobs/${encodeURIComponent(job)}/tasks/${encodeURIComponent(row.id)}` }, row.id)],
      ["State", false, (row) => state(row.result === "failure" ? "failed" : row.result === "success" ? "succeeded" : row.state)],
      ["Exit code", true, (row) => row.exit_code ?? "–"],
      ["Ran", true, (row) => between(row.started, row.ended)],
      ["Retries", true, (row) => row.retries ?? 0],
      ["Started", false, (row) => time(row.started)],
      ["Node", false, (row) => (row.node ? h("code", { title: row.node }, middle(row.node)) : "–")],
      ["Reason", false, (row) => row.reason ?? row.failure ?? ""],
    ], page.tasks, (row) => row.id),
    h("p", { class: "pages" }, !page.is_first && h("a", { href: addressOf(job, { state: chosen, start }) }, "First page"),
      page.next && h("a", { href: addressOf(job, { state: chosen, start, after: page.next }) }, "Next page")),
  ];
}
