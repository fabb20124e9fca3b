// The parts that pages are made of.

import { h } from "./elements.js";
import { ago, count, utc } from "./units.js";

export const section = (title, ...content) => h("section", { "data-key": title }, h("h2", {}, title), content);

export const figure = (label, value, note = "") =>
  h("div", { class: "figure" }, h("dt", {}, label), h("dd", {}, value, note && h("small", {}, prose(note))));

export const figures = (...content) => h("dl", { class: "figures" }, content);

export const empty = (text, step) => h("p", { class: "empty" }, text, step && [" ", h("code", {}, step)]);

export const time = (moment) => (moment ? h("time", { datetime: moment, title: utc(moment) }, ago(moment)) : "–");

// Text in which commands stand between backticks.
export const prose = (text) => text.split("`").map((part, index) => (index % 2 ? code(part) : part));

export const code = (text) => h("code", {}, text);

const TONES = {
  active: "calm", running: "busy", idle: "calm", completed: "done", steady: "calm", resizing: "busy", preparing: "busy",
  success: "good", succeeded: "good", failure: "bad", failed: "bad", gone: "bad", deleting: "warn", terminating: "warn", disabled: "warn",
  pending: "warn", starting: "busy", creating: "busy", rebooting: "warn", reimaging: "warn", waitingforstarttask: "busy", starttaskfailed: "bad",
  unusable: "bad", unknown: "bad", offline: "warn", preempted: "warn", leavingpool: "warn", stopping: "warn",
};
const WORDS = {
  waitingforstarttask: "waiting for start task", starttaskfailed: "start task failed", leavingpool: "leaving pool",
};

export const words = (state) => WORDS[state] ?? state;
export const tone = (state) => TONES[state] ?? "calm";

// A state is a word with a coloured mark, never a colour alone.
export const state = (name) => (name ? h("span", { class: `state ${tone(name)}` }, words(name)) : "–");

// `columns`: [title, is it a number, cell of a row]. The first one is the row's header.
export function table(caption, columns, rows, key) {
  const head = columns.map(([title, isNumber]) => h("th", { scope: "col", class: isNumber ? "n" : null }, title));
  const body = rows.map((row) => h("tr", { "data-key": key(row) }, columns.map(([, isNumber, cell], index) =>
    h(index ? "td" : "th", { scope: index ? null : "row", class: isNumber ? "n" : null }, cell(row)))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {}, h("caption", { class: "hidden" }, caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}

export function bar(parts, label) {
  const total = Math.max(1, parts.reduce((sum, [, number]) => sum + number, 0));
  let x = 0;
  const boxes = parts.filter(([, number]) => number).map(([name, number]) => {
    const width = (100 * number) / total;
    const box = h("rect", { class: name, x: x.toFixed(2), y: 0, width: width.toFixed(2), height: 10 }, h("title", {}, `${count(number)} ${name}`));
    x += width;
    return box;
  });
  return h("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": label }, boxes);
}
