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
//   details.cnn-key                 all answers with their explanations, folded; a printer unfolds them
//   [data-action=reset]             takes all answers back
//
// A click or a tap answers. With the keyboard, the arrow keys only move between the options, since a
// reader has to be able to hear all of them first; Enter or Space answers.

import { button, h } from "./toolkit.js";

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

/** Letter of the option in place 0, 1, 2, ... */
export const letter = (n) => "ABCDEF"[n];

// ---------------------------------------------------------------------------------------------
// Drawing.

const rich = (text) => pieces(text).map(([kind, part]) => (kind === "plain" ? part : h(kind, {}, part)));

/** One question: its node, and how to take its answers back. `anchor` is that of the quiz, or empty. */
function question({ id, ask, options }, number, anchor) {
  const feedback = h("p", { class: "cnn-feedback", role: "status" });
  const target = anchor && `${anchor}-${id}`;
  const node = h("fieldset", { class: "cnn-question", "data-question": id, id: target || undefined },
    h("legend", {},
      target
        ? h("a", { class: "cnn-number", href: `#${target}`, title: "Link to this question" }, `${number}.`)
        : h("span", { class: "cnn-number" }, `${number}.`),
      " ", ...rich(ask)));
  let moving = false; // an arrow key is down: the browser moves the choice, the reader has not answered

  const show = (kind, ...text) => {
    feedback.className = `cnn-feedback ${kind}`;
    feedback.replaceChildren(...text);
  };
  const lines = options.map((option, n) => {
    const kind = option.right ? "is-right" : "is-wrong";
    const input = h("input", { type: "radio", name: `question-${number}`, value: String(n) });
    const label = h("label", { class: "cnn-option" }, input,
      h("span", { class: "cnn-letter", "aria-hidden": "true" }, letter(n)),
      h("span", { class: "cnn-option-text" }, ...rich(option.text)));
    const answer = () => {
      label.classList.add(kind);
      show(kind, h("strong", {}, verdict(option)), " ", ...rich(option.feedback));
    };
    input.addEventListener("click", () => {
      if (!moving || label.classList.contains(kind)) answer();
      else show("cnn-hint", "Press Enter to choose this answer.");
    });
    input.addEventListener("keydown", (event) => {
      moving = event.key.startsWith("Arrow");
      event.stopPropagation(); // a notebook has keys of its own
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      input.checked = true;
      answer();
    });
    return { input, label, kind };
  });
  const still = () => { moving = false; };
  node.addEventListener("keyup", still);
  node.addEventListener("pointerdown", still);
  node.append(...lines.map(({ label }) => label), feedback);

  const reset = () => {
    for (const { input, label, kind } of lines) {
      input.checked = false;
      label.classList.remove(kind);
    }
    show("");
  };
  return { node, reset };
}

/** All answers with their explanations, to be unfolded. */
function key(questions) {
  return h("details", { class: "cnn-key" }, h("summary", {}, "All answers, with explanations"),
    h("ol", {}, ...questions.map(({ ask, options }) => h("li", {}, h("p", {}, ...rich(ask)),
      h("ul", {}, ...options.map((option, n) => h("li", { class: option.right ? "is-right" : undefined },
        h("span", { class: "cnn-letter" }, letter(n)), " ", h("strong", {}, ...rich(option.text)),
        ` (${option.right ? "✓ right" : "✗ not quite"}): `, ...rich(option.feedback))))))));
}

function render({ model, el }) {
  if (!el.closest(".cnnlab-widget")) el.classList.add("cnnlab-widget"); // in a page, the host has it
  const anchor = el.closest(".cnnlab-widget").id; // a page names its quizzes, a notebook does not
  const root = h("div", { class: "cnn-quiz", role: "group" });

  const draw = () => {
    const [words, list] = [model.get("title"), model.get("questions")];
    const drawn = list.map((q, n) => question(q, n + 1, anchor));
    const title = h("p", { class: "cnn-title", tabindex: "-1" }, ...rich(words));
    const again = () => {
      for (const { reset } of drawn) reset();
      title.focus();
    };
    root.setAttribute("aria-label", title.textContent);
    // A form of its own: radio buttons of one name belong together within a form, and not beyond it.
    root.replaceChildren(h("form", { onsubmit: (event) => event.preventDefault() },
      title,
      h("p", { class: "cnn-help" }, "Nothing is counted. A wrong answer is often the more interesting one: try them all."),
      ...drawn.map(({ node }) => node),
      h("div", { class: "cnn-foot" }, button("reset", "Start again", again)),
      key(list)));
  };
  const events = ["change:title", "change:questions"];
  for (const event of events) model.on(event, draw);
  draw();
  el.append(root);
  // The question that a link asks for: what the browser had scrolled to has just been replaced.
  if (anchor && location.hash.startsWith(`#${anchor}-`)) {
    document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "start" });
  }
  return () => events.forEach((event) => model.off(event, draw));
}

export default { render };
