// Actions are asked for twice: by a button, and by a dialog that says what happens. They are sent by POST only.

import { h } from "./elements.js";

export const readOnly = document.documentElement.dataset.readOnly !== undefined;

export const button = (label, act, kind = "") =>
  !readOnly && h("button", { type: "button", class: kind, onclick: act }, label);

// `question` says what happens. `fields`: [name, label, value] of whole numbers that go along.
export function ask({ title, question, confirm, address, body = {}, fields = [] }) {
  const answer = h("p", { role: "status" });
  const inputs = fields.map(([name, label, value]) => [name, h("input", { type: "number", name, min: 0, step: 1, required: true, value, "aria-label": label }), label]);
  const yes = h("button", { type: "submit", class: "danger" }, confirm);
  const dialog = h("dialog", { "aria-labelledby": "asked" },
    h("form", { onsubmit: (event) => { event.preventDefault(); send(); } },
      h("h2", { id: "asked" }, title), h("p", {}, question),
      inputs.map(([, input, label]) => h("label", {}, label, input)), answer,
      h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, "Close"), yes)));
  dialog.addEventListener("close", () => dialog.remove());

  async function send() {
    yes.disabled = true;
    answer.textContent = "Sent; waiting for the service…";
    const numbers = Object.fromEntries(inputs.map(([name, input]) => [name, input.valueAsNumber]));
    try {
      const response = await fetch(address, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ...body, ...numbers }) });
      const said = response.headers.get("content-type")?.startsWith("application/json") ? await response.json() : { problem: await response.text() };
      answer.className = said.problem ? "problem" : "";
      answer.textContent = said.problem ?? said.done;
      yes.hidden = !said.problem;
    } catch {
      answer.className = "problem";
      answer.textContent = "`shoal ui` does not answer; nothing may have happened.";
    }
    yes.disabled = false;
  }

  document.body.append(dialog);
  dialog.showModal();
}
