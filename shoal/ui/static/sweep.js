// The page of a sweep: numbers of its tasks over one or two of its axes. All choices are part of the address.

import { h } from "./elements.js";
import { code, empty, prose, section, table } from "./parts.js";
import { heat, scatter, significant, text } from "./sweep_chart.js";
import { count, counted } from "./units.js";

const ROWS = 200; // of the table

const jobAddress = (job) => `/jobs/${encodeURIComponent(job)}`;

export const path = (_page, [job]) => [["stack", "/"], [job, jobAddress(job)], ["sweep", location.pathname]];

// The part of the address that the server needs; the rest is chosen here.
export function query() {
  const all = new URLSearchParams(location.search);
  const sent = new URLSearchParams([...all].filter(([name, value]) => ["stage", "file"].includes(name) && value)).toString();
  return sent && `?${sent}`;
}

export function render(page, [job]) {
  return [
    h("h1", {}, "Sweep of ", code(job)),
    h("p", {}, "Numbers that the tasks of job ", h("a", { href: jobAddress(job) }, job), " left in their outputs."),
    page.deferred.length > 0 && h("p", { class: "quiet" }, `Stages whose points come from files of other stages are not shown: ${page.deferred.join(", ")}.`),
    page.problem ? empty(prose(page.problem)) : results(page, job),
  ];
}

function results(page, job) {
  const chosen = choice(page);
  const rows = page.rows.filter((row) => chosen.value in row.numbers).map((row) => ({ ...row, number: row.numbers[chosen.value] }));
  return [choices(page, chosen), notes(page, rows), rows.length ? plotted(page, chosen, rows, job) : empty(nothing(page))];
}

function nothing({ file, unread }) {
  if (unread) return "Reading the outputs…";
  return file ? `No number is in ${file} of any task.` : "No task has left a small output yet. A file .json, .csv, .tsv or .txt with numbers, named under `outputs` of the stage, appears here.";
}

// Axes that vary come first; a number that repeats an axis, or is the same everywhere, is the last one to be chosen.
function choice(page) {
  const asked = new URLSearchParams(location.search);
  const varying = page.axes.filter((_, index) => new Set(page.rows.map((row) => text(row.point[index]))).size > 1);
  const axes = varying.length ? varying : page.axes;
  const names = [...new Set(page.rows.flatMap((row) => Object.keys(row.numbers)))];
  const repeats = (name) => page.axes.some((_, index) => page.rows.every((row) => !(name in row.numbers) || Number(row.point[index]) === row.numbers[name]));
  const isConstant = (name) => new Set(page.rows.map((row) => row.numbers[name]).filter((number) => number !== undefined)).size < 2;
  const x = axes.includes(asked.get("x")) ? asked.get("x") : axes[0];
  const others = axes.filter((axis) => axis !== x);
  const y = asked.get("y") === "" ? "" : others.includes(asked.get("y")) ? asked.get("y") : others[0] ?? "";
  const value = names.includes(asked.get("value")) ? asked.get("value") : names.find((name) => !repeats(name) && !isConstant(name)) ?? names.find((name) => !repeats(name)) ?? names[0] ?? "";
  return { x, y, value, axes, names };
}

function choices(page, { x, y, value, axes, names }) {
  const select = (name, label, options, chosen) => h("label", {}, label, " ", h("select", { name, onchange: (event) => go(name, event.target.value) },
    options.map(([option, words]) => h("option", { value: option, selected: option === chosen }, words ?? option))));
  return h("form", { class: "choices", onsubmit: (event) => event.preventDefault() },
    page.stages.length > 1 && select("stage", "Stage", page.stages.map((name) => [name]), page.stage),
    Object.keys(page.files).length > 0 && select("file", "Output", Object.entries(page.files).map(([name, tasks]) => [name, `${name} of ${counted(tasks, "task")}`]), page.file),
    names.length > 0 && select("value", "Number", names.map((name) => [name]), value),
    select("x", "Across", axes.map((axis) => [axis]), x),
    axes.length > 1 && select("y", "Down", [["", "nothing: one axis"], ...axes.filter((axis) => axis !== x).map((axis) => [axis])], y));
}

function go(name, value) {
  const next = new URLSearchParams(location.search);
  next.set(name, value);
  if (name === "stage") for (const other of ["file", "value", "x", "y"]) next.delete(other);
  if (name === "file") next.delete("value");
  if (name === "x" && next.get("y") === value) next.delete("y");
  location.assign(`${location.pathname}?${next}`);
}

function notes({ rows: all, points, has_more, unread, too_large, more_outputs, file }, rows) {
  const left = points - all.length;
  const words = [
    `${counted(rows.length, "number")} of ${counted(all.length, "point")}.`,
    (left > 0 || has_more) && `${has_more ? "At least " : ""}${counted(Math.max(left, 1), "further point")} of the sweep left out.`,
    unread > 0 && `${counted(unread, "output")} still to be read.`,
    too_large > 0 && `${counted(too_large, "output")} larger than 64 kB left out.`,
    more_outputs && "The stage has more outputs than are listed here.",
    /\.(csv|tsv|txt)$/i.test(file) && "Of a table, the last row counts.",
  ];
  return h("p", { class: "quiet", role: "status" }, words.filter(Boolean).join(" "));
}

function plotted(page, { x, y, value }, rows, job) {
  const at = (axis) => { const index = page.axes.indexOf(axis); return (row) => row.point[index]; };
  const shown = rows.slice(0, ROWS);
  return [
    section(y ? `${value} over ${x} and ${y}` : `${value} over ${x}`, y ? heat(rows, { x, y, value, atX: at(x), atY: at(y) }) : scatter(rows, { x, value, atX: at(x) })),
    section("Numbers", table("Numbers", [
      ["Task", false, (row) => h("a", { href: `${jobAddress(job)}/tasks/${encodeURIComponent(row.task)}` }, row.task)],
      ...page.axes.map((axis) => [axis, true, (row) => text(at(axis)(row))]),
      [value, true, (row) => significant(row.number)],
    ], shown, (row) => row.task), rows.length > shown.length && h("p", { class: "quiet" }, `and ${count(rows.length - shown.length)} more; `, code("shoal fetch"), " brings all of them")),
  ];
}
