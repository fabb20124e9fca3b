// The page of a job.

import { ask, button } from "./actions.js";
import { drawn } from "./charts.js";
import { forecast } from "./job_forecast.js";
import { h } from "./elements.js";
import { bar, code, empty, figure, figures, prose, section, state, table, time } from "./parts.js";
import { taskTable } from "./task_table.js";
import { between, count, counted, duration, middle, money, percent } from "./units.js";

export const path = (page, [id]) => [["stack", "/"], [id, `/jobs/${encodeURIComponent(id)}`]];

export function render(page, [id]) {
  const { job, counts, explanation, details } = page;
  return [
    h("div", { class: "title" }, h("h1", {}, "Job ", code(id)), h("div", { class: "buttons" }, actions(page, id))),
    h("p", {}, state(job.state), job.reason && ` (${job.reason})`, " on pool ",
      page.pool ? h("a", { href: `/pools/${encodeURIComponent(page.pool)}` }, page.pool) : code(details.pool),
      explanation?.began && [", began ", time(explanation.began)], explanation?.ended && [", ended ", time(explanation.ended)]),
    summary(page),
    progress(counts, job),
    section("Stages", stages(page), details.stages.length > 0 && h("p", {}, h("a", { href: `/jobs/${encodeURIComponent(id)}/sweep` }, "Results over the axes of its sweep"))),
    section(job.state === "completed" ? "How it ended" : "Why it waits", explanation ? why(explanation) : reading()),
    counts.failed > 0 && section("Kinds of failures", explanation ? failures(explanation, id) : reading()),
    section("Forecast against reality", page.done ? forecast(page) : reading()),
    section("Tasks over time", explanation ? times(explanation.times) : reading()),
    section("Tasks", taskTable(id)),
  ];
}

const reading = () => h("p", { class: "quiet" }, "Reading…");

function actions({ job, counts }, id) {
  const address = `/actions/jobs/${encodeURIComponent(id)}`;
  return [
    counts.failed > 0 && button("Retry failed", () => ask({
      title: `Retry what failed in ${id}?`, question: `${counted(counts.failed, "failed task")} and what waits for them run again. Outputs of the failed attempts are deleted.`,
      confirm: "Retry failed", address: `${address}/retry` })),
    job.state !== "completed" && button("Cancel job", () => ask({
      title: `Cancel ${id}?`, question: `${counted(counts.running, "running task")} will be ended, and ${counted(counts.active, "waiting task")} will never run.`,
      confirm: "Cancel job", address: `${address}/cancel` }), "danger"),
  ];
}

function summary({ counts, seconds_left, tasks_per_second, details, currency, price_source, is_embedded, explanation, job }) {
  const done = counts.succeeded + counts.failed, all = done + counts.active + counts.running;
  const nodes = Object.values({ ...details.nodes.dedicated }).concat(Object.values({ ...details.nodes.spot })).reduce((sum, number) => sum + number, 0);
  return figures(
    figure("Tasks done", count(done), `of ${counted(all, "task")}${all ? `, ${percent(done / all)}` : ""}${job.skipped ? `, ${count(job.skipped)} skipped as done before` : ""}`),
    figure("Running", count(counts.running), `tasks; ${count(counts.active)} waiting`),
    figure("Failed", count(counts.failed), "tasks"),
    job.state === "completed"
      ? figure("Took", between(explanation?.began, explanation?.ended), "from the job's start to its end")
      : figure("Time left", seconds_left === null ? "not known" : duration(seconds_left), tasks_per_second ? `at ${tasks_per_second.toPrecision(3)} tasks/s` : "no task ended lately"),
    cost(explanation, details, currency, price_source, is_embedded, job),
    figure("Nodes of the pool", count(nodes), "now"),
  );
}

function cost(explanation, details, currency, source, isEmbedded, job) {
  const note = `${isEmbedded ? "in Azure; free on this machine; " : ""}${source}`;
  if (job.state !== "completed") return figure("Cost so far", details.cost === null ? "not known" : money(details.cost, currency), `of the pool's nodes since it began; ${note}`);
  if (!explanation) return figure("Cost", "…", note);
  const spent = explanation.times.cost;
  if (!spent || spent.least === null) return figure("Cost", "not known", spent ? note : "too many tasks; `shoal report` counts them");
  return figure("Cost", money(spent.most, spent.currency), `of the nodes while they ran its tasks; ${note}`);
}

function progress(counts, job) {
  const parts = [["succeeded", counts.succeeded], ["failed", counts.failed], ["running", counts.running], ["waiting", counts.active]];
  const text = parts.map(([name, number]) => `${count(number)} ${name}`).join(", ");
  return h("div", { class: "progress" }, bar(parts, `Tasks: ${text}`),
    h("p", { class: "keys" }, parts.map(([name, number]) => h("span", { class: `key ${name}` }, `${count(number)} ${name}`)),
      job.deferred.length > 0 && h("span", {}, `stages still to be submitted: ${job.deferred.join(", ")}`)));
}

function stages({ details, counts, job }) {
  if (!details.stages.length) return empty(counts.active + counts.running + counts.succeeded + counts.failed ? "The job has no record of stages: another client made it." : "The job has no task yet.");
  return table("Stages", [
    ["Stage", false, (row) => row.name],
    ["Progress", false, (row) => bar([["done", row.completed], ["running", row.running], ["waiting", Math.max(0, row.total - row.completed - row.running)]], `${row.name}: ${count(row.completed)} of ${count(row.total)} tasks completed`)],
    ["Completed", true, (row) => `${row.is_estimate ? "about " : ""}${count(row.completed)} of ${count(row.total)}`],
    ["Running", true, (row) => count(row.running)],
  ], details.stages, (row) => row.name);
}

// Failures have a section of their own.
function why({ findings, failures }) {
  const own = findings.filter((finding) => !failures.some((kind) => kind.cause === finding.code));
  if (!own.length) return h("p", { class: "quiet" }, "Nothing waits.");
  return h("ul", { class: "findings" }, own.map((finding) => h("li", {},
    h("p", { class: finding.blocks ? "blocking" : null }, prose(finding.sentence)),
    finding.evidence.map((line) => h("p", { class: "quiet" }, line)),
    step(finding))));
}

function failures({ failures, failures_read, findings }, id) {
  return [failures.map((kind) => h("article", { class: "failure" },
    h("h3", {}, `${counted(kind.tasks, "task")}: ${kind.reason}`),
    h("p", {}, "For example ", h("a", { href: taskAddress(id, kind.task_id) }, kind.task_id),
      kind.exit_code !== null && `, exit code ${kind.exit_code}`, kind.code && [", ", code(kind.code)], kind.message && kind.code !== "FailureExitCode" && `: ${kind.message}`),
    kind.stderr && h("pre", { tabindex: "0", "aria-label": "End of its stderr" }, kind.stderr), step(findings.find((finding) => finding.code === kind.cause)))),
  failures_read && h("p", { class: "quiet" }, failures_read)];
}

function times(times) {
  if (!times.running) return empty("No task has begun.");
  const sample = times.is_all ? "" : `The job has more tasks than are read here: these are ${counted(times.tasks, "task")} that ended lately. `;
  return [
    sample && h("p", { class: "quiet" }, sample, "All of them are in ", code("shoal report"), "."),
    h("h3", {}, "Tasks that ran at a time"), drawn(times.running, "Tasks that ran at a time", "The table of nodes below has the same in numbers."),
    h("h3", {}, "Tasks by node"), drawn(times.rows, "Tasks by node", "The table of nodes below has the same in numbers."),
    h("details", {}, h("summary", {}, "Nodes in numbers"), table("Nodes", [
      ["Node", false, (row) => h("code", { title: row.node }, middle(row.node))], ["Tasks", true, (row) => count(row.tasks)], ["Failed", true, (row) => count(row.failed)],
      ["Busy", true, (row) => duration(row.busy_seconds)], ["Held", true, (row) => duration(row.held_seconds)],
    ], times.nodes, (row) => row.node), times.more_nodes > 0 && h("p", { class: "quiet" }, `and ${counted(times.more_nodes, "node")} more`)),
    h("h3", {}, "Duration of tasks"), drawn(times.durations, "Duration of tasks", "The height of a bar is the number of tasks."),
  ];
}

const step = (finding) => finding?.step && h("p", {}, "Next: ", prose(finding.step));

const taskAddress = (job, task) => `/jobs/${encodeURIComponent(job)}/tasks/${encodeURIComponent(task)}`;
