// Charts as SVG. Those of the report come with their places; lines over time get theirs here.

import { h } from "./elements.js";
import { count } from "./units.js";

// `chart` is a Chart of shoal/report/chart.py.
export function drawn(chart, name, description) {
  return scrolled(name, h("svg", { class: "chart", viewBox: `0 0 ${chart.width} ${chart.height}`, role: "img", "aria-label": `${name}. ${description}` },
    chart.lines.map((line) => h("line", { x1: line.x1, y1: line.y1, x2: line.x2, y2: line.y2 })),
    chart.areas.map((d) => h("path", { class: "area", d })),
    chart.boxes.map((box) => h("rect", { class: box.failed ? "failed" : null, x: box.x, y: box.y, width: box.width, height: box.height, rx: 1 }, box.title && h("title", {}, box.title))),
    chart.crosses.map((d) => h("path", { class: "cross", d })),
    chart.labels.map((label) => h("text", { x: label.x, y: label.y, "text-anchor": label.anchor }, label.title && h("title", {}, label.title), label.text))));
}

// A chart keeps its size on narrow screens, and scrolls.
export const scrolled = (name, chart) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, chart);

const WIDTH = 900, LEFT = 60, RIGHT = 14, TOP = 8, HEIGHT = 84, AXIS = 22;

// `series`: [name, class, values]; `times` are milliseconds. A value holds until the next one, so lines are steps.
// `marks`: [class, moment, text] of what happened at a moment.
// The caption has the last values, unless all of it is in the past.
export function steps(times, series, unit, label, { hasEnded = false, marks = [] } = {}) {
  const [first, last] = [times[0], Math.max(times.at(-1), times[0] + 1)];
  const most = Math.max(1, ...series.flatMap(([, , values]) => values));
  const x = (time) => (LEFT + ((WIDTH - LEFT - RIGHT) * (time - first)) / (last - first)).toFixed(1);
  const y = (value) => (TOP + HEIGHT * (1 - value / most)).toFixed(1);
  const line = (values) => values.map((value, index) => (index ? `H${x(times[index])}V${y(value)}` : `M${x(times[0])} ${y(value)}`)).join("");
  const clock = (time) => new Date(time).toISOString().slice(11, 19);
  return h("figure", {},
    h("figcaption", {}, series.map(([name, tone, values]) => h("span", { class: `key ${tone}` }, hasEnded ? name : `${name} ${count(values.at(-1))}`))),
    scrolled(label, h("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${TOP + HEIGHT + AXIS}`, role: "img", "aria-label": label },
      [0, most].map((value) => h("line", { x1: LEFT, y1: y(value), x2: WIDTH - RIGHT, y2: y(value) })),
      [0, most].map((value) => h("text", { x: LEFT - 8, y: Number(y(value)) + 4, "text-anchor": "end" }, count(value))),
      marks.filter(([, at]) => at >= first && at <= last).map(([tone, at, text]) => h("path", { class: `mark ${tone}`, d: `M${x(at)} ${TOP}V${TOP + HEIGHT}` }, h("title", {}, text))),
      series.map(([name, tone, values]) => h("path", { class: `line ${tone}`, d: line(values) }, h("title", {}, `${name}, ${unit}`))),
      h("text", { x: LEFT, y: TOP + HEIGHT + 16 }, `${clock(first)} UTC`),
      h("text", { x: WIDTH - RIGHT, y: TOP + HEIGHT + 16, "text-anchor": "end" }, `${clock(last)} UTC`))));
}
