// Numbers over one axis as points with their means, or over two as a heat map.

import { h } from "./elements.js";
import { scrolled } from "./charts.js";
import { count, counted } from "./units.js";

const WIDTH = 900, LEFT = 110, RIGHT = 20, TOP = 14, BOTTOM = 46;
const MOST = 60; // values of an axis that a heat map has

export const text = (value) => (value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
export const significant = (number) => (number === 0 ? "0" : Math.abs(number) >= 1e7 || Math.abs(number) < 1e-4 ? number.toExponential(3) : String(Number(number.toPrecision(5))));

const short = (value) => { const words = typeof value === "number" ? significant(value) : text(value); return words.length > 14 ? `${words.slice(0, 13)}…` : words; };
const isNumber = (value) => typeof value === "number";
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

// Numbers in their order; words in the order of the sweep.
function values(rows, at) {
  const all = [...new Map(rows.map((row) => [text(at(row)), at(row)])).values()];
  return all.every(isNumber) ? all.sort((a, b) => a - b) : all;
}

function range(numbers) {
  const least = Math.min(...numbers), most = Math.max(...numbers);
  return [least, most === least ? least + 1 : most];
}

export function heat(rows, { x, y, value, atX, atY }) {
  const cells = grouped(rows, (row) => key(atX(row), atY(row)));
  const allX = values(rows, atX), allY = values(rows, atY);
  const across = allX.slice(0, MOST), down = allY.slice(0, MOST);
  const left = allX.length + allY.length - across.length - down.length;
  const means = [...cells.values()].map((group) => mean(group.map((row) => row.number)));
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const width = (WIDTH - LEFT - RIGHT) / across.length, height = Math.max(16, Math.min(44, 420 / down.length));
  const bottom = TOP + height * down.length, hasText = width > 56 && height > 18, every = Math.ceil(44 / width);
  const boxes = across.flatMap((valueX, column) => down.map((valueY, row) => {
    const group = cells.get(key(valueX, valueY));
    const place = { x: (LEFT + column * width + 1).toFixed(1), y: (TOP + row * height + 1).toFixed(1), width: (width - 2).toFixed(1), height: (height - 2).toFixed(1) };
    if (!group) return h("rect", { ...place, class: "cell none" }, h("title", {}, `${x} ${text(valueX)}, ${y} ${text(valueY)}: no number`));
    const number = mean(group.map((one) => one.number)), share = most > least ? (number - least) / (most - least) : 0.5;
    return [
      h("rect", { ...place, class: "cell", "fill-opacity": (0.12 + 0.88 * share).toFixed(3) }, h("title", {}, `${x} ${text(valueX)}, ${y} ${text(valueY)}: ${significant(number)}${group.length > 1 ? `, the mean of ${counted(group.length, "task")}` : ""}`)),
      hasText && h("text", { class: share > 0.5 ? "on" : "over", x: (LEFT + (column + 0.5) * width).toFixed(1), y: (TOP + (row + 0.5) * height + 4).toFixed(1), "text-anchor": "middle" }, significant(number)),
    ];
  }));
  const several = Math.max(...[...cells.values()].map((group) => group.length));
  return h("figure", {},
    h("figcaption", {}, h("span", {}, `${y} down, ${x} across; from ${significant(least)} (light) to ${significant(most)} (full).`),
      several > 1 && h("span", {}, `A cell is the mean of up to ${counted(several, "task")}, which differ in other axes.`),
      left > 0 && h("span", {}, `${count(left)} values of the axes left out.`)),
    scrolled("Heat map", h("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${bottom + BOTTOM}`, role: "img", "aria-label": `${value} over ${x} and ${y}; the table below has the numbers` },
      boxes,
      down.map((name, row) => h("text", { x: LEFT - 8, y: (TOP + (row + 0.5) * height + 4).toFixed(1), "text-anchor": "end" }, short(name))),
      across.map((name, column) => column % every === 0 && h("text", { x: (LEFT + (column + 0.5) * width).toFixed(1), y: bottom + 16, "text-anchor": "middle" }, short(name))),
      h("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: bottom + 36, "text-anchor": "middle" }, x))));
}

export function scatter(rows, { x, value, atX }) {
  const all = values(rows, atX), isScale = all.every(isNumber), height = 260, bottom = TOP + height;
  const [first, last] = isScale ? range(all) : [0, Math.max(1, all.length - 1)];
  const [least, most] = range(rows.map((row) => row.number));
  const index = new Map(all.map((one, place) => [text(one), place]));
  const placeX = (one) => (LEFT + 14 + ((WIDTH - LEFT - RIGHT - 28) * ((isScale ? one : index.get(text(one))) - first)) / (last - first)).toFixed(1);
  const placeY = (number) => (bottom - 8 - ((height - 16) * (number - least)) / (most - least)).toFixed(1);
  const groups = grouped(rows, (row) => text(atX(row)));
  const means = all.map((one) => [one, mean(groups.get(text(one)).map((row) => row.number))]);
  const every = Math.ceil(all.length / 12);
  return h("figure", {},
    h("figcaption", {}, h("span", {}, "A point is a task."), groups.size < rows.length && h("span", { class: "key nodes" }, `mean at each ${x}`)),
    scrolled("Plot", h("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${bottom + BOTTOM}`, role: "img", "aria-label": `${value} over ${x}; the table below has the numbers` },
      [least, (least + most) / 2, most].map((number) => [h("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: placeY(number), y2: placeY(number) }), h("text", { x: LEFT - 8, y: Number(placeY(number)) + 4, "text-anchor": "end" }, significant(number))]),
      isScale && all.length > 1 && h("path", { class: "line", d: means.map(([one, number], place) => `${place ? "L" : "M"}${placeX(one)} ${placeY(number)}`).join("") }),
      rows.map((row) => h("rect", { class: "dot", x: placeX(atX(row)) - 3, y: placeY(row.number) - 3, width: 6, height: 6, rx: 3 }, h("title", {}, `${x} ${text(atX(row))}: ${significant(row.number)}`))),
      all.map((one, place) => place % every === 0 && h("text", { x: placeX(one), y: bottom + 16, "text-anchor": "middle" }, short(one))),
      h("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: bottom + 36, "text-anchor": "middle" }, x))));
}

const key = (one, other) => `${text(one)}\n${text(other)}`;

function grouped(rows, keyOf) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}
