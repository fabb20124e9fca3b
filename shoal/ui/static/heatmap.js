// Nodes as cells of a canvas, so that thousands are drawn in a few milliseconds. A cell is as full as its slots are.

import { tone } from "./parts.js";

const SIZES = [30, 24, 20, 16, 13, 11, 9, 7];
const HEIGHT = 300, GAP = 2;

export class Heatmap {
  constructor(canvas, onSelect) {
    this.canvas = canvas;
    this.nodes = [];
    this.selected = 0;
    this.onSelect = onSelect;
    canvas.onclick = (event) => this.#select(this.#at(event.offsetX, event.offsetY));
    canvas.onkeydown = (event) => this.#onKey(event);
    canvas.onpointermove = (event) => { canvas.title = this.nodes[this.#at(event.offsetX, event.offsetY)]?.[0] ?? ""; };
    new ResizeObserver(() => this.draw()).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  show(nodes, slots) {
    const id = this.nodes[this.selected]?.[0];
    this.nodes = nodes;
    this.slots = slots;
    this.selected = Math.max(0, nodes.findIndex((node) => node[0] === id));
    this.draw();
  }

  draw() {
    const { canvas, nodes } = this, width = canvas.parentElement.clientWidth, scale = devicePixelRatio;
    if (!width) return;
    this.columns = 1;
    for (this.size of SIZES) {
      this.columns = Math.max(1, Math.floor(width / this.size));
      if (Math.ceil(nodes.length / this.columns) * this.size <= HEIGHT) break;
    }
    const height = Math.max(1, Math.ceil(nodes.length / this.columns)) * this.size;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    this.#cells(context, coloursOf(canvas));
  }

  #cells(context, colours) {
    const side = this.size - GAP;
    this.nodes.forEach((node, index) => {
      const x = (index % this.columns) * this.size, y = Math.floor(index / this.columns) * this.size;
      const [, state, , slots] = node, full = state === "running" || state === "idle";
      context.fillStyle = full ? colours.idle : colours[tone(state)];
      context.fillRect(x, y, side, side);
      if (full && slots) {
        const filled = Math.max(2, Math.round((side * Math.min(slots, this.slots)) / this.slots));
        context.fillStyle = colours.busy;
        context.fillRect(x, y + side - filled, side, filled);
      }
      if (!full && side > 8) this.#mark(context, colours.back, x, y, side, tone(state));
      if (index === this.selected) this.#frame(context, colours.text, x, y, side);
    });
  }

  // A sign beside the colour: a cross for what is broken, a dot for what starts or leaves.
  #mark(context, colour, x, y, side, kind) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.5;
    context.beginPath();
    if (kind === "bad") {
      context.moveTo(x + side * 0.3, y + side * 0.3); context.lineTo(x + side * 0.7, y + side * 0.7);
      context.moveTo(x + side * 0.7, y + side * 0.3); context.lineTo(x + side * 0.3, y + side * 0.7);
      context.stroke();
    } else {
      context.arc(x + side / 2, y + side / 2, side * 0.15, 0, 7);
      context.fill();
    }
  }

  #frame(context, colour, x, y, side) {
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.strokeRect(x - 0.25, y - 0.25, side + 0.5, side + 0.5);
  }

  #at(x, y) {
    return Math.floor(y / this.size) * this.columns + Math.min(this.columns - 1, Math.floor(x / this.size));
  }

  #select(index) {
    if (index < 0 || index >= this.nodes.length) return;
    this.selected = index;
    this.draw();
    this.onSelect();
  }

  #onKey(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, Home: -this.selected, End: this.nodes.length - 1 - this.selected };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.#select(this.selected + steps[event.key]);
  }
}

function coloursOf(element) {
  const style = getComputedStyle(element);
  const names = ["idle", "busy", "bad", "warn", "good", "done", "back", "text"];
  return { ...Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])), calm: style.getPropertyValue("--idle").trim() };
}
