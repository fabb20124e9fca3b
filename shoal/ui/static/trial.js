// Tries another formula on the recorded tasks of a pool, and draws it beside what happened.

import { steps } from "./charts.js";
import { h, show } from "./elements.js";
import { prose, table } from "./parts.js";
import { count, counted, duration } from "./units.js";

// The place of the trial on the page, which draws itself.
export const trialPlace = () => h("div", { id: "trial", "data-own": "", "data-key": "trial" });

export function drawTrial(page, name) {
  const place = document.getElementById("trial");
  if (place && !place.firstChild) place.append(...form(page, name));
}

function form({ formula, row }, name) {
  const answer = h("div", { role: "status" });
  const most = Math.max(10, 2 * (row.target_spot + row.target_dedicated));
  const option = (value, words) => h("option", { value }, words);
  const choice = h("select", { name: "choice", onchange: () => { arrange(); send(); } },
    option("economy", "economy: few nodes"), option("balanced", "balanced"), option("fast", "fast: short waits"),
    formula && option("present", "the present formula"), option("own", "a formula of your own"));
  choice.value = "balanced";
  const spot = slider("max_spot_nodes", most), dedicated = slider("max_dedicated_nodes", 0, most);
  const own = h("textarea", { name: "formula", rows: 8, spellcheck: "false", "aria-label": "Formula to try" });
  own.value = formula ?? "";
  const go = h("button", { type: "submit" }, "Try it");
  const limits = [h("label", {}, "Spot nodes at most ", spot.input, spot.shown), h("label", {}, "Dedicated nodes at most ", dedicated.input, dedicated.shown)];
  const element = h("form", { class: "choices", onsubmit: (event) => { event.preventDefault(); send(); } }, h("label", {}, "Formula ", choice), limits, own, go);
  let waiting = false, again = false;

  function arrange() {
    const isFamily = !["present", "own"].includes(choice.value);
    for (const limit of limits) limit.hidden = !isFamily;
    own.hidden = choice.value !== "own";
  }

  function slider(field, value, most_ = Math.max(50, 2 * value)) {
    const shown = h("output", {}, count(value));
    const input = h("input", { type: "range", name: field, min: field === "max_spot_nodes" ? 1 : 0, max: most_, value, oninput: () => { shown.textContent = count(input.valueAsNumber); }, onchange: () => send() });
    return { input, shown };
  }

  // One at a time: what is chosen meanwhile is tried afterwards.
  async function send() {
    if (waiting) { again = true; return; }
    waiting = true;
    if (!answer.firstChild) show(answer, h("p", { class: "quiet" }, "Simulating…"));
    const body = { choice: choice.value, max_spot_nodes: spot.input.valueAsNumber, max_dedicated_nodes: dedicated.input.valueAsNumber, formula: own.value };
    try {
      const response = await fetch(`/trials/pools/${encodeURIComponent(name)}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      const { done, problem } = await response.json();
      show(answer, problem ? h("p", { class: "problem" }, prose(problem)) : result(done));
    } catch {
      show(answer, h("p", { class: "problem" }, "`shoal ui` does not answer."));
    }
    waiting = false;
    if (again) { again = false; send(); }
  }

  arrange();
  return [element, answer];
}

function result({ job, tasks, has_more, formula, begin, seconds, happened, tried }) {
  const times = seconds.map((second) => new Date(begin).getTime() + second * 1000);
  const rows = [["What happened", happened], ["Simulated", tried]];
  return [
    h("p", { class: "quiet" }, `${counted(tasks, "task")} of job ${job}${has_more ? ", the first that were listed," : ""} arrive as they did; the pool begins without nodes. Nodes of what happened are those that ran its tasks.`),
    !tried.is_finished && h("p", { class: "problem" }, "Under this formula some tasks were left when the simulation ended."),
    steps(times, [["nodes, simulated", "nodes", tried.nodes], ["nodes, what happened", "target", happened.nodes]], "nodes", "Nodes, simulated and as it happened; the table below has figures", { hasEnded: true }),
    steps(times, [["tasks running, simulated", "running", tried.running], ["tasks running, what happened", "target", happened.running]], "tasks", "Running tasks, simulated and as it happened; the table below has figures", { hasEnded: true }),
    table("What happened and what was simulated", [
      ["Pool", false, ([name]) => name], ["Until the last task ended", true, ([, curve]) => duration(curve.makespan_seconds)],
      ["Node hours", true, ([, curve]) => `${curve.node_hours.toPrecision(3)} h`], ["Nodes at most", true, ([, curve]) => count(curve.peak_nodes)],
    ], rows, ([name]) => name),
    h("details", {}, h("summary", {}, "The formula that was simulated"), h("pre", { tabindex: "0", "aria-label": "Simulated formula" }, formula)),
  ];
}
