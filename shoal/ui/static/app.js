// Finds the page of an address, follows its events, and says so where something is amiss.

import { h, show } from "./elements.js";
import * as stack from "./stack.js";

const PAGES = [[/^\/$/, stack]];
const AGAIN = 10_000; // milliseconds after which "3 min ago" is written anew

const content = document.getElementById("content");
const banner = document.getElementById("banner");
const connection = document.getElementById("connection");
const page = PAGES.map(([pattern, module]) => [pattern.exec(location.pathname), module]).find(([match]) => match);
const state = { document: null, source: null };

function connect() {
  if (state.source) return;
  say("connecting", "");
  const source = new EventSource(`/events?page=${encodeURIComponent(location.pathname + location.search)}`);
  state.source = source;
  source.addEventListener("document", (event) => {
    state.document = JSON.parse(event.data);
    say("live", "");
    draw();
  });
  source.addEventListener("problem", (event) => {
    const { problem, is_away } = JSON.parse(event.data);
    say(is_away ? "away" : "stopped", problem);
  });
  source.onerror = () => say("away", source.readyState === EventSource.CLOSED
    ? "This browser has no access any more. Open the address that `shoal ui` printed last in its terminal."
    : "`shoal ui` does not answer. Is it still running in its terminal? This page goes on once it answers.");
}

// Hidden pages follow nothing, so that nothing is read for them.
function disconnect() {
  state.source?.close();
  state.source = null;
  say("paused", "");
}

function say(word, problem) {
  connection.className = `connection ${word}`;
  connection.textContent = word;
  content.classList.toggle("stale", Boolean(problem) && state.document !== null);
  show(banner, problem && h("p", {}, problem, word === "away" && state.document ? " The page shows the last that was read." : ""));
  if (problem && state.document === null) show(content, h("p", { class: "empty" }, "There is nothing to show yet."));
}

function draw() {
  if (state.document === null) return;
  show(content, page[1].render(state.document, page[0].slice(1).map(decodeURIComponent)));
  page[1].drawn?.(state.document);
  places();
}

function places() {
  const steps = page[1].path(state.document, page[0].slice(1).map(decodeURIComponent));
  const links = steps.map(([name, address], index) => h("li", {}, h("a", { href: address, "aria-current": index === steps.length - 1 ? "page" : null }, name)));
  show(document.getElementById("path"), h("a", { class: "brand", href: "/" }, "shoal"), h("ol", {}, links));
  document.title = `${steps.at(-1)[0]} – Shoal`;
}

if (page) {
  places();
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  if (!document.hidden) connect();
  setInterval(draw, AGAIN);
}
