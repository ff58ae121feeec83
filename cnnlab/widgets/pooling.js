// Pooling explorer: change the numbers of a small map, watch what a pool keeps of them.
//
// It runs as an anywidget front end in a notebook, and in a built page through a host that offers the same
// `model` (get, set, on, off, save_changes).
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-pooling                          root, role=group
//   [data-control=NAME] input[value=V]    radio buttons; NAME: view, mode, kernel, stride, padding
//   [data-control=pattern]                select of the start patterns; `own` for the reader's own numbers
//   [data-control=p]                      slider of the exponent, in .cnn-power, which also holds .cnn-curve
//   [data-control=NAME]                   checkbox; NAME: gradient and, in .cnn-more, ceil_mode, count_include_pad
//   [data-action=NAME]                    buttons; NAME: lower, raise, reset, link, more, and RULE beside .cnn-picture--RULE
//   .cnn-grid--input, .cnn-grid--output   the two maps; .cnn-share holds the gradient of an input cell
//   .is-in .is-winner .is-tied .is-reader .is-active .is-unread    states of a cell
//   .cnn-pad-cell                         cells around the map, hidden from screen readers; text in data-value;
//                                         .is-beyond where a window of ceil mode hangs over
//   .cnn-frame                            outline of the window, [hidden] if there is none
//   .cnn-picture--input, .cnn-picture--output             canvases of the photograph and of the pooled one
//   .cnn-size, .cnn-count, .cnn-ring      sentences: size, number of values, what lies beyond the border

import {
  SEVEN, between, button, decode, encode, h, makeEditor, makeExplorer, makeFrame, makeGrid, makePicture, makeStepper, mapOf, mark,
  markPath, number, numbered, oneOf, place, plural, ringCells, rowsOf, same, say, setVariables, svg, tabulate, times,
} from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Arithmetic. Maps are arrays of rows; `s` holds mode ("max", "average", "lp" or "blur"), kernel, stride, padding,
// p, ceil_mode and count_include_pad.

/** Along one side: the number of windows, and how many cells before and after the map they reach. */
export function along(size, { mode, kernel, stride, padding, ceil_mode }) {
  const blur = mode === "blur";
  const before = blur ? Math.floor((kernel - 1) / 2) : padding;
  const room = size + 2 * padding - kernel;
  let count = blur ? Math.ceil(size / stride) : Math[ceil_mode ? "ceil" : "floor"](room / stride) + 1;
  if (ceil_mode && (count - 1) * stride >= size + padding) count -= 1; // it would begin beyond the map
  const end = (count - 1) * stride + kernel - before - size;
  return { count, before, after: Math.max(blur ? 0 : padding, end) };
}

/** Number of windows along one side. */
export const outputSize = (size, s) => along(size, s).count;

// Pixel that the place n of a side shows: itself, its mirror image for blur, or none.
const pixel = (n, size, s) => {
  if (n >= 0 && n < size) return n;
  return s.mode === "blur" ? (n < 0 ? -n : 2 * (size - 1) - n) : -1;
};

const PASCAL = [[], [1], [1, 1], [1, 2, 1], [1, 3, 3, 1]]; // weights of a blur along one side

/** Cells of the window of output (i, j) in reading order. `from` is the input cell that is read there, null in the
padding, which counts as −∞ for max and 0 for average. What hangs over the padding (ceil mode) is left out. */
export function windowCells(x, s, i, j) {
  const [height, width] = [x.length, x[0].length];
  const { before } = along(height, s);
  const most = s.mode === "blur" ? Infinity : s.padding;
  const cells = [];
  for (let a = 0; a < s.kernel; a++) {
    const row = i * s.stride - before + a;
    const r = pixel(row, height, s);
    for (let b = 0; b < s.kernel; b++) {
      const column = j * s.stride - before + b;
      if (row >= height + most || column >= width + most) continue;
      const c = pixel(column, width, s);
      const from = r < 0 || c < 0 ? null : [r, c];
      cells.push({
        row, column, from, inside: from !== null && r === row && c === column,
        value: from ? x[r][c] : s.mode === "max" ? -Infinity : 0,
        weight: s.mode === "blur" ? PASCAL[s.kernel][a] * PASCAL[s.kernel][b] : 1,
      });
    }
  }
  return cells;
}

/** The first cell with the largest value, as torch chooses it on the CPU. */
export function winnerOf(cells) {
  return cells.reduce((best, cell) => (cell.value > best.value ? cell : best));
}

/** Power mean of the sizes of some numbers: their average at p = 1, near to the largest for a large p. */
export function powerMean(values, p) {
  let [most, total] = [0, 0];
  for (const v of values) most = Math.max(most, Math.abs(v));
  if (most === 0) return 0;
  for (const v of values) total += (Math.abs(v) / most) ** p;
  return most * (total / values.length) ** (1 / p);
}

const valuesOf = (cells) => cells.map((cell) => cell.value);
const sum = (cells) => cells.reduce((total, cell) => total + cell.weight * cell.value, 0);

// What the (weighted) sum of a window is divided by.
const divisor = (cells, s) => {
  if (s.mode === "blur") return 4 ** (s.kernel - 1);
  return s.count_include_pad === false ? cells.filter((cell) => cell.inside).length : cells.length;
};

const pooled = (cells, s) => {
  if (s.mode === "max") return winnerOf(cells).value;
  if (s.mode === "lp") return powerMean(valuesOf(cells), s.p);
  return sum(cells) / divisor(cells, s);
};

/** What each cell of a window gets back of a gradient of 1. */
export function sharesOf(cells, s) {
  if (s.mode === "max") {
    const winner = winnerOf(cells);
    return cells.map((cell) => (cell === winner ? 1 : 0));
  }
  if (s.mode === "lp") {
    const y = pooled(cells, s);
    if (y === 0) return cells.map(() => 0); // a kink, as at 0 of |x|
    return cells.map(({ value }) => ((value < 0 ? -1 : 1) * (Math.abs(value) / y) ** (s.p - 1)) / cells.length);
  }
  return cells.map((cell) => cell.weight / divisor(cells, s));
}

const mapOutput = (x, s, f) =>
  tabulate(outputSize(x.length, s), outputSize(x[0].length, s), (i, j) => f(windowCells(x, s, i, j), i, j));

/** Pooled map. */
export const pool2d = (x, s) => mapOutput(x, s, (cells) => pooled(cells, s));

/** Gradient of the input, given the gradient of the output. */
export function poolBackward(x, gradOutput, s) {
  const grad = x.map((row) => row.map(() => 0));
  mapOutput(x, s, (cells, i, j) => {
    const shares = sharesOf(cells, s);
    cells.forEach(({ from }, n) => { if (from) grad[from[0]][from[1]] += shares[n] * gradOutput[i][j]; });
  });
  return grad;
}

/** For each input cell, the outputs [i, j] that read it. */
export function readersOf(x, s) {
  const readers = x.map((row) => row.map(() => []));
  mapOutput(x, s, (cells, i, j) => {
    for (const { from } of cells) {
      const list = from && readers[from[0]][from[1]];
      if (list && !list.some((r) => r[0] === i && r[1] === j)) list.push([i, j]); // blur reads some twice
    }
  });
  return readers;
}

// How many of the pixels of one side are in some window.
const read = (size, s) => {
  const { count, before } = along(size, s);
  const seen = new Set();
  for (let i = 0; i < count; i++) for (let a = 0; a < s.kernel; a++) seen.add(pixel(i * s.stride - before + a, size, s));
  seen.delete(-1);
  return seen.size;
};

/** The output [i, j] worth a first look: one whose window hangs over, if any does; among these, the one with the most
unequal sizes. */
export function widest(x, s) {
  let [found, most] = [[0, 0], -1];
  mapOutput(x, s, (cells, i, j) => {
    const values = valuesOf(cells.filter((cell) => cell.inside));
    const gap = Math.max(...values.map(Math.abs)) - powerMean(values, 1) + 999 * (cells.length < s.kernel ** 2);
    if (gap > most) [found, most] = [[i, j], gap];
  });
  return found;
}

/** The settings that a rule can have: Lp has no padding, blur mirrors the map and knows no ceil mode. */
export function settled(s) {
  const most = s.mode === "max" || s.mode === "average" ? Math.floor(s.kernel / 2) : 0;
  return { ...s, padding: Math.min(s.padding, most), ceil_mode: s.ceil_mode && s.mode !== "blur" };
}

// ---------------------------------------------------------------------------------------------
// Words.

export function sizeSentence(height, width, s) {
  const rule = (n) => {
    const { count } = along(n, s);
    if (s.mode === "blur") return `⌈${n}/${s.stride}⌉ = ${count}`;
    const room = `(${n}${s.mode === "lp" ? "" : ` + 2·${s.padding}`} − ${s.kernel})/${s.stride}`;
    if (!s.ceil_mode) return `⌊${room}⌋ + 1 = ${count}`;
    const up = Math.ceil((n + 2 * s.padding - s.kernel) / s.stride) + 1;
    return up === count ? `⌈${room}⌉ + 1 = ${count}` : `⌈${room}⌉ + 1 = ${up}, less 1 that would begin beyond the border: ${count}`;
  };
  const sizes = `${height}×${width} → ${outputSize(height, s)}×${outputSize(width, s)}`;
  return height === width
    ? `${sizes}: ${rule(height)}`
    : `${sizes}: rows ${rule(height)}, columns ${rule(width)}`;
}

export function countSentence(x, s) {
  const values = x.length * x[0].length;
  const kept = outputSize(x.length, s) * outputSize(x[0].length, s);
  const unread = values - read(x.length, s) * read(x[0].length, s);
  const rest =
    unread === 0 ? "" : ` ${unread} of the ${values} ${unread === 1 ? "is" : "are"} in no window and never read.`;
  return `${values} values in, ${kept} out.${rest}`;
}

/** What lies beyond the border; for Lp, how torch counts. */
export function noteSentence(x, s) {
  const sides = [along(x.length, s), along(x[0].length, s)];
  const notes = [];
  if (s.mode === "lp") {
    const n = s.kernel ** 2;
    const negative = x.flat().some((v) => v < 0);
    notes.push(negative
      ? "Of a negative value the power mean takes the size, |x|; as p grows, it nears the largest size."
      : "At p = 1 the power mean is the average; as p grows, it nears the maximum.");
    if (negative && s.p % 2 === 1) {
      notes.push(`LPPool2d, as in torch, keeps the signs at an odd p: in its sum, x^p of opposite signs cancel${s.p === 1 ? "" : ", and a negative sum gives NaN"}.`);
    } else if (negative && s.p % 2) notes.push("LPPool2d, as in torch, gives NaN for a negative value where p is not a whole number.");
    else notes.push(`LPPool2d, as in torch, does not divide by ${n}: its outputs are ${n}^(1/p) = ${number(n ** (1 / s.p))} times as large.`);
    notes.push("It has no padding.");
  } else if (s.mode === "blur") {
    if (s.kernel === 1) notes.push("A window of 1 blurs nothing: only the stride is left.");
    else if (sides.some((side) => side.before || side.after)) notes.push("Beyond the border the map is mirrored.");
  } else if (s.padding > 0) {
    if (s.mode === "max") notes.push("The padding is −∞, not 0: a 0 would win where all values are negative.");
    else if (s.count_include_pad === false) notes.push("The padding does not count: a window is divided by the number of real values in it.");
    else notes.push("The padding is 0, and its zeros count in the average.");
  }
  if (s.ceil_mode) {
    notes.push(sides.some((side) => side.after > s.padding)
      ? "Ceil mode: the last windows hang over, and what lies there (hatched) does not count."
      : "Ceil mode changes nothing here.");
  }
  return notes.join(" ");
}

export function poolSentence(x, s, i, j) {
  const cells = windowCells(x, s, i, j);
  const list = valuesOf(cells).map((v) => number(v)).join(", ");
  const notes = [];
  if (cells.some((cell) => !cell.inside)) {
    notes.push({ max: "−∞ is padding", blur: "the map is mirrored at its border" }[s.mode]
      ?? `the zeros of the padding ${s.count_include_pad === false ? "do not count" : "count"}`);
  }
  const missing = s.kernel ** 2 - cells.length;
  if (missing) notes.push(`${missing} of its ${s.kernel ** 2} cells ${missing === 1 ? "hangs" : "hang"} over the border`);
  const note = notes.length ? ` (${notes.join("; ")})` : "";
  const y = pooled(cells, s);
  if (s.mode === "max") {
    const [winner, ties] = [winnerOf(cells), tiedWith(cells).length];
    const tie = ties ? `. It stands there ${times(ties + 1)}; the first in reading order wins: ${place(winner)}` : "";
    return `max of ${list} = ${number(y)}${note}${tie}`;
  }
  if (s.mode === "lp") {
    const sizes = valuesOf(cells).map(Math.abs);
    const signs = cells.some((cell) => cell.value < 0) ? ", without signs," : "";
    return `power mean of ${list}${signs} with p = ${number(s.p)}: ${number(y)}${note}, between their average ${number(powerMean(sizes, 1))} and their maximum ${number(Math.max(...sizes))}`;
  }
  const total = `${number(sum(cells))}/${divisor(cells, s)} = ${number(y)}${note}`;
  if (s.mode === "average") return `average of ${list} = ${total}`;
  return `blur: (${cells.map((cell) => `${cell.weight}·${number(cell.value)}`).join(" + ")})/${divisor(cells, s)} = ${total}`;
}

export function gradientSentence(x, s, i, j) {
  const cells = windowCells(x, s, i, j);
  const shares = sharesOf(cells, s);
  const start = "A gradient of 1 goes back";
  const padded = cells.some((cell) => !cell.inside);
  if (s.mode === "average") {
    const lost = padded && s.count_include_pad !== false ? " What falls on the padding is lost." : "";
    return `${start} in equal parts: 1/${divisor(cells, s)} to each.${lost}`;
  }
  if (s.mode === "blur") {
    const [least, most] = [Math.min(...shares), Math.max(...shares)].map((share) => shareText(share, s));
    const how = least === most ? `${most} to each` : `${most} in the middle, ${least} in the corners`;
    return `${start} with the weights of the blur: ${how}.${padded ? " What falls on a mirror image goes to the cell it shows." : ""}`;
  }
  if (s.mode === "lp") {
    const sizes = valuesOf(cells).map(Math.abs);
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
    if (most === 0) {
      return `Nothing goes back: where all values are 0, the power mean has a kink, and torch sends 0 there${s.p === 1 ? `, though an average would send 1/${cells.length} to each` : ""}.`;
    }
    const part = (size) => number(Math.abs(shares[sizes.indexOf(size)]));
    const minus = shares.some((share) => share < 0) ? " Negative values get theirs with a minus." : "";
    if (least === most || s.p === 1) return `${start} in equal parts: ${part(most)} to each.${minus}`;
    const few = (size, what) => {
      const n = sizes.filter((v) => v === size).length;
      return n === 1 ? `to the ${what}` : `to each of the ${n} ${what}`;
    };
    return `${start} by size, (|x|/y)^(p−1)/${cells.length}: ${part(most)} ${few(most, "largest")}, ${part(least)} ${few(least, "smallest")}.${minus}`;
  }
  const [winner, ties] = [winnerOf(cells), tiedWith(cells).length];
  const which = ties ? "this first one alone" : `the ${number(winner.value)} at ${place(winner)}`;
  return `${start} to ${which}; the others get 0.`;
}

// Cells as large as the winner that do not win.
const tiedWith = (cells) => {
  const winner = winnerOf(cells);
  return cells.filter((cell) => cell !== winner && cell.value === winner.value);
};

export function inputSentence(x, s, row, column) {
  const readers = readersOf(x, s)[row][column];
  const start = `${number(x[row][column])} at ${place({ row, column })} is`;
  const n = readers.length;
  if (n === 0) return `${start} in no window: it is never read.`;
  const where = `${start} in ${plural(n, "window")}`;
  const each = readers.map(([i, j]) => {
    const cells = windowCells(x, s, i, j);
    const here = cells.map(({ from }) => from && from[0] === row && from[1] === column);
    if (s.mode !== "lp") return sharesOf(cells, s).reduce((total, share, m) => total + (here[m] ? share : 0), 0);
    const y = powerMean(valuesOf(cells), s.p);
    return y === 0 ? 0 : (Math.abs(x[row][column]) / y) ** s.p / cells.length;
  });
  if (s.mode === "max") {
    const wins = each.filter((share) => share === 1).length;
    if (n === 1) return `${where}, and ${wins ? "wins there" : "does not win there"}.`;
    return `${where}, and wins in ${wins === 0 ? "none" : wins}.`;
  }
  const text = (share) => (s.mode === "lp" ? `${number(100 * share, 0)}%` : shareText(share, s));
  const ends = [Math.min(...each), Math.max(...each)].map(text);
  const part = ends[0] === ends[1] ? ends[0] : `from ${ends[0]} to ${ends[1]}`;
  if (s.mode === "lp") return `${where} and makes up ${part} of the sum of powers${n === 1 ? "" : " in each"}.`;
  return `${where} and counts ${part} in ${n === 1 ? "it" : "each"}.`;
}

/** What a rule does to a photograph. */
export function ruleSentence(s) {
  const window = `its ${s.kernel}×${s.kernel} window`;
  if (s.kernel === 1) return s.stride === 1 ? "A window of one pixel, stride 1: nothing changes." : `A window of one pixel: each pixel is one of ${s.stride ** 2}, and the others are thrown away.`;
  if (s.stride > s.kernel) {
    const what = { max: "brightest", average: "mean", lp: "power mean", blur: s.kernel === 2 ? "mean" : "weighted mean" }[s.mode];
    const between = `${s.stride ** 2 - s.kernel ** 2} of ${s.stride ** 2} pixels`;
    return `Each new pixel is the ${what} of ${window}. The stride is larger: ${between} lie between the windows and are never read.`;
  }
  return {
    max: `Each new pixel is the brightest of ${window}: bright details grow, dark ones vanish.`,
    average: `Each new pixel is the mean of ${window}: fine details fade into grey.`,
    lp: `Each new pixel is the power mean of ${window}: at p = 1 the mean, and for a large p nearly the brightest.`,
    blur: s.kernel === 2 ? `Each new pixel is the mean of ${window}.` : `Each new pixel is a mean of ${window} in which the middle counts most.`,
  }[s.mode];
}

/** A share of the gradient: in parts of the whole where a window has such parts, else with two digits. */
export function shareText(v, s) {
  const parts = { average: s.kernel ** 2, blur: 4 ** (s.kernel - 1) }[s.mode] ?? 1;
  const n = Math.round(v * parts);
  if (Math.abs(n - v * parts) > 1e-9) return number(v);
  return n % parts === 0 ? number(n / parts) : `${n}/${parts}`;
}

// ---------------------------------------------------------------------------------------------
// Start patterns.

const eight = (f) => tabulate(8, 8, f);
export const PATTERNS = {
  seven: ["Handwritten seven", SEVEN],
  dot: ["One bright dot", eight((i, j) => (i === 3 && j === 4 ? 9 : 0))],
  bright: ["Thin bright line", eight((i, j) => (j === 3 ? 9 : 1))],
  dark: ["Thin dark line", eight((i, j) => (j === 3 ? 0 : 8))],
  edge: ["Edge", eight((i, j) => (j < 3 ? 1 : 8))],
  checkerboard: ["Checkerboard", eight((i, j) => ((i + j) % 2 ? 9 : 0))],
  negative: ["Negative values", eight((i, j) => -1 - ((3 * i * i + 5 * j + 2 * i * j) % 9))],
  ties: ["Ties", rowsOf("6 6 3 8 5 1 4 4/1 2 1 8 2 5 4 4/7 7 2 9 5 5 1 1/7 0 9 3 5 5 6 6/" // of two, three and four
    + "0 0 3 3 8 2 5 7/0 0 3 1 8 4 7 5/4 1 9 9 6 0 2 2/4 4 9 9 0 6 1 0")],
  odd: ["Odd size, 7×7", tabulate(7, 7, (i, j) => Math.min(i, j) + 1)],
  empty: ["All zeros", eight(() => 0)],
};

// ---------------------------------------------------------------------------------------------
// Drawing.

const NAMES = ["x", "photo", "view", "mode", "kernel", "stride", "padding", "p", "ceil_mode", "count_include_pad", "gradient"];
const RULES = { max: "max", average: "average", lp: "Lp", blur: "blur" };
const HUES = { max: [213, 94, 0], average: [0, 114, 178], lp: [157, 68, 152], blur: [204, 121, 167] };
const POWERS = 6; // the exponent runs from 1 to 2 to the power of this

// A link made before a setting existed lacks it: then it is `otherwise`.
const orElse = (codec, otherwise) => ({ ...codec, read: (text) => (text === "" ? otherwise : codec.read(text)) });
const exponent = {
  write: String,
  read: (text) => (Number(text) >= 1 && Number(text) <= 2 ** POWERS ? Number(text) : undefined),
};

/** What a link carries: view=numbers&mode=average&kernel=3&...&x=jjs.jjk (a cell is a letter, −9 = a, 9 = s). */
const LINK = {
  view: oneOf("numbers", "photo"), mode: oneOf(...Object.keys(RULES)),
  kernel: between(1, 4), stride: between(1, 4), padding: between(0, 2), p: orElse(exponent, 2),
  ceil_mode: orElse(oneOf(false, true), false), count_include_pad: orElse(oneOf(false, true), true),
  gradient: oneOf(false, true), x: mapOf(4, 10),
};
export const encodeState = (state) => encode(state, LINK);
export const decodeState = (text) => decode(text, LINK);

// The exponent p: the power mean of one window as a curve above the slider, and the formula.
function makePower({ slider }) {
  const field = slider("p", "Exponent p", {
    min: 0, max: POWERS, step: 0.1, words: (p) => `p = ${number(p)}`,
    toPlace: Math.log2, fromPlace: (v) => Number((2 ** v).toPrecision(3)),
  });
  const curve = svg("svg", { class: "cnn-curve", viewBox: "0 0 240 78", "aria-hidden": "true" });
  const curveOf = h("span", { class: "cnn-curve-of" });
  field.querySelector("input").before(curve);
  const node = h("div", { class: "cnn-power" }, field, h("p", {},
    h("span", { class: "cnn-formula" }, "y = (mean of |x|", h("sup", {}, "p"), ")", h("sup", {}, "1/p")), curveOf));
  const fill = (values, p, [row, column]) => {
    curve.replaceChildren(...curveParts(values, p));
    say(curveOf, ` for output ${place({ row, column })}`);
  };
  return { node, fill };
}

// The power mean of some values against p, from their average to their maximum. It stands above a slider whose thumb
// travels from 8 to 232.
function curveParts(values, p) {
  const [low, high] = [powerMean(values, 1), Math.max(...values.map(Math.abs))];
  const across = (t) => 8 + (224 * t) / POWERS;
  const up = (v) => (high > low ? 58 - (44 * (v - low)) / (high - low) : 36);
  const points = Array.from({ length: 61 }, (_, n) => [across(n / 10), up(powerMean(values, 2 ** (n / 10)))]);
  const here = [across(Math.log2(p)), up(powerMean(values, p))];
  const text = (x, y, anchor, words) => svg("text", { x, y, "text-anchor": anchor }, words);
  const line = (kind, ...places) => svg("polyline", { class: kind, points: places.map((place) => place.join(",")).join(" ") });
  const end = (rule, x, y) => svg("path", { class: `is-${rule}`, d: markPath(rule, 5.6), transform: `translate(${x} ${y})` });
  return [
    line("is-limit", [8, up(high)], [232, up(high)]), line("is-now", here, [here[0], 78]), line("is-curve", ...points),
    end("average", 8, up(low)), end("max", 232, up(high)),
    text(8, up(low) + 16, "start", `average ${number(low)}`), text(224, up(high) - 5, "end", `maximum ${number(high)}`),
    svg("circle", { class: "is-here", cx: here[0], cy: here[1], r: 5 }),
  ];
}

// The four rules side by side, for a photograph; each is pooled anew when its settings change.
function makeThumbs({ update }) {
  const thumbs = Object.entries(RULES).map(([rule, name]) => {
    const picture = makePicture(rule, { "aria-hidden": "true" });
    const key = button(rule, picture.node, () => update({ mode: rule }), { class: "cnn-button cnn-thumb" });
    key.append(h("span", {}, mark(rule), ` ${name}`));
    return { rule, picture, key, drawn: "" };
  });
  const fill = (map, y, s) => {
    for (const thumb of thumbs) {
      const own = settled({ ...s, mode: thumb.rule });
      const key = JSON.stringify({ ...own, x: 0, photo: 0, gradient: 0, p: thumb.rule === "lp" && s.p });
      if (key !== thumb.drawn) thumb.picture.fill(thumb.rule === s.mode ? y : pool2d(map, own));
      thumb.drawn = key;
      thumb.key.setAttribute("aria-pressed", String(thumb.rule === s.mode));
    }
  };
  const label = "The four rules, at this window and stride";
  return { fill, node: h("div", { class: "cnn-all", role: "group", "aria-label": label }, ...thumbs.map(({ key }) => key)) };
}

// Settings that few need, behind a key.
function makeMore({ id, checkbox }) {
  const ceil = checkbox("ceil_mode", "Ceil mode: windows may hang over");
  const count = checkbox("count_include_pad", "Count the padding in the average");
  const node = h("div", { class: "cnn-more", id: id("more") }, ceil, count);
  const open = (yes) => {
    node.hidden = !yes;
    key.setAttribute("aria-expanded", String(yes));
  };
  const key = button("more", "More", () => open(node.hidden), { "aria-controls": id("more") });
  open(false);
  const fill = (s) => {
    count.hidden = s.mode !== "average" || s.padding === 0;
    key.hidden = s.mode === "blur";
    if (s.mode === "blur") open(false);
    else if (s.ceil_mode || !(count.hidden || s.count_include_pad)) open(true); // what is on is seen
  };
  return { key, node, fill };
}

// The stage: input, arrow, output. `editor` changes the input, and point(side)(how, at) hears what is pointed at.
function makeStage({ id }, editor, point, says) {
  const caption = (name) => h("p", { class: "cnn-caption", id: id(name) });
  const captions = { input: caption("input"), output: caption("output") };
  const input = makeGrid("input", { "aria-labelledby": id("input"), "aria-describedby": id("help") }, {
    key: editor.key, press: editor.press, point: (how, at) => { editor.forget(); point("input")(how, at); },
  });
  const output = makeGrid("output", { "aria-labelledby": id("output"), "aria-readonly": "true", "aria-describedby": id("help-output") }, { point: point("output") });
  const photo = makePicture("input", { role: "img", "aria-labelledby": id("input") });
  const pooledPhoto = makePicture("output", {
    role: "application", tabindex: "0", "aria-labelledby": id("output"), "aria-describedby": id("help-output"),
  }, { point: point("output") });
  const padding = h("div", { class: "cnn-pad", "aria-hidden": "true" });
  const [frame, frameOut] = [makeFrame(), makeFrame("output")];
  const arrow = h("div", { class: "cnn-arrow", "aria-hidden": "true" });
  const whichCell = h("span");
  const stepper = makeStepper(id("which"), (by) => editor.bump(...input.at, by), h("span", { class: "cnn-change" }, "Change "), whichCell);
  const node = h("div", { class: "cnn-stage" },
    h("div", { class: "cnn-side" }, captions.input, h("div", { class: "cnn-plate" }, padding, input.node, photo.node, frame.node), stepper.node),
    says, arrow,
    h("div", { class: "cnn-side cnn-side--output" }, captions.output,
      h("div", { class: "cnn-plate cnn-plate--output" }, output.node, pooledPhoto.node, frameOut.node)));

  // What depends on the state: maps, sizes, padding, captions.
  const fill = (map, y, readers, s) => {
    const numbers = s.view === "numbers";
    const [down, across] = [along(map.length, s), along(map[0].length, s)];
    const scale = numbers ? 1 : s.stride; // a pooled pixel as large as the place it stands for
    setVariables(node, {
      p: down.before, k: s.kernel, h: map.length, w: map[0].length, "out-h": y.length, "out-w": y[0].length,
      in: map[0].length + across.before + across.after, tall: map.length + down.before + down.after,
      right: across.after, below: down.after, out: y[0].length * scale, scale,
    });
    for (const [grid, picture] of [[input, photo], [output, pooledPhoto]]) {
      grid.node.hidden = !numbers;
      picture.node.hidden = numbers;
    }
    stepper.node.hidden = !numbers;
    if (numbers) {
      input.fill(map, (cell, i, j) => cell.classList.toggle("is-unread", readers[i][j].length === 0));
      output.fill(y);
    } else pooledPhoto.fill(y);
    padding.replaceChildren(...(numbers ? borderCells(map, s, down, across) : []));
    say(captions.input, `${numbers ? "Input" : "Photograph"}, ${map.length}×${map[0].length}`);
    say(captions.output, `${numbers ? "Output" : "Pooled"}, ${y.length}×${y[0].length}${scale === 1 ? "" : ", enlarged"}`);
    arrow.replaceChildren(mark(s.mode), ` ${RULES[s.mode]}`, h("span", { class: "cnn-arrow-line" }));
  };

  // The window of the output `at`, or null for none.
  const frameAt = (at, stride) => {
    frame.node.hidden = frameOut.node.hidden = at === null;
    if (at === null) return;
    frame.put(at.map((n) => n * stride));
    frameOut.put(at);
  };

  // The photograph, with its gradient as a colour where there is one.
  const tint = (map, gradient, mode) => {
    const flat = gradient?.flat();
    const most = flat?.reduce((a, b) => Math.max(a, b), 0);
    photo.fill(map, flat ? (n, v) => HUES[mode].map((c) => {
      const a = most > 0 ? (0.75 * flat[n]) / most : 0;
      return Math.round(a * c + (1 - a) * v);
    }) : undefined);
  };

  // The cells of a window and of its readers; `grad` has the shares of the gradient, null where none are shown.
  const dress = (s, { cells, active, seen, grad }) => {
    const has = (list, i, j) => list.some((c) => c.inside && c.row === i && c.column === j);
    const max = s.mode === "max" && cells.length > 0;
    const [winner, tied] = max ? [[winnerOf(cells)], tiedWith(cells)] : [[], []];
    const toggle = (cell, classes) => { for (const [name, on] of Object.entries(classes)) cell.classList.toggle(name, on); };
    input.each((cell, i, j) => {
      toggle(cell, {
        "is-in": has(cells, i, j), "is-winner": has(winner, i, j), "is-tied": has(tied, i, j), "is-current": same([i, j], input.at),
        "has-share": grad !== null && (grad[i][j] !== 0 || has(tied, i, j)),
      });
      cell.lastChild.textContent = grad ? shareText(grad[i][j], s) : "";
    });
    output.each((cell, i, j) => {
      toggle(cell, { "is-reader": seen.some((at) => same(at, [i, j])), "is-active": same(active, [i, j]) });
    });
    say(whichCell, `${place({ row: input.at[0], column: input.at[1] })}:`);
  };
  return { node, fill, frameAt, tint, dress };
}

// The cells around the input, drawn below it: −∞ for max, 0 for average, the mirrored map for blur; and, where
// windows of ceil mode hang over the border, nothing.
function borderCells(map, s, down, across) {
  const [height, width] = [map.length, map[0].length];
  return ringCells([height, width], [down.before, across.before], [down.after, across.after], (i, j) => {
    if (s.mode !== "blur" && (i >= height + s.padding || j >= width + s.padding)) return ["", "is-beyond"];
    return [number({ max: -Infinity, average: 0, blur: map[pixel(i, height, s)]?.[pixel(j, width, s)] }[s.mode])];
  });
}

function render({ model, el }) {
  const settle = (changes, next) => {
    const { padding, ceil_mode } = settled(next);
    const view = next.photo ? next.view : "numbers";
    return { ...changes, padding, ceil_mode, view };
  };
  const ui = makeExplorer({ model, el }, { kind: "pooling", names: NAMES, fixed: ["photo"], codecs: LINK, settle, draw });
  const { id, start, state, update } = ui;

  // The pointed-at cell: the pointer goes before the keyboard focus. `kept` is the output pointed at last.
  const pointed = { hover: null, focus: null };
  let kept = null;
  const point = (side) => (how, at) => {
    pointed[how] = at && { side, at };
    show();
  };

  const view = ui.radios("view", "Pool", [["numbers", "numbers"], ["photo", "a photograph"]]);
  view.hidden = !start.photo;
  const pattern = ui.menu("pattern", "Pattern", Object.entries(PATTERNS).map(([key, [label]]) => [key, label]),
    (key) => update({ x: PATTERNS[key][1], view: "numbers" }), "Your own numbers");
  const padding = ui.radios("padding", "Padding, at most half the window", numbered(0, 2), {
    allowed: (padding, { kernel }) => padding <= kernel / 2,
  });
  const more = makeMore(ui);
  const power = makePower(ui);
  const editor = makeEditor({ read: () => state().x, write: (x) => update({ x }), show: () => show() });
  const says = h("p", { class: "cnn-says", role: "status" });
  const stage = makeStage(ui, editor, point, says);
  const thumbs = makeThumbs(ui);
  const size = h("p", { class: "cnn-size", role: "status" });
  const count = h("p", { class: "cnn-count" });
  const ring = h("p", { class: "cnn-ring" });
  const help = h("span", { id: id("help") }, "Input: click or tap a cell to raise it, shift-click to lower it; or go there with the arrow keys and type a digit, or a minus to make it negative. ");
  const helpOutput = h("span", { id: id("help-output") });
  const root = h("div", { class: "cnn-explorer cnn-pooling", role: "group", "aria-label": "Pooling explorer" },
    h("div", { class: "cnn-bar" }, view, pattern.field,
      ui.radios("mode", "Rule (Lp: power mean)", Object.entries(RULES).map(([rule, name]) => [rule, name, rule])),
      ui.radios("kernel", "Window", numbered(1, 4)), ui.radios("stride", "Stride", numbered(1, 4)), padding, more.key),
    more.node, power.node, stage.node, thumbs.node,
    h("div", { class: "cnn-words" }, size, count, ring),
    h("div", { class: "cnn-foot" },
      ui.checkbox("gradient", "Show where the gradient goes"), ui.reset, ui.link),
    h("p", { class: "cnn-help" }, help, helpOutput));

  // What depends on the state.
  let map, y, readers, backward;
  let first = {}; // the window to show before one is pointed at
  function draw(s) {
    const numbers = s.view === "numbers";
    map = numbers ? s.x : s.photo;
    y = pool2d(map, s);
    readers = numbers ? readersOf(map, s) : null;
    backward = s.gradient ? poolBackward(map, y.map((row) => row.map(() => 1)), s) : null;
    const places = JSON.stringify([s.view, numbers && map, s.mode === "blur", s.kernel, s.stride, s.padding, s.ceil_mode]);
    if (places !== first.places) first = { places, at: widest(map, s) };
    root.dataset.mode = s.mode;
    root.dataset.view = s.view;
    setVariables(root, { "toward-max": `${(100 * Math.log2(s.p)) / POWERS}%` });
    root.classList.toggle("shows-gradient", s.gradient);
    pattern.field.hidden = !numbers;
    pattern.show(Object.keys(PATTERNS).find((key) => same(PATTERNS[key][1], s.x)));
    power.node.hidden = s.mode !== "lp";
    padding.hidden = s.mode === "lp" || s.mode === "blur";
    more.fill(s);
    stage.fill(map, y, readers, s);
    help.hidden = !numbers;
    thumbs.node.hidden = numbers;
    if (!numbers) thumbs.fill(map, y, s);
    say(size, sizeSentence(map.length, map[0].length, s));
    say(count, countSentence(map, s));
    say(ring, noteSentence(map, s));
    say(helpOutput, `${numbers ? "Output: point at a cell" : "Pooled photograph: point at a pixel"}, tap it, or go there with the arrow keys, to see its window.`);
    show();
  }

  // What also depends on the cell pointed at.
  function show() {
    const s = state();
    const numbers = s.view === "numbers";
    const fits = ([i, j], values) => i < values.length && j < values[0].length;
    const target = pointed.hover ?? pointed.focus;
    let [side, at] = [null, [0, 0]];
    if (target && (target.side === "output" ? fits(target.at, y) : numbers && fits(target.at, map))) ({ side, at } = target);
    if (side === "output") kept = at;
    const shown = kept && fits(kept, y) ? kept : first.at;
    const idle = side === null;
    if (idle && !s.gradient) [side, at] = ["output", shown]; // nobody points: show one window all the same
    const active = side === "output" ? at : null;

    stage.frameAt(active, s.stride);
    if (s.mode === "lp") power.fill(valuesOf(windowCells(map, s, ...shown)), s.p, shown);
    if (!numbers) stage.tint(map, backward, s.mode);
    else {
      stage.dress(s, {
        active, cells: active ? windowCells(map, s, ...active) : [], seen: side === "input" ? readers[at[0]][at[1]] : [],
        // Gradient of the input, in shares: of the one output pointed at, or of all of them together.
        grad: active && s.gradient ? poolBackward(map, tabulate(y.length, y[0].length, (i, j) => Number(same([i, j], active))), s) : backward,
      });
    }
    say(says, sentence(s, side, at, idle));
  }

  // What is said of the cell pointed at; or, where nobody points, of the whole.
  function sentence(s, side, at, idle) {
    const numbers = s.view === "numbers";
    if (side === "input") return editor.waits ? "Minus … now type a digit." : inputSentence(map, s, ...at);
    if (side === "output" && (numbers || !idle)) {
      return poolSentence(map, s, ...at) + (s.gradient ? `. ${gradientSentence(map, s, ...at)}` : "");
    }
    if (!s.gradient) return `${ruleSentence(s)} Point at a pixel of the pooled photograph, or tap it, to see its window.`;
    return numbers ? "Below each number: the gradient it gets when every output sends back 1."
      : "Coloured: the pixels that get a gradient when every output sends back 1; the stronger the colour, the more.";
  }

  return ui.run(root);
}

export default { render };
