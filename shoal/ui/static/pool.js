// The page of a pool.

import { ask, button } from "./actions.js";
import { steps } from "./charts.js";
import { h, show } from "./elements.js";
import { Heatmap } from "./heatmap.js";
import { code, empty, figure, figures, section, state, table, time, words } from "./parts.js";
import { drawTrial, trialPlace } from "./trial.js";
import { count, counted, duration, middle, money, utc } from "./units.js";

let heatmap = null;

export const path = (_page, [name]) => [["stack", "/"], [name, `/pools/${encodeURIComponent(name)}`]];

export function render(page, [name]) {
  const { row } = page;
  return [
    h("div", { class: "title" }, h("h1", {}, "Pool ", code(name)), h("div", { class: "buttons" }, actions(page, name))),
    h("p", {}, state(row.state), ", ", words(row.allocation ?? ""), `, ${counted(page.slots_per_node, "task slot")} a node, `, code(row.vm_size)),
    page.is_simulated && h("p", { class: "legend" }, "The pool is simulated: its tasks run nothing and leave no outputs."),
    summary(page),
    row.resize_errors.length > 0 && section("Resize errors", row.resize_errors.map((text) => h("p", { class: "problem" }, text))),
    section("Nodes", nodes(page)),
    section("Since this page was opened", history(page)),
    section("Scaling", formula(page)),
    section("Try another formula", trialPlace()),
  ];
}

// Called when the page is there: the canvas draws itself.
export function drawn(page, [name]) {
  drawTrial(page, name);
  const canvas = document.querySelector(".heatmap");
  if (!canvas) { heatmap = null; return; }
  if (heatmap?.canvas !== canvas) heatmap = new Heatmap(canvas, () => selected(name));
  const sorted = [...page.nodes].sort((a, b) => a[2] - b[2] || (a[0] < b[0] ? -1 : 1));
  heatmap.show(sorted, page.slots_per_node);
  selected(name);
}

function actions({ row, formula }, name) {
  const address = `/actions/pools/${encodeURIComponent(name)}`;
  return formula
    ? button("Evaluate formula", () => ask({ title: `Evaluate the formula of ${name}?`, confirm: "Evaluate", address: `${address}/evaluate`,
      question: "Batch evaluates it with the samples that it has now. The pool is not changed." }))
    : button("Resize", () => ask({ title: `Resize ${name}?`, confirm: "Resize pool", address: `${address}/resize`,
      question: "Nodes that leave end their tasks first. The stack's file keeps its own numbers.",
      fields: [["dedicated", "Dedicated nodes", row.target_dedicated], ["spot", "Spot nodes", row.target_spot]] }));
}

function summary({ row, nodes, currency, price_source, moments, is_more_waiting }) {
  const busy = nodes.reduce((sum, node) => sum + node[3], 0), last = moments.at(-1);
  return figures(
    figure("Dedicated nodes", `${count(row.dedicated)} of ${count(row.target_dedicated)}`, "present and wanted"),
    figure("Spot nodes", `${count(row.spot)} of ${count(row.target_spot)}`, "present and wanted"),
    figure("Slots in use", `${count(busy)} of ${count(row.slots)}`, "task slots of all nodes"),
    figure("Waiting", `${is_more_waiting ? "over " : ""}${count(last.waiting)}`, `tasks; ${count(last.running)} running`),
    figure("Cost", row.cost_per_hour === null ? "not known" : `${money(row.cost_per_hour, currency)}/h`, `in Azure; ${price_source}`),
  );
}

function nodes({ nodes, row, problems }) {
  if (!nodes.length) return empty(row.target_dedicated + row.target_spot ? "The nodes are on their way." : "The pool has no node, and wants none.");
  const states = new Map();
  for (const [, name, isSpot, slots, tasks] of nodes) {
    const found = states.get(name) ?? { name, dedicated: 0, spot: 0, slots: 0, tasks: 0 };
    found[isSpot ? "spot" : "dedicated"] += 1;
    found.slots += slots;
    found.tasks += tasks;
    states.set(name, found);
  }
  const rows = [...states.values()].sort((a, b) => b.dedicated + b.spot - a.dedicated - a.spot);
  return [
    h("p", { class: "legend" }, h("span", {}, "A cell is a node; it is as full as its slots are. Arrow keys choose one.")),
    h("div", {}, h("canvas", { class: "heatmap", "data-own": "", "data-key": "heatmap", tabindex: "0", role: "img", "aria-label": "Nodes by state; the table below has the numbers", "aria-describedby": "node" })),
    h("div", { class: "selected", id: "node", role: "status", "data-own": "", "data-key": "node" }),
    table("Nodes by state", [
      ["State", false, (row) => state(row.name)], ["Dedicated", true, (row) => count(row.dedicated)], ["Spot", true, (row) => count(row.spot)],
      ["Slots in use", true, (row) => count(row.slots)], ["Tasks running", true, (row) => count(row.tasks)],
    ], rows, (row) => row.name),
    Object.entries(problems).map(([text, number]) => h("p", { class: "problem" }, `${counted(number, "node")}: ${text}`)),
  ];
}

function selected(name) {
  const node = heatmap?.nodes[heatmap.selected];
  const target = document.getElementById("node");
  if (!node || !target) return;
  const [id, nodeState, isSpot, slots, tasks, run, problem] = node;
  const address = `/actions/pools/${encodeURIComponent(name)}/nodes/${encodeURIComponent(id)}`;
  show(target,
    h("code", { title: id }, middle(id, 44)), state(nodeState), h("span", {}, `${isSpot ? "Spot" : "dedicated"}, ${counted(slots, "slot")} in use, ${counted(tasks, "task")} running, ${count(run)} run so far`),
    problem && h("span", { class: "problem" }, problem),
    button("Reboot", () => ask({ title: "Reboot this node?", question: `Node ${id} reboots once its tasks have ended.`, confirm: "Reboot node", address: `${address}/reboot` })),
    button("Replace", () => ask({ title: "Replace this node?", question: `Node ${id} is removed once its tasks have ended, and the pool makes another. Its files are gone then.`, confirm: "Replace node", address: `${address}/replace` })));
}

function history({ moments, incidents }) {
  if (moments.length < 2) return h("p", { class: "quiet" }, "The lines begin with the second reading.");
  const times = moments.map((moment) => moment.at), of = (name) => moments.map((moment) => moment[name]);
  const marks = incidents.map(({ at, kind, text }) => [kind === "eviction" ? "eviction" : "error", new Date(at).getTime(), `${utc(at)}: ${kind}, ${text}`]);
  return [
    steps(times, [["nodes", "nodes", of("nodes")], ["wanted", "target", of("target")]], "nodes", "Nodes over time; the figures above have the last values", { marks }),
    steps(times, [["tasks running", "running", of("running")], ["tasks waiting", "waiting", of("waiting")]], "tasks", "Tasks over time; the figures above have the last values"),
    incidents.length > 0 && [h("h3", {}, "Evictions and resize errors"), h("p", { class: "keys" }, h("span", { class: "key eviction" }, "eviction of a Spot node"), h("span", { class: "key error" }, "resize error"), h("span", {}, "lines across the nodes")),
      table("Evictions and resize errors", [["Time", false, (row) => utc(row.at)], ["Kind", false, (row) => row.kind], ["Node or reason", false, (row) => (row.kind === "eviction" ? h("code", { title: row.text }, middle(row.text)) : row.text)]], incidents.slice(0, 20), (row) => `${row.at} ${row.text}`),
      incidents.length > 20 && h("p", { class: "quiet" }, `and ${counted(incidents.length - 20, "earlier one")}`)],
  ];
}

/** A value of a variable; of a long list both ends, and the whole under the pointer. */
const value = (text) => (text.length <= 40 ? code(text) : h("code", { title: text }, `${text.slice(0, 18)} … ${text.slice(-18)}`));

function formula({ formula, interval_seconds, variables, evaluations, row }) {
  if (!formula) return h("p", { class: "quiet" }, "The pool has a fixed size.");
  return [
    h("p", {}, `Batch evaluates the formula every ${duration(interval_seconds)}`, row.formula ? [", last ", time(row.formula.at), "."] : "; not yet."),
    row.formula?.error && h("p", { class: "problem" }, row.formula.error),
    h("div", { class: "columns" },
      h("div", {}, h("h3", {}, "Formula"), h("pre", { tabindex: "0", "aria-label": "Formula" }, formula)),
      h("div", {}, h("h3", {}, "Variables at the last evaluation"), variables.length
        ? table("Variables", [["Variable", false, (row) => code(row.name)], ["Value", true, (row) => value(row.value)]], variables, (row) => row.name)
        : empty("There is no evaluation yet."))),
    evaluations.length > 0 && [h("h3", {}, "Evaluations since this page was opened"), table("Evaluations", [
      ["Time", false, (row) => utc(row.at)], ["Result", false, (row) => (row.error ? h("span", { class: "problem" }, row.error) : code(row.targets.replaceAll(";", ", ")))],
    ], evaluations, (row) => row.at)],
  ];
}
