// The forecast of a job at its submission, beside what it has taken so far.

import { steps } from "./charts.js";
import { h } from "./elements.js";
import { prose, table } from "./parts.js";
import { duration, money, utc } from "./units.js";

export function forecast(page) {
  const { forecast: { kept, problem }, done } = page, expected = kept?.expected;
  const lines = [["tasks done", "nodes", done.done], ...(expected ? [["forecast", "target", done.expected]] : [])];
  return [
    expected ? [verdict(page, expected), figures(page, expected)] : h("p", { class: "quiet" }, "There is no forecast to compare with: ", prose(problem), "."),
    done.times.length > 1 && steps(done.times, lines, "tasks", "Tasks done over time, and the forecast; the table above has its figures", { hasEnded: page.job.state === "completed" }),
    expected && h("p", { class: "quiet" }, `The forecast was made at submission, with durations of tasks ${kept.source}, and is kept in the run's manifest.`),
  ];
}

/** Seconds from the job's beginning to its end: what it took, or what it will take at its present rate, or null. */
function wholeTime({ job, seconds_left, explanation }) {
  const since = (end) => (end - new Date(explanation.began)) / 1000;
  if (job.state === "completed") return explanation.ended ? since(new Date(explanation.ended)) : null;
  return seconds_left === null ? null : since(Date.now()) + seconds_left;
}

function verdict(page, expected) {
  const whole = wholeTime(page), has = page.job.state === "completed";
  if (whole === null) return h("p", {}, "When it ends is not known yet: too few tasks ended lately.");
  const apart = whole - expected.makespan_seconds;
  if (Math.abs(apart) < Math.max(1, 0.05 * expected.makespan_seconds)) return h("p", {}, has ? "It ended as forecast." : "It is on time.");
  return h("p", {}, `${has ? "It ended" : "At its present rate it ends"} ${duration(Math.abs(apart))} ${apart > 0 ? "later" : "earlier"} than forecast.`);
}

function figures(page, expected) {
  const { explanation, details, job, currency } = page, has = job.state === "completed", whole = wholeTime(page);
  const end = (seconds) => utc(new Date(explanation.began).getTime() + seconds * 1000);
  const hours = has ? explanation.times.cost && explanation.times.cost.spot_hours + explanation.times.cost.dedicated_hours + explanation.times.cost.unknown_hours : details.node_hours;
  const spent = has ? explanation.times.cost?.most ?? null : details.cost;
  const known = (value, text) => (value === null || value === undefined ? "not known" : text(value));
  return table("Forecast against reality", [
    ["Figure", false, ([name]) => name], ["Forecast", true, ([, forecast]) => forecast], [has ? "What it took" : "So far, or expected now", true, ([, , real]) => real],
  ], [
    ["From its beginning to the end of its last task", duration(expected.makespan_seconds), known(whole, duration)],
    ["Its end", end(expected.makespan_seconds), known(whole, end)],
    ["Node hours", nodeHours(expected.node_hours), known(hours, nodeHours)],
    ["Cost", known(expected.cost, (cost) => money(cost, expected.currency)), known(spent, (cost) => money(cost, currency))],
  ], ([name]) => name);
}

const nodeHours = (hours) => (hours && hours < 0.01 ? "< 0.01 h" : `${hours < 100 ? hours.toFixed(2) : Math.round(hours)} h`);
