// Quiz: questions one below the other; each answer is met with an explanation, and none is counted.
//
// For a notebook (anywidget) and for a built page (a small host).
//
// Hooks that stay as they are, for tests and for styles:
//   .cnn-quiz                       root, role=group, named by its title
//   fieldset.cnn-question           one question; its id in data-question
//   .cnn-option input[type=radio]   its options
//   .cnn-option.is-right .is-wrong  an option that has been chosen
//   .cnn-feedback                   explanation of the last answer, role=status; empty before the first
//
// A click or a tap answers. With the keyboard, the arrow keys only move between the options, since a
// reader has to be able to hear all of them first; Enter or Space answers.

import { h } from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Words.

const MARKED = /(`[^`]+`|\*[^\s*`](?:[^*`]*[^\s*`])?\*)/;

/** Pieces of a text with `code` and *emphasis*: [["plain", "a "], ["code", "b"], ["em", "c"], ...]. */
export function pieces(text) {
  const kind = (part) => (part.startsWith("`") ? "code" : "em");
  return text.split(MARKED)
    .map((part, n) => (n % 2 ? [kind(part), part.slice(1, -1)] : ["plain", part]))
    .filter(([, part]) => part);
}

/** What the reader is told after choosing an option. */
export function verdict(option) {
  return option.right ? "✓ Yes." : "✗ Not quite.";
}

// ---------------------------------------------------------------------------------------------
// Drawing.

let widgets = 0;

const rich = (text) => pieces(text).map(([kind, part]) => (kind === "plain" ? part : h(kind, {}, part)));

function question({ id, ask, options }, number, name) {
  const feedback = h("p", { class: "cnn-feedback", role: "status" });
  const field = h("fieldset", { class: "cnn-question", "data-question": id },
    h("legend", {}, h("span", { class: "cnn-number" }, `${number}. `), ...rich(ask)));
  let moving = false; // an arrow key is down: the browser moves the choice, the reader has not answered

  const hint = () => {
    feedback.className = "cnn-feedback";
    feedback.replaceChildren("Press Enter to choose this answer.");
  };
  const answer = (option, label) => {
    const kind = option.right ? "is-right" : "is-wrong";
    label.classList.add(kind);
    feedback.className = `cnn-feedback ${kind}`;
    feedback.replaceChildren(h("strong", {}, verdict(option)), " ", ...rich(option.feedback));
  };
  for (const [n, option] of options.entries()) {
    const input = h("input", { type: "radio", name, value: String(n) });
    const label = h("label", { class: "cnn-option" }, input, h("span", { class: "cnn-option-text" }, ...rich(option.text)));
    input.addEventListener("change", () => (moving ? hint() : answer(option, label)));
    input.addEventListener("keydown", (event) => {
      moving = event.key.startsWith("Arrow");
      event.stopPropagation(); // a notebook has keys of its own
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      input.checked = true;
      answer(option, label);
    });
    input.addEventListener("keyup", () => { moving = false; });
    field.append(label);
  }
  field.append(feedback);
  return field;
}

function render({ model, el }) {
  if (!el.closest(".cnnlab-widget")) el.classList.add("cnnlab-widget"); // in a page, the host has it
  const prefix = `cnn-quiz-${++widgets}`;
  const root = h("div", { class: "cnn-quiz", role: "group", "aria-labelledby": prefix });
  const draw = () => root.replaceChildren(
    h("p", { class: "cnn-title", id: prefix }, ...rich(model.get("title"))),
    h("p", { class: "cnn-help" }, "Nothing is counted. A wrong answer is often the more interesting one: try them all."),
    ...model.get("questions").map((q, n) => question(q, n + 1, `${prefix}-${n}`)));
  const events = ["change:title", "change:questions"];
  for (const event of events) model.on(event, draw);
  draw();
  el.append(root);
  return () => events.forEach((event) => model.off(event, draw));
}

export default { render };
