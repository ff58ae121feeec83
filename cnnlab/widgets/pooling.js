// Pooling explorer: change the numbers of a small map, watch what a pool keeps of them.
//
// It runs as an anywidget front end in a notebook, and in a built page through a host that offers the same
// `model` (get, set, on, off, save_changes).
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-pooling                          root, role=group
//   [data-control=NAME] input[value=V]    radio buttons; NAME: view, mode, kernel, stride, padding
//   [data-control=pattern]                select of the start patterns; `own` for the reader's own numbers
//   [data-control=gradient]               checkbox "Show where the gradient goes"
//   [data-action=NAME]                    buttons; NAME: lower, raise, reset, link
//   .cnn-grid--input, .cnn-grid--output   the two maps; .cnn-share holds the gradient of an input cell
//   .is-in .is-winner .is-reader .is-active .is-unread    states of a cell
//   .cnn-pad-cell                         cells of the padding, hidden from screen readers; text in data-value
//   .cnn-frame                            outline of the window, [hidden] if there is none
//   .cnn-picture--input, .cnn-picture--output             canvases of the photograph and of the pooled one
//   .cnn-size, .cnn-count, .cnn-ring      sentences: size, number of values, what the padding holds

import {
  between, button, decode, encode, h, makeEditor, makeExplorer, makeGrid, makePicture, mapOf, mark, number, oneOf, place, same, say,
  times,
} from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Arithmetic. Maps are arrays of rows; `s` holds mode ("max" or "average"), kernel, stride, padding.

/** Number of windows along one side. */
export function outputSize(size, { kernel, stride, padding }) {
  return Math.floor((size + 2 * padding - kernel) / stride) + 1;
}

/** Cells of the window of output (i, j) in reading order; padding counts as −∞ for max, 0 for average. */
export function windowCells(x, s, i, j) {
  const cells = [];
  for (let a = 0; a < s.kernel; a++) {
    for (let b = 0; b < s.kernel; b++) {
      const row = i * s.stride - s.padding + a;
      const column = j * s.stride - s.padding + b;
      const inside = row >= 0 && row < x.length && column >= 0 && column < x[0].length;
      const value = inside ? x[row][column] : s.mode === "max" ? -Infinity : 0;
      cells.push({ row, column, inside, value });
    }
  }
  return cells;
}

/** The first cell with the largest value, as torch chooses it on the CPU. */
export function winnerOf(cells) {
  return cells.reduce((best, cell) => (cell.value > best.value ? cell : best));
}

const sum = (cells) => cells.reduce((total, cell) => total + cell.value, 0);

const mapOutput = (x, s, f) =>
  Array.from({ length: outputSize(x.length, s) }, (_, i) =>
    Array.from({ length: outputSize(x[0].length, s) }, (_, j) => f(windowCells(x, s, i, j), i, j)),
  );

/** Pooled map. */
export function pool2d(x, s) {
  return mapOutput(x, s, (cells) =>
    s.mode === "max" ? winnerOf(cells).value : sum(cells) / s.kernel ** 2,
  );
}

/** Gradient of the input, given the gradient of the output: max sends it to the winner, average shares it. */
export function poolBackward(x, gradOutput, s) {
  const grad = x.map((row) => row.map(() => 0));
  mapOutput(x, s, (cells, i, j) => {
    const receivers = s.mode === "max" ? [winnerOf(cells)] : cells.filter((cell) => cell.inside);
    const share = s.mode === "max" ? 1 : 1 / s.kernel ** 2;
    for (const { row, column } of receivers) grad[row][column] += share * gradOutput[i][j];
  });
  return grad;
}

/** For each input cell, the outputs [i, j] whose window contains it. */
export function readersOf(x, s) {
  const readers = x.map((row) => row.map(() => []));
  mapOutput(x, s, (cells, i, j) => {
    for (const { row, column, inside } of cells) if (inside) readers[row][column].push([i, j]);
  });
  return readers;
}

// ---------------------------------------------------------------------------------------------
// Words.

export function sizeSentence(height, width, s) {
  const rule = (n) =>
    `⌊(${n} + 2·${s.padding} − ${s.kernel})/${s.stride}⌋ + 1 = ${outputSize(n, s)}`;
  const sizes = `${height}×${width} → ${outputSize(height, s)}×${outputSize(width, s)}`;
  return height === width
    ? `${sizes}: ${rule(height)}`
    : `${sizes}: rows ${rule(height)}, columns ${rule(width)}`;
}

export function countSentence(x, s) {
  const values = x.length * x[0].length;
  const kept = outputSize(x.length, s) * outputSize(x[0].length, s);
  const unread = readersOf(x, s).flat().filter((readers) => readers.length === 0).length;
  const rest =
    unread === 0 ? "" : ` ${unread} of the ${values} ${unread === 1 ? "is" : "are"} in no window and never read.`;
  return `${values} values in, ${kept} out.${rest}`;
}

export function paddingSentence(s) {
  if (s.padding === 0) return "";
  return s.mode === "max"
    ? "The padding is −∞, not 0: a 0 would win where all values are negative."
    : "The padding is 0, and its zeros count in the average.";
}

export function poolSentence(x, s, i, j) {
  const cells = windowCells(x, s, i, j);
  const list = cells.map((cell) => number(cell.value)).join(", ");
  const padded = cells.some((cell) => !cell.inside);
  if (s.mode === "max") {
    const note = padded ? " (−∞ is padding)" : "";
    return `max of ${list} = ${number(winnerOf(cells).value)}${note}`;
  }
  const total = sum(cells);
  const note = padded ? " (the zeros of the padding count)" : "";
  return `average of ${list} = ${number(total)}/${cells.length} = ${number(total / cells.length)}${note}`;
}

export function gradientSentence(x, s, i, j) {
  const cells = windowCells(x, s, i, j);
  if (s.mode === "average") {
    const lost = cells.some((cell) => !cell.inside) ? " What falls on the padding is lost." : "";
    return `A gradient of 1 goes back in equal parts: ${fraction(1, s)} to each.${lost}`;
  }
  const winner = winnerOf(cells);
  const ties = cells.filter((cell) => cell.value === winner.value).length;
  const which =
    ties === 1
      ? `the ${number(winner.value)} at ${place(winner)}`
      : `the first ${number(winner.value)} in reading order, ${place(winner)} (it stands there ${times(ties)})`;
  return `A gradient of 1 goes back to ${which}; the others get 0.`;
}

export function inputSentence(x, s, row, column) {
  const readers = readersOf(x, s)[row][column];
  const start = `${number(x[row][column])} at ${place({ row, column })} is`;
  if (readers.length === 0) return `${start} in no window: it is never read.`;
  const where = `${start} in ${readers.length} window${readers.length === 1 ? "" : "s"}`;
  if (s.mode === "average") return `${where} and counts ${fraction(1, s)} in ${readers.length === 1 ? "it" : "each"}.`;
  const wins = readers.filter(([i, j]) => {
    const winner = winnerOf(windowCells(x, s, i, j));
    return winner.row === row && winner.column === column;
  }).length;
  if (readers.length === 1) return `${where}, and ${wins ? "wins there" : "does not win there"}.`;
  return `${where}, and wins in ${wins === 0 ? "none" : wins}.`;
}

// n shares of 1/k²; max has whole numbers only.
function fraction(n, s) {
  const parts = s.mode === "max" ? 1 : s.kernel ** 2;
  return n % parts === 0 ? String(n / parts) : `${n}/${parts}`;
}

// ---------------------------------------------------------------------------------------------
// Start patterns.

const eight = (f) => Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => f(i, j)));
const rows = (...lines) => lines.map((line) => line.split(" ").map(Number));
export const PATTERNS = {
  seven: ["Handwritten seven", rows(
    "0 0 0 0 0 0 0 0", "0 3 7 9 9 8 2 0", "0 2 4 4 5 9 3 0", "0 0 0 1 6 8 1 0",
    "0 0 2 6 9 7 5 0", "0 0 1 5 9 3 1 0", "0 0 0 7 6 0 0 0", "0 0 1 9 3 0 0 0",
  )],
  dot: ["One bright dot", eight((i, j) => (i === 3 && j === 4 ? 9 : 0))],
  bright: ["Thin bright line", eight((i, j) => (j === 3 ? 9 : 1))],
  dark: ["Thin dark line", eight((i, j) => (j === 3 ? 0 : 8))],
  edge: ["Edge", eight((i, j) => (j < 3 ? 1 : 8))],
  checkerboard: ["Checkerboard", eight((i, j) => ((i + j) % 2 ? 9 : 0))],
  negative: ["Negative values", eight((i, j) => -1 - ((3 * i * i + 5 * j + 2 * i * j) % 9))],
  ties: ["Ties", eight((i, j) => [[2, 5], [7, 5]][+(i > 2)][+(j > 3)])],
  odd: ["Odd size, 7×7", Array.from({ length: 7 }, (_, i) => Array.from({ length: 7 }, (_, j) => Math.min(i, j) + 1))],
  empty: ["All zeros", eight(() => 0)],
};

// ---------------------------------------------------------------------------------------------
// Drawing.

const NAMES = ["x", "photo", "view", "mode", "kernel", "stride", "padding", "gradient"];

/** What a link carries: view=numbers&mode=average&kernel=3&...&x=jjs.jjk (a cell is a letter, −9 = a, 9 = s). */
const LINK = {
  view: oneOf("numbers", "photo"), mode: oneOf("max", "average"),
  kernel: between(1, 4), stride: between(1, 4), padding: between(0, 2), gradient: oneOf(false, true), x: mapOf(4, 10),
};
export const encodeState = (state) => encode(state, LINK);
export const decodeState = (text) => decode(text, LINK);

function render({ model, el }) {
  const settle = (changes, next) => {
    const most = Math.floor(next.kernel / 2);
    if (next.padding > most) changes = { ...changes, padding: most };
    return next.photo || next.view === "numbers" ? changes : { ...changes, view: "numbers" };
  };
  const ui = makeExplorer({ model, el }, { kind: "pooling", names: NAMES, fixed: ["photo"], codecs: LINK, settle, draw });
  const { id, start, state, update } = ui;

  // Controls.
  const numbers = (low, high) => Array.from({ length: high - low + 1 }, (_, n) => [String(low + n), String(low + n)]);
  const controls = {
    view: ui.radios("view", "Pool", [["numbers", "numbers"], ["photo", "a photograph"]]),
    mode: ui.radios("mode", "Rule", [["max", "max", "max"], ["average", "average", "average"]]),
    kernel: ui.radios("kernel", "Window", numbers(1, 4)),
    stride: ui.radios("stride", "Stride", numbers(1, 4)),
    padding: ui.radios("padding", "Padding, at most half the window", numbers(0, 2), {
      allowed: (padding, { kernel }) => padding <= kernel / 2,
    }),
  };
  controls.view.hidden = !start.photo;
  const pattern = h("select", { id: id("pattern"), "data-control": "pattern", onchange: () => {
    if (pattern.value in PATTERNS) update({ x: PATTERNS[pattern.value][1], view: "numbers" });
  } });
  for (const [key, [label]] of Object.entries(PATTERNS)) pattern.append(h("option", { value: key }, label));
  const own = h("option", { value: "own" }, "Your own numbers");
  pattern.append(own);
  const patternField = h("div", { class: "cnn-field" }, h("label", { for: id("pattern") }, "Pattern"), pattern);

  // The pointed-at cell: the pointer goes before the keyboard focus.
  const pointed = { hover: null, focus: null };
  const point = (side) => (how, at) => {
    pointed[how] = at && { side, at };
    show();
  };

  const editor = makeEditor({ read: () => model.get("x"), write: (x) => update({ x }), show: () => show() });

  // The stage: input, arrow, output.
  const caption = (name) => h("p", { class: "cnn-caption", id: id(name) });
  const captions = { input: caption("input"), output: caption("output") };
  const input = makeGrid("input", { "aria-labelledby": id("input"), "aria-describedby": id("help") }, {
    key: editor.key, press: editor.press, point: (how, at) => { editor.forget(); point("input")(how, at); },
  });
  const output = makeGrid("output", { "aria-labelledby": id("output"), "aria-readonly": "true", "aria-describedby": id("help-output") }, { point: point("output") });
  const photo = makePicture("input", { role: "img", "aria-labelledby": id("input") });
  const pooled = makePicture("output", {
    role: "application", tabindex: "0", "aria-labelledby": id("output"), "aria-describedby": id("help-output"),
  }, { point: point("output") });
  const padding = h("div", { class: "cnn-pad", "aria-hidden": "true" });
  const frame = h("div", { class: "cnn-frame", "aria-hidden": "true" });
  const frameOut = h("div", { class: "cnn-frame cnn-frame--output", "aria-hidden": "true" });
  const plate = h("div", { class: "cnn-plate" }, padding, input.node, photo.node, frame);
  const plateOut = h("div", { class: "cnn-plate cnn-plate--output" }, output.node, pooled.node, frameOut);
  const arrow = h("div", { class: "cnn-arrow", "aria-hidden": "true" });
  const which = h("span", { class: "cnn-which", id: id("which") });
  const stepper = h("div", { class: "cnn-stepper", role: "group", "aria-labelledby": id("which") }, which,
    button("lower", "−1", () => editor.bump(...input.at, -1)), button("raise", "+1", () => editor.bump(...input.at, 1)));
  const says = h("p", { class: "cnn-says", role: "status" });
  const stage = h("div", { class: "cnn-stage" },
    h("div", { class: "cnn-side" }, captions.input, plate, stepper), says, arrow,
    h("div", { class: "cnn-side cnn-side--output" }, captions.output, plateOut));

  const size = h("p", { class: "cnn-size", role: "status" });
  const count = h("p", { class: "cnn-count" });
  const ring = h("p", { class: "cnn-ring" });
  const help = h("span", { id: id("help") }, "Input: click or tap a cell to raise it, shift-click to lower it; or go there with the arrow keys and type a digit, or a minus to make it negative. ");
  const helpOutput = h("span", { id: id("help-output") });

  const root = h("div", { class: "cnn-explorer cnn-pooling", role: "group", "aria-label": "Pooling explorer" },
    h("div", { class: "cnn-bar" }, controls.view, patternField, controls.mode, controls.kernel, controls.stride, controls.padding),
    stage,
    h("div", { class: "cnn-words" }, size, count, ring),
    h("div", { class: "cnn-foot" },
      ui.checkbox("gradient", "Show where the gradient goes"), ui.reset, ui.link),
    h("p", { class: "cnn-help" }, help, helpOutput));

  // What depends on the state.
  let map, y, readers, backward;
  function draw(s) {
    const numbers = s.view === "numbers";
    map = numbers ? s.x : s.photo;
    y = pool2d(map, s);
    readers = readersOf(map, s);
    backward = poolBackward(map, y.map((row) => row.map(() => 1)), s);
    root.dataset.mode = s.mode;
    root.dataset.view = s.view;
    root.classList.toggle("shows-gradient", s.gradient);
    patternField.hidden = !numbers;
    pattern.value = Object.keys(PATTERNS).find((key) => same(PATTERNS[key][1], s.x)) ?? "own";
    own.hidden = pattern.value !== "own";

    for (const [name, value] of Object.entries({
      in: map[0].length + 2 * s.padding, out: y[0].length, p: s.padding, k: s.kernel,
      h: map.length, w: map[0].length, "out-h": y.length, "out-w": y[0].length,
    })) stage.style.setProperty(`--${name}`, value);
    for (const [grid, picture] of [[input, photo], [output, pooled]]) {
      grid.node.hidden = !numbers;
      picture.node.hidden = numbers;
    }
    stepper.hidden = help.hidden = !numbers;
    if (numbers) {
      input.fill(map, (cell, i, j) => cell.classList.toggle("is-unread", readers[i][j].length === 0));
      output.fill(y);
    } else pooled.fill(y);
    padding.replaceChildren(...paddingCells(map, s, numbers));
    say(captions.input, numbers ? `Input, ${map.length}×${map[0].length}` : `Photograph, ${map.length}×${map[0].length} pixels`);
    say(captions.output, `${numbers ? "Output" : "Pooled photograph"}, ${y.length}×${y[0].length}`);
    arrow.replaceChildren(
      mark(s.mode), ` ${s.mode}`,
      h("span", { class: "cnn-arrow-line" }));
    say(size, sizeSentence(map.length, map[0].length, s));
    say(count, countSentence(map, s));
    say(ring, paddingSentence(s));
    say(helpOutput, `${numbers ? "Output: point at a cell" : "Pooled photograph: point at a pixel"}, tap it, or go there with the arrow keys, to see its window.`);
    show();
  }

  // What also depends on the cell pointed at.
  function show() {
    const s = state();
    const target = pointed.hover ?? pointed.focus;
    const inside = target && (target.side === "output" ? target.at[0] < y.length && target.at[1] < y[0].length
      : s.view === "numbers" && target.at[0] < map.length && target.at[1] < map[0].length);
    const [side, at] = inside ? [target.side, target.at] : [null, [0, 0]];
    const cells = side === "output" ? windowCells(map, s, ...at) : [];

    frame.hidden = frameOut.hidden = side !== "output";
    if (side === "output") {
      for (const [name, value] of [["--i", at[0] * s.stride], ["--j", at[1] * s.stride]]) frame.style.setProperty(name, value);
      for (const [name, value] of [["--i", at[0]], ["--j", at[1]]]) frameOut.style.setProperty(name, value);
    }
    if (s.view === "photo") {
      const hue = s.mode === "max" ? [213, 94, 0] : [0, 114, 178];
      const flat = backward.flat();
      photo.fill(map, s.gradient ? (n, v) => hue.map((c) => {
        const a = 0.8 * Math.min(1, flat[n]);
        return Math.round(a * c + (1 - a) * v);
      }) : undefined);
    } else {
      // Gradient of the input, in shares: of the one output pointed at, or of all of them together.
      const ones = y.map((row, i) => row.map((_, j) => (side !== "output" || (i === at[0] && j === at[1]) ? 1 : 0)));
      const grad = side === "output" ? poolBackward(map, ones, s) : backward;
      const shares = (v) => Math.round(v * (s.mode === "max" ? 1 : s.kernel ** 2));
      const winner = s.mode === "max" && cells.length ? winnerOf(cells) : null;
      map.forEach((row, i) => row.forEach((_, j) => {
        const cell = input.cell(i, j);
        cell.classList.toggle("is-in", cells.some((c) => c.row === i && c.column === j));
        cell.classList.toggle("is-winner", winner !== null && winner.row === i && winner.column === j);
        cell.classList.toggle("is-current", i === input.at[0] && j === input.at[1]);
        cell.classList.toggle("has-share", s.gradient && grad[i][j] > 0);
        cell.lastChild.textContent = s.gradient ? fraction(shares(grad[i][j]), s) : "";
      }));
      const seen = side === "input" ? readers[at[0]][at[1]] : [];
      y.forEach((row, i) => row.forEach((_, j) => {
        output.cell(i, j).classList.toggle("is-reader", seen.some((r) => r[0] === i && r[1] === j));
        output.cell(i, j).classList.toggle("is-active", side === "output" && i === at[0] && j === at[1]);
      }));
      say(which, `Change ${place({ row: input.at[0], column: input.at[1] })}:`);
    }

    if (side === "output") {
      say(says, poolSentence(map, s, ...at) + (s.gradient ? `. ${gradientSentence(map, s, ...at)}` : ""));
    } else if (side === "input") {
      say(says, editor.waits ? "Minus … now type a digit." : inputSentence(map, s, ...at));
    } else {
      say(says, s.gradient
        ? (s.view === "photo" ? "Coloured: the pixels that get a gradient when every output sends back 1."
          : "Below each number: the gradient it gets when every output sends back 1.")
        : `Point at ${s.view === "photo" ? "a pixel of the pooled photograph" : "an output cell"}, or tap it, to see its window.`);
    }
  }

  return ui.run(root);
}

// The ring around the input, drawn below it: −∞ for max, 0 for average.
function paddingCells(map, s, numbers) {
  if (!numbers) return [];
  const [height, width] = [map.length + 2 * s.padding, map[0].length + 2 * s.padding];
  const cells = [];
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      if (i >= s.padding && i < height - s.padding && j >= s.padding && j < width - s.padding) continue;
      const cell = h("div", { class: "cnn-pad-cell", "data-value": number(s.mode === "max" ? -Infinity : 0) });
      cell.style.gridArea = `${i + 1} / ${j + 1}`;
      cells.push(cell);
    }
  }
  return cells;
}

export default { render };
