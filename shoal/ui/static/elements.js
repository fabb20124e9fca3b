// Makes elements, and turns a page into the next one with as few changes as possible. Text is always text: nothing here
// reads markup, so ids and logs cannot become any.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "g", "path", "rect", "line", "text", "title", "desc", "polyline"]);
const HANDLERS = ["onclick", "onchange", "oninput", "onsubmit", "onkeydown", "ontoggle"];
// Set by people: a new drawing of the page leaves them alone.
const OWN_STATE = new Set(["open", "value"]);

export function h(tag, properties = {}, ...children) {
  const element = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (HANDLERS.includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Give `target` these children. Elements that stay keep their focus, scroll position and selection.
export function show(target, ...children) {
  const next = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  patchChildren(target, next.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
}

function patchChildren(target, next) {
  const keyed = new Map([...target.children].filter((child) => child.dataset?.key).map((child) => [child.dataset.key, child]));
  next.forEach((wanted, index) => {
    const key = wanted.dataset?.key;
    const present = target.childNodes[index] ?? null;
    const match = key ? keyed.get(key) : present;
    if (match && match.parentNode === target && isAlike(match, wanted)) {
      if (match !== present) target.insertBefore(match, present);
      patch(match, wanted);
    } else if (present && !present.dataset?.key) {
      target.replaceChild(wanted, present);
    } else {
      target.insertBefore(wanted, present);
    }
  });
  while (target.childNodes.length > next.length) target.lastChild.remove();
}

function isAlike(present, wanted) {
  return present.nodeType === wanted.nodeType && present.nodeName === wanted.nodeName
    && (present.dataset?.key ?? "") === (wanted.dataset?.key ?? "");
}

function patch(present, wanted) {
  if (present.nodeType === Node.TEXT_NODE) {
    if (present.data !== wanted.data) present.data = wanted.data;
    return;
  }
  if (present.dataset?.own !== undefined) return; // drawn by its own module
  for (const { name } of [...present.attributes]) {
    if (!wanted.hasAttribute(name) && !OWN_STATE.has(name)) present.removeAttribute(name);
  }
  for (const { name, value } of [...wanted.attributes]) {
    if (present.getAttribute(name) !== value && !OWN_STATE.has(name)) present.setAttribute(name, value);
  }
  for (const name of HANDLERS) present[name] = wanted[name];
  patchChildren(present, [...wanted.childNodes]);
}
