// The page of a task.

import { h } from "./elements.js";
import { code, empty, prose, section, state, table, time } from "./parts.js";
import { between, bytes, count, counted, duration } from "./units.js";

export const path = (_page, [job, id]) => [["stack", "/"], [job, `/jobs/${encodeURIComponent(job)}`], [id, location.pathname]];

export function render(page, [job, id]) {
  const { task } = page;
  const outcome = task.result === "failure" ? "failed" : task.result === "success" ? "succeeded" : task.state;
  return [
    h("h1", {}, "Task ", code(id)),
    h("p", {}, state(outcome), " in job ", h("a", { href: `/jobs/${encodeURIComponent(job)}` }, job)),
    h("dl", { class: "facts" }, facts(page).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    section("Command", h("pre", { tabindex: "0", "aria-label": "Command line" }, page.command)),
    page.findings.length > 0 && section(outcome === "failed" ? "Why it failed" : "Why", h("ul", { class: "findings" }, page.findings.map((finding) => h("li", {},
      h("p", {}, prose(finding.sentence)), finding.evidence.map((line) => h("p", { class: "quiet" }, line)), finding.step && h("p", {}, "Next: ", prose(finding.step)))))),
    page.logs.map((log) => section(log.name, logOf(log, task.state))),
    section("Files on the node", files(page)),
  ];
}

// A log that is read to its end follows what is added.
export function drawn() {
  for (const log of document.querySelectorAll("pre.log")) {
    const end = log.scrollHeight - log.clientHeight;
    if (log.followed === undefined) log.onscroll = () => { log.followed = log.scrollHeight - log.clientHeight - log.scrollTop < 8; };
    if (log.followed ?? true) { log.followed = true; log.scrollTop = end; }
  }
}

function facts({ job, task, pool, slots, created, requeues, message, parents, point }) {
  return [
    ["Exit code", task.exit_code ?? "none yet"],
    ["Ran", task.started ? (task.ended ? between(task.started, task.ended) : `${duration((Date.now() - new Date(task.started)) / 1000)} so far`) : "not yet"],
    ["Created", time(created)], ["Started", time(task.started)], ["Ended", time(task.ended)],
    ["Waited", created && task.started ? between(created, task.started) : "–"],
    ["Node", task.node ? [code(task.node), pool && [" of pool ", h("a", { href: `/pools/${encodeURIComponent(pool)}` }, pool)]] : "none yet"],
    ["Slots", count(slots)],
    ["Attempts that failed", count(task.retries ?? 0)], ["Attempts that lost their node", count(requeues)],
    task.failure && ["Failure", [code(task.failure), message && ` ${message}`]],
    point && ["Point of the sweep", [Object.entries(point).map(([name, value]) => [code(`${name} = ${typeof value === "object" ? JSON.stringify(value) : value}`), " "]), h("a", { href: `/jobs/${encodeURIComponent(job)}/sweep` }, "all results")]],
    parents.length > 0 && ["Waits for", [code(parents.slice(0, 5).join(", ")), parents.length > 5 && ` and ${counted(parents.length - 5, "task")} more`]],
  ].filter(Boolean);
}

function logOf(log, taskState) {
  if (log.problem) return h("p", { class: "quiet" }, prose(log.problem));
  if (!log.bytes) return h("p", { class: "quiet" }, taskState === "completed" ? "It is empty." : "Nothing was written yet.");
  const shown = new Blob([log.text]).size;
  return [
    h("p", { class: "quiet" }, shown < log.bytes * 0.9 ? `The end of ${bytes(log.bytes)}; ` : `${bytes(log.bytes)}; `, code("shoal logs"), " prints all of it."),
    h("pre", { class: "log", tabindex: "0", "aria-label": log.name }, log.text),
  ];
}

function files({ files, more_files, files_problem }) {
  if (files_problem) return h("p", { class: "quiet" }, prose(files_problem));
  if (!files.length) return empty("There is no file.");
  return [table("Files", [
    ["File", false, (row) => code(row.path)], ["Size", true, (row) => bytes(row.size_bytes)], ["Changed", false, (row) => time(row.modified)],
  ], files, (row) => row.path), more_files > 0 && h("p", { class: "quiet" }, `and ${counted(more_files, "file")} more; `, more_files > 0 && code("shoal files"), more_files > 0 && " lists all")];
}
