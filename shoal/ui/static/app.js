// Finds the page of an address, follows its events, and says so where something is amiss.

import { h, show } from "./elements.js";
import { follow } from "./events.js";
import * as job from "./job.js";
import * as pool from "./pool.js";
import * as stack from "./stack.js";
import * as sweep from "./sweep.js";
import * as task from "./task.js";
import { prose } from "./parts.js";
import { begin as beginTasks } from "./task_table.js";

const PAGES = [[/^\/$/, stack], [/^\/pools\/([^/]+)$/, pool], [/^\/jobs\/([^/]+)$/, job, beginTasks], [/^\/jobs\/([^/]+)\/sweep$/, sweep], [/^\/jobs\/([^/]+)\/tasks\/([^/]+)$/, task]];
const AGAIN = 10_000; // milliseconds after which "3 min ago" is written anew

const content = document.getElementById("content");
const banner = document.getElementById("banner");
const connection = document.getElementById("connection");
const [match, page, begin] = PAGES.map(([pattern, ...rest]) => [pattern.exec(location.pathname), ...rest]).find(([found]) => found) ?? [];
const ids = (match ?? []).slice(1).map((part) => decodeURIComponent(part));
let current = null;

function say(word, problem = "") {
  connection.className = `connection ${word}`;
  connection.textContent = word;
  content.classList.toggle("stale", Boolean(problem) && current !== null);
  show(banner, problem && h("p", {}, prose(problem), current && " The page shows the last that was read."));
  if (problem && !current) show(content, h("h1", {}, "There is nothing to show yet"), h("p", { class: "quiet" }, "This page goes on by itself once there is."));
}

function draw() {
  if (!current) return;
  show(content, page.render(current, ids));
  page.drawn?.(current, ids);
  places();
}

function places() {
  const steps = page.path(current, ids);
  const links = steps.map(([name, address], index) => h("li", {}, h("a", { href: address, "aria-current": index === steps.length - 1 ? "page" : null }, name)));
  show(document.getElementById("path"), h("a", { class: "brand", href: "/" }, "shoal"), h("ol", {}, links));
  document.title = `${steps.at(-1)[0]} – Shoal`;
}

if (page) {
  places();
  follow(`${location.pathname}${page.query?.() ?? ""}`, {
    onDocument: (news) => {
      const isFirst = !current;
      current = news;
      say("live");
      draw();
      // The browser looked for the place before there was any.
      if (isFirst && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
    },
    onProblem: (problem, word) => say(word, problem),
    onState: (word) => say(word),
  });
  begin?.(...ids, draw);
  setInterval(draw, AGAIN);
}
