// Convolution explorer: drag a window over a small map, see the nine products, watch the output grow.
//
// It runs as an anywidget front end in a notebook, and in a built page through a host that offers the same
// `model` (get, set, on, off, save_changes).
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-convolution                      root, role=group; .shows-reads with the overlay
//   [data-control=NAME]                   view, stride, padding, dilation (radio buttons), divisor (select),
//                                         flip, filled, reads (checkboxes)
//   [data-control=pattern], [data-control=preset]         selects of start patterns and of kernels; `own` for others
//   [data-action=NAME]                    buttons; NAME: play, lower, raise, reset, link
//   .cnn-grid--input, .cnn-grid--kernel, .cnn-grid--output      what can be changed or pointed at
//   .cnn-mini--pixels, .cnn-mini--products .cnn-cell            what the window holds, and the products
//   .cnn-sum, .cnn-result                 the sum, and the sum after the division
//   .is-in .is-unread .is-empty .is-active                states of a cell: under a weight, read by no window,
//                                                         not filled yet, filled by this window
//   .cnn-pad-cell                         cells of the padding, hidden from screen readers; text in data-value
//   .cnn-plate--input, .cnn-plate--output what the pointer drags over
//   .cnn-meaning, .cnn-difference, .cnn-size, .cnn-count  sentences: what the kernel does, what flipping changes,
//                                                         size, number of values

import {
  SEVEN, between, button, clamp, decode, encode, h, makeEditor, makeExplorer, makeFrame, makeGrid, makePicture, makeStepper, mapOf,
  number, numbered, onDrag, oneOf, place, plural, ringCells, rowsOf, same, say, setVariables, spot, tabulate, times,
} from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Arithmetic. Maps are arrays of rows; `s` holds kernel, divisor, stride, padding, dilation, flip.

/** The kernel flipped: turned by 180 degrees. */
export const turn = (kernel) => kernel.map((row) => row.slice().reverse()).reverse();

/** The weights as they are laid on the pixels. */
export const applied = (s) => (s.flip ? turn(s.kernel) : s.kernel);

/** Pixels that the window covers along one side, those between the weights included. */
export const span = (s) => s.dilation * (s.kernel.length - 1) + 1;

/** Number of windows along one side. */
export function outputSize(size, s) {
  return Math.floor((size + 2 * s.padding - span(s)) / s.stride) + 1;
}

/** What meets in the window of output (i, j), in reading order: pixel (0 in the padding), weight, product. */
export function taps(x, s, i, j) {
  return applied(s).flatMap((weights, a) => weights.map((weight, b) => {
    const row = i * s.stride - s.padding + a * s.dilation;
    const column = j * s.stride - s.padding + b * s.dilation;
    const inside = row >= 0 && row < x.length && column >= 0 && column < x[0].length;
    const value = inside ? x[row][column] : 0;
    return { row, column, inside, value, weight, product: value * weight || 0 };
  }));
}

const sum = (values) => values.reduce((total, v) => total + v, 0);

const mapOutput = (x, s, f) =>
  tabulate(outputSize(x.length, s), outputSize(x[0].length, s), (i, j) => f(taps(x, s, i, j)));

/** Output map. */
export function conv2d(x, s) {
  return mapOutput(x, s, (cells) => sum(cells.map((cell) => cell.product)) / s.divisor);
}

/** For each pixel, the number of windows that read it. */
export function readsOf(x, s) {
  const reads = x.map((row) => row.map(() => 0));
  mapOutput(x, s, (cells) => {
    for (const { row, column, inside } of cells) if (inside) reads[row][column] += 1;
  });
  return reads;
}

/** Values of black and white: 0 is mid grey where there are negative values, else black. */
export function greyRange(y) {
  const values = y.flat();
  const most = Math.max(...values.map(Math.abs));
  return Math.min(...values) < 0 ? [-most, most] : [0, Math.max(255, most)];
}

/** Grey values of an output. */
export function greys(y) {
  const [low, high] = greyRange(y);
  const black = low < 0 ? 128 : 0;
  return y.map((row) => row.map((v) => Math.floor(black + ((255 - black) * v) / high + 0.5)));
}

/** The cells [i, j] on the straight way from one to another, the last one included. */
export function way([a, b], [i, j]) {
  const steps = Math.max(Math.abs(i - a), Math.abs(j - b), 1);
  return Array.from({ length: steps }, (_, n) =>
    [Math.round(a + ((i - a) * (n + 1)) / steps), Math.round(b + ((j - b) * (n + 1)) / steps)]);
}

// ---------------------------------------------------------------------------------------------
// Words.

export function sizeSentence(height, width, s) {
  const k = s.kernel.length;
  const rule = (n) => `⌊(${n} + 2·${s.padding} − ${s.dilation}·(${k} − 1) − 1)/${s.stride}⌋ + 1 = ${outputSize(n, s)}`;
  const sizes = `${height}×${width} → ${outputSize(height, s)}×${outputSize(width, s)}`;
  return height === width ? `${sizes}: ${rule(height)}` : `${sizes}: rows ${rule(height)}, columns ${rule(width)}`;
}

export function countSentence(x, s) {
  const reads = readsOf(x, s).flat();
  const windows = outputSize(x.length, s) * outputSize(x[0].length, s);
  const unread = reads.filter((n) => n === 0).length;
  const rest = unread === 0 ? "" : ` ${unread} of the ${reads.length} ${unread === 1 ? "is" : "are"} never read.`;
  const [most, corner] = [Math.max(...reads), reads[0]];
  const read = most === Math.min(...reads) ? ` Every pixel is read ${often(most)}.`
    : most === 1 ? " No pixel is read more than once."
    : ` A pixel is read up to ${often(most)}, the one in the top left corner ${often(corner)}.`;
  return `${reads.length} values in, ${windows} out.${rest}${s.reads ? read : ""}`;
}

const often = (n) => (n === 0 ? "never" : times(n));
const factor = (v) => (v < 0 ? `(${number(v)})` : number(v));

/** The products and their sum at one place. */
export function placeSentence(x, s, i, j) {
  const cells = taps(x, s, i, j);
  const total = sum(cells.map((cell) => cell.product));
  const products = cells.map(({ value, weight }) => `${factor(value)}·${factor(weight)}`).join(" + ");
  const divided = s.divisor === 1 ? "" : `, divided by ${s.divisor}: ${number(total / s.divisor)}`;
  const padded = cells.filter((cell) => !cell.inside).length;
  const note = padded ? ` ${plural(padded, "pixel")} of the window ${padded === 1 ? "is" : "are"} padding: ${padded === 1 ? "a zero" : "zeros"}.` : "";
  return `Output, ${place({ row: i, column: j })}: ${products} = ${number(total)}${divided}.${note}`;
}

/** Which of both it is, and whether the other would differ: for this kernel, and on this input. */
export function differenceSentence(x, s) {
  const which = s.flip
    ? "Flipped first, in both directions: what mathematics calls convolution; deep learning leaves the flip out. "
    : "Not flipped: cross-correlation, which deep learning calls convolution. ";
  const flipped = turn(s.kernel);
  if (same(flipped, s.kernel)) return `${which}This kernel looks the same when flipped, so both give the same output.`;
  if (same(flipped, s.kernel.map((row) => row.map((v) => 0 - v)))) {
    return `${which}This kernel flipped is its own negative: the other output has the opposite signs.`;
  }
  const dot = s.stride === 1 ? dotSentence(x, s) : "";
  if (dot) return which + dot;
  const [a, b] = [false, true].map((flip) => conv2d(x, { ...s, flip }).flat());
  const differ = a.filter((v, n) => v !== b[n]).length;
  return `${which}The two outputs differ at ${differ} of ${plural(a.length, "place")}. Learned weights would simply come out flipped.`;
}

/** What the output shows where one pixel alone is not 0, at stride 1: the kernel, or what of it fits in. */
function dotSentence(x, s) {
  const dots = x.flatMap((row, i) => row.map((v, j) => ({ v, i, j }))).filter(({ v }) => v !== 0);
  if (dots.length !== 1) return "";
  const [{ v, i, j }] = dots;
  const whole = [[i, x.length], [j, x[0].length]].every(([at, size]) =>
    at + s.padding >= span(s) - 1 && at + s.padding < outputSize(size, s));
  const kernel = `the kernel${s.flip ? " itself" : " flipped"}`;
  const scale = v === s.divisor ? "" : `, times ${number(v / s.divisor)}`;
  return `On one ${v > 0 ? "bright" : "negative"} dot the output shows ${whole ? kernel : `a part of ${kernel}`}${scale}`
    + `${s.dilation > 1 ? ", with gaps between the weights" : ""}${whole ? "" : "; for the rest, the dot is too near to the border"}.`;
}

/** Kernels: [label, weights, divisor, what each output is, the same when flipped]. */
export const PRESETS = {
  vertical: ["Vertical edge", rowsOf("-1 0 1/-1 0 1/-1 0 1"), 1,
    "Right column minus left column: positive where it gets brighter to the right, 0 on flat areas.",
    "Left column minus right column: positive where it gets darker to the right, 0 on flat areas."],
  horizontal: ["Horizontal edge", rowsOf("-1 -1 -1/0 0 0/1 1 1"), 1,
    "Lower row minus upper row: positive where it gets brighter downwards, 0 on flat areas.",
    "Upper row minus lower row: positive where it gets darker downwards, 0 on flat areas."],
  laplacian: ["Laplacian", rowsOf("0 1 0/1 -4 1/0 1 0"), 1,
    "The four neighbours minus four times the middle: 0 on flat areas and on even slopes."],
  identity: ["Identity", rowsOf("0 0 0/0 1 0/0 0 0"), 1, "The pixel in the middle, unchanged."],
  blur: ["Blur, mean of nine", rowsOf("1 1 1/1 1 1/1 1 1"), 9, "The mean of the nine pixels: details fade."],
  soft: ["Soft blur", rowsOf("1 2 1/2 4 2/1 2 1"), 16,
    "A mean in which the middle counts most: details fade, more gently."],
  sharpen: ["Sharpen", rowsOf("0 -1 0/-1 5 -1/0 -1 0"), 1,
    "The middle plus its difference from its four neighbours: edges stand out, flat areas stay."],
  shift: ["Shift", rowsOf("0 0 0/1 0 0/0 0 0"), 1,
    "The pixel to the left of the middle: the image moves one pixel to the right.",
    "The pixel to the right of the middle: the image moves one pixel to the left."],
  corner: ["Corner, top left", rowsOf("-4 -4 -4/-4 5 5/-4 5 5"), 1,
    "Largest where a bright area begins, with its top left corner in the middle.",
    "Largest where a bright area ends, with its bottom right corner in the middle."],
  letter: ["Letter F", rowsOf("1 1 1/1 1 0/1 0 0"), 1,
    "Six pixels added up, in the shape of an F. Flip it, and see the weights swap places.",
    "Six pixels added up, in the shape of an F, flipped."],
  mean: ["Mean of four", rowsOf("1 1/1 1"), 4, "The mean of four pixels. With stride 2: average pooling."],
  diagonal: ["Diagonal difference", rowsOf("1 0/0 -1"), 1, "Top left minus bottom right.", "Bottom right minus top left."],
  double: ["One weight, double", rowsOf("2"), 1, "Each pixel alone, times two: no neighbour has a say."],
};
/** What each output is with dilation 2, where the sentence above would not be true. */
export const DILATED = {
  laplacian: ["The four pixels that lie two away, minus four times the middle: 0 on flat areas and on even slopes."],
  blur: ["The mean of nine pixels, every second one: details fade."],
  sharpen: ["The middle plus its difference from the four pixels that lie two away: edges stand out, flat areas stay."],
  shift: ["The pixel two to the left of the middle: the image moves two pixels to the right.",
    "The pixel two to the right of the middle: the image moves two pixels to the left."],
  mean: ["The mean of four pixels with gaps between them: no average pooling, whatever the stride."],
};
const GROUPS = [["3×3", 3], ["2×2", 2], ["1×1", 1]];

const presetOf = (s) => Object.keys(PRESETS).find((key) => same(PRESETS[key][1], s.kernel) && PRESETS[key][2] === s.divisor);

/** What the kernel does, in words. */
export function meaningSentence(s) {
  const preset = presetOf(s);
  if (preset) {
    const [asIs, flipped] = (s.dilation > 1 && DILATED[preset]) || PRESETS[preset].slice(3);
    return (s.flip && flipped) || asIs;
  }
  const total = sum(s.kernel.flat());
  if (total === 0) return "The weights add up to 0: flat areas give 0.";
  return `The weights add up to ${number(total)}: a flat area of value v gives ${number(total / s.divisor)}·v.`;
}

// ---------------------------------------------------------------------------------------------
// Start patterns.

const eight = (f) => tabulate(8, 8, f);
export const PATTERNS = {
  seven: ["Handwritten seven", SEVEN],
  square: ["Bright square", eight((i, j) => (i > 1 && i < 6 && j > 1 && j < 6 ? 9 : 1))],
  dot: ["One bright dot", eight((i, j) => (i === 3 && j === 4 ? 9 : 0))],
  edge: ["Vertical edge", eight((i, j) => (j < 4 ? 1 : 8))],
  slope: ["Even slope", eight((i, j) => j + 1)],
  diagonal: ["Diagonal line", eight((i, j) => (i === j ? 9 : 0))],
  checkerboard: ["Checkerboard", eight((i, j) => ((i + j) % 2 ? 9 : 0))],
  flat: ["Flat area", eight(() => 5)],
  negative: ["Positive and negative", eight((i, j) => ((3 * i * i + 5 * j + 2 * i * j) % 19) - 9)],
  odd: ["Odd size, 7×7", tabulate(7, 7, (i, j) => Math.min(i, j) + 1)],
};

// ---------------------------------------------------------------------------------------------
// Links: view=numbers&stride=1&...&kernel=ijk.ijk.ijk&at=2.4&visited=0.0-5_1.0-5_2.0-4&x=jjjjj.jjjjj...

const cellOf = { write: ([i, j]) => `${i}.${j}`, read: (text) => (/^\d{1,2}\.\d{1,2}$/.test(text) ? text.split(".").map(Number) : undefined) };

/** Cells of the output, a row at a time: its number, then runs of columns, as in 0.0-5_2.3_2.5. */
const cellsOf = {
  write(cells) {
    const runs = [];
    for (const [i, j] of cells.slice().sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
      const last = runs.at(-1);
      if (last && last[0] === i && last[2] === j - 1) last[2] = j;
      else runs.push([i, j, j]);
    }
    return runs.map(([i, a, b]) => `${i}.${a}${a === b ? "" : `-${b}`}`).join("_");
  },
  read(text) {
    if (text === "") return [];
    const runs = text.split("_").map((run) => run.match(/^(\d{1,2})\.(\d{1,2})(?:-(\d{1,2}))?$/));
    if (runs.includes(null)) return undefined;
    return runs.flatMap(([, i, a, b = a]) => Array.from({ length: Math.max(0, b - a + 1) }, (_, n) => [+i, +a + n]));
  },
};
const kernelOf = { write: mapOf(1, 3).write, read: (text) => {
  const found = mapOf(1, 3).read(text);
  return found?.length === found?.[0].length ? found : undefined;
} };
const LINK = {
  view: oneOf("numbers", "photo"), kernel: kernelOf, divisor: between(1, 16), stride: between(1, 3), padding: between(0, 2),
  dilation: between(1, 2), flip: oneOf(false, true), filled: oneOf(false, true), reads: oneOf(false, true), at: cellOf,
  visited: cellsOf, x: mapOf(5, 9),
};
export const encodeState = (state) => encode(state, LINK);
export const decodeState = (text) => decode(text, LINK);

// ---------------------------------------------------------------------------------------------
// Drawing.

const NAMES = ["photo", ...Object.keys(LINK)];
const HEAT = [79, 70, 200];

const mapOfState = (s) => (s.view === "photo" && s.photo ? s.photo : s.x);

/** What has to follow from a change: a window inside of the output, and cells that exist. */
export function settled(changes, next) {
  const x = mapOfState(next);
  const [height, width] = [outputSize(x.length, next), outputSize(x[0].length, next)];
  const at = [clamp(next.at[0], height - 1), clamp(next.at[1], width - 1)];
  let { filled } = next;
  let visited = next.visited.filter(([i, j]) => i < height && j < width);
  if (changes.filled === false && !changes.visited) visited = [at]; // begin anew with this place
  if (visited.length >= height * width) filled = true;
  return { ...changes, at, visited, filled, view: x === next.photo ? "photo" : "numbers" };
}

// Playing: place after place of an output of size(), in reading order. With reduced motion, a press is one step.
// redraw() is called when it begins and ends.
function makePlayer({ state, update }, size, redraw) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let clock = null;
  const pause = () => {
    if (clock === null) return;
    clearInterval(clock);
    clock = null;
    redraw();
  };
  const step = (count) => {
    const { at: [i, j], filled, visited } = state();
    const [height, width] = size();
    const end = height * width - 1;
    const now = i * width + j;
    const anew = filled || now >= end;
    const to = anew ? 0 : Math.min(now + count, end);
    const places = Array.from({ length: anew ? 1 : to - now }, (_, n) => to - n).reverse();
    const cells = places.map((n) => [Math.floor(n / width), n % width]);
    update({ at: cells.at(-1), filled: false, visited: added(anew ? [] : visited, cells) });
    return to < end;
  };
  const press = () => {
    if (clock !== null) return pause();
    if (still.matches) return step(1);
    const [height, width] = size();
    const total = height * width;
    const count = Math.ceil(total / 160);
    if (step(1)) clock = setInterval(() => { if (!step(count)) pause(); }, Math.max(30, Math.min(350, 12000 / total)));
    redraw();
  };
  const key = button("play", "", press);
  const fill = () => say(key, clock !== null ? "❚❚ Pause" : still.matches ? "Next place" : "▶ Play");
  return { key, fill, pause, plays: () => clock !== null, stop: () => clearInterval(clock) };
}

// Cells visited, and those of `more` that were not.
function added(visited, more) {
  const seen = new Set(visited.map(String));
  return [...visited, ...more.filter((at) => !seen.has(String(at)))];
}

// The window under a glass: pixels times kernel, products, sum; and what the kernel does, in words. `on` is for the
// grid of the weights.
function makeGlass({ id, start, select, checkbox }, on) {
  const mini = (name) => h("div", { class: `cnn-mini cnn-mini--${name}`, "aria-hidden": "true" });
  const [pixels, products] = [mini("pixels"), mini("products")];
  const caption = h("p", { class: "cnn-caption", id: id("kernel") });
  const kernel = makeGrid("kernel", { "aria-labelledby": id("kernel"), "aria-describedby": id("help") }, on);
  const divisor = select("divisor", "÷", numbered(1, 16));
  divisor.querySelector("select").setAttribute("aria-label", "Divide the sum by");
  const total = h("span", { class: "cnn-sum" });
  const outcome = h("span", { class: "cnn-result" });
  const sign = (text) => h("span", { class: "cnn-sign", "aria-hidden": "true" }, text);
  const part = (name, title, ...nodes) => h("div", { class: `cnn-part cnn-part--${name}` }, title, ...nodes);
  const title = (text) => h("p", { class: "cnn-caption", "aria-hidden": "true" }, text);
  const meaning = h("p", { class: "cnn-meaning" });
  const difference = h("p", { class: "cnn-difference" });
  const node = h("div", { class: "cnn-glass" },
    h("div", { class: "cnn-equation" },
      part("pixels", title("Window"), pixels), sign("×"), part("kernel", caption, kernel.node), sign("="),
      part("products", title("Products"), products), part("sum", title("Sum"), total, divisor, outcome)),
    h("div", { class: "cnn-notes" }, meaning, checkbox("flip", "Flip the kernel (true convolution)"), difference));

  let turned = start.flip;
  const fill = (s, cells, y, digits, isChosen) => {
    const found = cells.map((c) => c.product);
    const [weight, most] = [s.kernel.flat(), found].map((values) => Math.max(...values.map(Math.abs), 1));
    fillMini(pixels, cells.map((c) => c.value), (v) => (digits ? v / 9 : v / 127.5 - 1), (n) => cells[n].inside);
    fillMini(products, found, (v) => v / most);
    const weights = applied(s);
    kernel.fill(weights, (cell, i, j) => {
      cell.style.setProperty("--v", weights[i][j] / weight);
      cell.classList.toggle("is-current", isChosen && same([i, j], kernel.at));
    });
    if (s.flip !== turned && !window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      kernel.node.animate([{ transform: "rotate(-180deg)" }, { transform: "none" }], { duration: 450, easing: "ease-out" });
    }
    turned = s.flip;
    say(caption, s.flip ? "Kernel, flipped" : "Kernel");
    say(total, number(sum(found)));
    say(outcome, `= ${number(y)}`);
    outcome.hidden = s.divisor === 1;
    total.classList.toggle("is-result", s.divisor === 1);
    say(meaning, meaningSentence(s));
  };
  return { node, kernel, fill, tell: (map, s) => say(difference, differenceSentence(map, s)) };
}

// The ring of zeros around the input, drawn below it.
function paddingCells(map, s, cells) {
  const ring = [s.padding, s.padding];
  return ringCells([map.length, map[0].length], ring, ring, (i, j) => ["0", cells.some((c) => c.row === i && c.column === j) && "is-in"]);
}

// A small square of numbers that is only looked at.
function fillMini(node, values, shade, inside = () => true) {
  node.style.setProperty("--chars", Math.max(2, ...values.map((v) => number(v).length)));
  node.replaceChildren(...values.map((v, n) => {
    const cell = h("span", { class: `cnn-cell${inside(n) ? "" : " is-padding"}` }, number(v));
    cell.style.setProperty("--v", shade(v));
    return cell;
  }));
}

function render({ model, el }) {
  const ui = makeExplorer({ model, el }, { kind: "convolution", names: NAMES, fixed: ["photo"], codecs: LINK, settle: settled, draw });
  const { id, start, state, update } = ui;
  const player = makePlayer(ui, () => [y.length, y[0].length], () => draw(state()));

  // Moving the window. Each place on the way is filled.
  let held = false; // the reader is at a cell of the input: it stays the one to change
  const move = (at, from = at) => {
    const now = state();
    if (same(at, now.at) && (now.filled || now.visited.some((v) => same(v, at)))) return;
    update({ at, ...(now.filled ? {} : { visited: added(now.visited, way(from, at)) }) });
  };
  const nearest = (row, column) => { // the window whose middle is nearest to this point
    const s = state();
    const [height, width] = [y.length, y[0].length];
    const index = (v, most) => clamp(Math.round((v + s.padding - span(s) / 2) / s.stride), most - 1);
    return [index(row, height), index(column, width)];
  };
  const middle = (s) => s.at.map((n, side) =>
    clamp(n * s.stride - s.padding + Math.floor((span(s) - 1) / 2), (side ? map[0].length : map.length) - 1));

  /** The pointer, held down on a plate: act([row, column], from) with the place in cells of the plate, and the place of
  the window that it is dragged from, if any. */
  const drag = (plate, sides, act) => onDrag(plate, (event) => {
    const at = spot(event, plate);
    act(sides().map((side, axis) => at[axis] * side), event.type === "pointermove" ? state().at : undefined);
  });

  // Controls.
  const labels = (entries) => entries.map(([key, [label]]) => [key, label]);
  const pattern = ui.menu("pattern", "Input", labels(Object.entries(PATTERNS)), (key) => update({ x: PATTERNS[key][1] }), "Your own");
  const ofSide = (k) => labels(Object.entries(PRESETS).filter(([, [, weights]]) => weights.length === k));
  const preset = ui.menu("preset", "Kernel", GROUPS.map(([label, k]) => [label, ofSide(k)]), (key) => {
    const [, weights, divisor] = PRESETS[key];
    update({ kernel: weights, divisor });
  }, "Your own");
  const view = ui.radios("view", "Slide over", [["numbers", "numbers"], ["photo", "a photograph"]]);
  view.addEventListener("change", () => { if (state().view === "photo") update({ filled: true }); });
  view.hidden = !start.photo;

  // The two maps that can be changed, and the output.
  const forget = () => { for (const editor of Object.values(editors)) editor.forget(); };
  const editors = {
    input: makeEditor({ read: () => state().x, write: (x) => update({ x }), show: () => draw(state()) }),
    kernel: makeEditor({
      read: () => applied(state()), show: () => draw(state()),
      write: (weights) => update({ kernel: state().flip ? turn(weights) : weights }),
    }),
  };
  let chosen = "input"; // what the buttons −1 and +1 change
  const own = (act) => { held = true; act(); held = false; };
  const focused = (name, act) => (how, at) => {
    if (how !== "focus") return;
    forget();
    if (at && name !== "output") chosen = name;
    if (at) act(at);
    draw(state());
  };
  const caption = (name) => h("p", { class: "cnn-caption", id: id(name) });
  const captions = { input: caption("input"), output: caption("output") };
  const grids = {
    input: makeGrid("input", { "aria-labelledby": id("input"), "aria-describedby": id("help") }, {
      key: editors.input.key,
      point: focused("input", ([i, j]) => {
        if (!held && !same([i, j], middle(state()))) own(() => move(nearest(i + 0.5, j + 0.5)));
      }),
    }),
    output: makeGrid("output", { "aria-labelledby": id("output"), "aria-readonly": "true", "aria-describedby": id("help") }, {
      point: focused("output", (at) => move(at)),
    }),
  };
  const photo = makePicture("input", { role: "img", "aria-labelledby": id("input") });
  const result = makePicture("output", {
    role: "application", tabindex: "0", "aria-labelledby": id("output"), "aria-describedby": id("help"),
  }, { point: (how, at) => { if (how === "focus" && at) move(at); } });
  const [frame, frameOut] = [makeFrame(), makeFrame("output")];
  const padding = h("div", { class: "cnn-pad", "aria-hidden": "true" });
  const plate = h("div", { class: "cnn-plate cnn-plate--input" }, padding, grids.input.node, photo.node, frame.node);
  const plateOut = h("div", { class: "cnn-plate cnn-plate--output" }, grids.output.node, result.node, frameOut.node);
  drag(plate, () => [map.length, map[0].length].map((n) => n + 2 * state().padding), ([row, column], from) => own(() => {
    const p = state().padding;
    if (state().view === "numbers") grids.input.go(Math.floor(row - p), Math.floor(column - p), true);
    move(nearest(row - p, column - p), from);
    draw(state());
  }));
  drag(plateOut, () => [y.length, y[0].length], ([row, column], from) => {
    const at = [clamp(Math.floor(row), y.length - 1), clamp(Math.floor(column), y[0].length - 1)];
    move(at, from);
    if (state().view === "numbers") grids.output.go(...at, true);
  });

  const glass = makeGlass(ui, { key: editors.kernel.key, press: editors.kernel.press, point: focused("kernel", () => {}) });
  grids.kernel = glass.kernel;

  const stepper = makeStepper(id("which"), (by) => editors[chosen].bump(...grids[chosen].at, by));
  const grow = h("div", { class: "cnn-grow" }, player.key, ui.checkbox("filled", "Show all"));
  const says = h("p", { class: "cnn-says", role: "status" });
  const range = h("p", { class: "cnn-range" });
  const stage = h("div", { class: "cnn-stage" },
    h("div", { class: "cnn-side" }, captions.input, plate,
      h("div", { class: "cnn-under" }, stepper.node, ui.checkbox("reads", "Show how many windows read each pixel"))),
    h("div", { class: "cnn-arrow", "aria-hidden": "true" }, "→"),
    h("div", { class: "cnn-side cnn-side--output" }, captions.output, plateOut, grow, range),
    glass.node, says);

  const size = h("p", { class: "cnn-size", role: "status" });
  const rule = h("p", { class: "cnn-count" }, "Output side = ⌊(n + 2p − d·(k − 1) − 1)/s⌋ + 1");
  const counts = h("p", { class: "cnn-count" });
  const help = h("p", { class: "cnn-help", id: id("help") });
  const root = h("div", { class: "cnn-explorer cnn-convolution", role: "group", "aria-label": "Convolution explorer" },
    h("div", { class: "cnn-bar" }, view, pattern.field, preset.field, ui.radios("stride", "Stride", numbered(1, 3)),
      ui.radios("padding", "Padding", numbered(0, 2)), ui.radios("dilation", "Dilation", numbered(1, 2))),
    stage, h("div", { class: "cnn-words" }, rule, size, counts),
    h("div", { class: "cnn-foot" }, ui.reset, ui.link),
    help);
  for (const event of ["pointerdown", "keydown"]) {
    root.addEventListener(event, (e) => { if (!player.key.contains(e.target)) player.pause(); }, true);
  }

  // What was computed for the present map and settings, until they change.
  let map, y, shades, reads, known = [];
  let last, wasFilled; // what was drawn
  const compute = (s) => {
    const key = [map, s.kernel, s.divisor, s.stride, s.padding, s.dilation, s.flip, s.reads];
    if (key.every((v, n) => v === known[n])) return false;
    [known, y, reads] = [key, conv2d(map, s), readsOf(map, s)];
    shades = greys(y);
    const [low, high] = greyRange(y);
    say(range, s.view === "photo" ? `Black ${number(low)}, ${low < 0 ? "mid grey 0, " : ""}white ${number(high)}` : "");
    glass.tell(map, s);
    say(counts, countSentence(map, s));
    return true;
  };

  function draw(s) {
    map = mapOfState(s);
    const changed = compute(s);
    const digits = s.view === "numbers";
    const [height, width] = [y.length, y[0].length];
    const at = [clamp(s.at[0], height - 1), clamp(s.at[1], width - 1)];
    const cells = taps(map, s, ...at);
    const k = s.kernel.length;
    const seen = new Set([...s.visited, at].map(([i, j]) => i * width + j));
    const shown = (i, j) => s.filled || seen.has(i * width + j);

    root.dataset.view = s.view;
    root.classList.toggle("shows-reads", s.reads);
    root.classList.toggle("is-dilated", s.dilation > 1 && k > 1);
    pattern.field.hidden = !digits;
    pattern.show(Object.keys(PATTERNS).find((name) => same(PATTERNS[name][1], s.x)));
    preset.show(presetOf(s));
    setVariables(stage, {
      in: map[0].length + 2 * s.padding, out: width, p: s.padding, k: span(s), n: k,
      h: map.length, w: map[0].length, "out-h": height, "out-w": width,
    });
    frame.put(at.map((n) => n * s.stride));
    frameOut.put(at);

    grids.input.node.hidden = grids.output.node.hidden = !digits;
    photo.node.hidden = result.node.hidden = digits;
    if (digits) drawNumbers(s, at, cells, shown);
    else drawPictures(s, at, shown, changed);
    [last, wasFilled] = [at, s.filled];
    padding.replaceChildren(...(digits ? paddingCells(map, s, cells) : []));
    glass.fill(s, cells, y[at[0]][at[1]], digits, chosen === "kernel");
    tell(s, at, seen.size);
  }

  function drawNumbers(s, at, cells, shown) {
    const most = Math.max(...reads.flat(), 1);
    grids.input.fill(s.reads ? reads : map, (cell, i, j) => {
      cell.classList.toggle("is-unread", reads[i][j] === 0);
      cell.classList.toggle("is-in", cells.some((c) => c.row === i && c.column === j));
      if (s.reads) cell.style.setProperty("--v", reads[i][j] / most);
    });
    if (!held && !same(at, last)) grids.input.go(...middle({ ...s, at }), false);
    grids.input.each((cell, i, j) => cell.classList.toggle("is-current", chosen === "input" && same([i, j], grids.input.at)));
    const rounded = y.map((row) => row.map((v) => Math.round(10 * v) / 10));
    const largest = Math.max(...y.flat().map(Math.abs), 1);
    setVariables(stage, { chars: Math.max(2, ...rounded.flat().map((v) => number(v).length)) });
    grids.output.fill(rounded, (cell, i, j) => {
      cell.classList.toggle("is-empty", !shown(i, j));
      cell.classList.toggle("is-active", same([i, j], at));
      cell.style.setProperty("--v", y[i][j] / largest);
      cell.removeAttribute("aria-label");
      if (shown(i, j)) return;
      cell.firstChild.textContent = "";
      cell.setAttribute("aria-label", "not filled yet");
    });
    grids.output.go(...at, false);
  }

  function drawPictures(s, at, shown, changed) {
    const flat = reads.flat();
    const most = Math.max(...flat, 1);
    if (changed) photo.fill(map, s.reads ? (n, v) => HEAT.map((c) => Math.round(v + (c - v) * 0.85 * (flat[n] / most))) : undefined);
    if (changed || !s.filled || !wasFilled) {
      result.fill(shades);
      const context = result.node.getContext("2d");
      y.forEach((row, i) => row.forEach((_, j) => { if (!shown(i, j)) context.clearRect(j, i, 1, 1); }));
    }
    result.at = at;
  }

  function tell(s, at, filled) {
    const digits = s.view === "numbers";
    const [height, width] = [y.length, y[0].length];
    const sides = `${map.length}×${map[0].length}`;
    say(captions.input, s.reads ? `Windows that read each pixel, ${sides}` : digits ? `Input, ${sides}` : `Photograph, ${sides} pixels`);
    say(captions.output, `Output, ${height}×${width}${s.filled ? "" : `: ${filled} of ${height * width} filled`}`);
    stepper.node.hidden = chosen === "input" && !digits;
    const [row, column] = grids[chosen].at;
    const hidden = chosen === "input" && digits && s.reads ? `, now ${number(map[row][column])}` : ""; // the overlay covers it
    say(stepper.which, `${chosen === "input" ? "Pixel" : "Weight"} in ${place({ row, column })}${hidden}:`);
    player.fill();
    says.setAttribute("aria-live", player.plays() ? "off" : "polite");
    say(says, Object.values(editors).some((editor) => editor.waits) ? "Minus … now type a digit." : placeSentence(map, s, ...at));
    say(size, sizeSentence(map.length, map[0].length, s).replace(/⌊[^⌋]*⌋ \+ 1 = \d+/g, (rule) => rule.replaceAll(" ", "\u00a0")));
    say(help, `${digits ? "Drag the window over the input, or move it with the arrow keys there or in the output. To change a pixel, go to it and type a digit, or a minus to make it negative."
      : "Drag the window over the photograph, or move it with the arrow keys in the output."} Kernel: click or tap a weight to raise it, shift-click to lower it, or type.`);
  }

  const end = ui.run(root);
  return () => {
    player.stop();
    end();
  };
}

export default { render };
