// Shift explorer: drag a picture on a ring, watch how five ways of making its map smaller follow.
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-shift                            root, role=group
//   [data-control=NAME]                   picture (select); features, depth, measure (radio buttons)
//   [data-action=NAME]                    buttons; NAME: left, up, down, right, home, reset, link
//   .cnn-picture--moved                   the picture, to be dragged; takes the arrow keys
//   .cnn-way[data-rule=RULE]              one of the five: .cnn-way-error its number, .cnn-picture--map and
//                                         .cnn-picture--difference, .cnn-way-moved what is compared
//   .cnn-global[data-global=NAME]         its global average or max; [data-same] says whether it has stayed
//   .cnn-plot                             the curves, a click or a drag chooses dx; .cnn-curve[data-rule=RULE]

import {
  between, button, decode, encode, h, makeExplorer, makeMovable, makePicture, mark, markPath, number, onDrag, oneOf, percent, plural,
  say, setVariables, spot, svg, tabulate, uniform,
} from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Arithmetic. Maps are arrays of rows; all of them lie on a ring.

export const RULES = ["max", "average", "stride", "blur", "none"];
export const MOST = 8;
const NOTHING = 1e-9; // differences and spreads below it are rounding

const onto = (i, n) => ((i % n) + n) % n;

/** The map moved down and to the right; what leaves comes in on the other side. */
export function moved(x, dy, dx) {
  const [height, width] = [x.length, x[0].length];
  return tabulate(height, width, (i, j) => x[onto(i - dy, height)][onto(j - dx, width)]);
}

/** What is pooled: the pixels, or Sobel's vertical edges (darker left, brighter right) after a ReLU. */
export function featuresOf(x, kind) {
  if (kind === "pixels") return x;
  const [height, width] = [x.length, x[0].length];
  const across = (row, j) => row[(j + 1) % width] - row[onto(j - 1, width)];
  return tabulate(height, width, (i, j) =>
    Math.max(0, (across(x[onto(i - 1, height)], j) + 2 * across(x[i], j) + across(x[(i + 1) % height], j)) / 4));
}

const BLUR = [0.25, 0.5, 0.25];
const ONE_POOL = {
  max: (x, i, j) => Math.max(x[i][j], x[i][j + 1], x[i + 1][j], x[i + 1][j + 1]),
  average: (x, i, j) => (x[i][j] + x[i][j + 1] + x[i + 1][j] + x[i + 1][j + 1]) / 4,
  stride: (x, i, j) => x[i][j],
  blur(x, i, j) {
    let total = 0;
    for (let a = 0; a < 3; a++) {
      const row = x[onto(i + a - 1, x.length)];
      for (let b = 0; b < 3; b++) total += BLUR[a] * BLUR[b] * row[onto(j + b - 1, row.length)];
    }
    return total;
  },
};

/** The map after `depth` pools; the rule "none" gives it back. */
export function pooled(x, rule, depth) {
  if (rule === "none" || depth === 0) return x;
  const f = ONE_POOL[rule];
  return pooled(tabulate(x.length / 2, x[0].length / 2, (i, j) => f(x, 2 * i, 2 * j)), rule, depth - 1);
}

/** Pixels from one value of the map to the next. */
export const stepOf = (rule, depth) => (rule === "none" ? 1 : 2 ** depth);

function mean(map) {
  let total = 0;
  for (const row of map) for (const v of row) total += v;
  return total / (map.length * map[0].length);
}

function spreadOf(map) {
  const middle = mean(map);
  return Math.sqrt(mean(map.map((row) => row.map((v) => (v - middle) ** 2))));
}

// Change against `before` moved by (dy, dx) places.
function against(after, before, spread, dy, dx) {
  const [height, width] = [after.length, after[0].length];
  let total = 0;
  for (let i = 0; i < height; i++) {
    const row = before[onto(i - dy, height)];
    for (let j = 0, k = onto(-dx, width); j < width; j++, k = k + 1 < width ? k + 1 : 0) total += (after[i][j] - row[k]) ** 2;
  }
  const difference = Math.sqrt(total / (height * width));
  return difference < NOTHING ? 0 : spread > NOTHING ? difference / spread : Infinity;
}

/** Root mean square of the difference over the standard deviation of `before`: { error, dy: 0, dx: 0 }. */
export const change = (after, before) => ({ error: against(after, before, spreadOf(before), 0, 0), dy: 0, dx: 0 });

/** Change that is left when `before` is moved by the whole places that fit best: { error, dy, dx } with these. */
export function misfit(after, before, dy, dx, step) {
  const spread = spreadOf(before);
  const near = (d) => [...new Set([Math.floor(d / step), Math.ceil(d / step)])];
  let best = null;
  for (const i of near(dy)) {
    for (const j of near(dx)) {
      const error = against(after, before, spread, i, j);
      if (!best || error < best.error - NOTHING) best = { error, dy: i, dx: j };
    }
  }
  return best;
}

export const globalsOf = (map) => ({ average: mean(map), max: Math.max(...map.flat()) });

/** Share of max-pool values that are exactly what they were, of the windows where anything could change. */
export function unchangedShare(after, before, depth) {
  const negative = (x) => x.map((row) => row.map((v) => -v));
  const [a, b, low, lower] = [after, before, negative(after), negative(before)].map((x) => pooled(x, "max", depth).flat());
  const alive = a.map((v, n) => n).filter((n) => Math.max(a[n], b[n]) + Math.max(low[n], lower[n]) > NOTHING);
  return alive.filter((n) => Math.abs(a[n] - b[n]) < NOTHING).length / alive.length;
}

const sharedValues = (k, dx, dy) => Math.max(k - Math.abs(dx), 0) * Math.max(k - Math.abs(dy), 0);

/** The law of the above for independent values and windows of k × k (cnnlab.laws.shift.unchanged). */
export const unchangedLaw = (k, dx, dy) => sharedValues(k, dx, dy) / (2 * k * k - sharedValues(k, dx, dy));

/** The law of `change` for the average of such values (the root of cnnlab.laws.shift.average_change, times k). */
export const averageLaw = (k, dx, dy) => Math.sqrt(2 * (k * k - sharedValues(k, dx, dy))) / k;

/** Everything shown for one shift: for each rule { after, before, fit: { error, dy, dx }, now, then }. */
export function compare(x, s) {
  const first = featuresOf(x, s.features);
  const last = moved(first, s.dy, s.dx); // on a ring, the features of the moved picture
  return Object.fromEntries(RULES.map((rule) => {
    const [before, after] = [pooled(first, rule, s.depth), pooled(last, rule, s.depth)];
    const fit = s.measure === "misfit" ? misfit(after, before, s.dy, s.dx, stepOf(rule, s.depth)) : change(after, before);
    return [rule, { after, before, fit, now: globalsOf(after), then: globalsOf(before) }];
  }));
}

/** For each rule the measure at dx = −8 … 8 and the present dy.

A whole step moves the map by one place and nothing else, so there are but `step` maps to pool; all others are these,
moved. And of the misfit nothing is left after a whole step: it repeats. */
export function errors(x, s) {
  const features = featuresOf(x, s.features);
  return Object.fromEntries(RULES.map((rule) => {
    const step = stepOf(rule, s.depth);
    const before = pooled(features, rule, s.depth);
    const spread = spreadOf(before);
    const maps = Array.from({ length: step }, (_, dx) => pooled(moved(features, s.dy, dx), rule, s.depth));
    const misfits = s.measure === "misfit" && maps.map((after, dx) => misfit(after, before, s.dy, dx, step).error);
    return [rule, Array.from({ length: 2 * MOST + 1 }, (_, n) => {
      const rest = onto(n - MOST, step);
      return misfits ? misfits[rest] : against(maps[rest], before, spread, 0, (rest - n + MOST) / step);
    })];
  }));
}

// ---------------------------------------------------------------------------------------------
// Pictures, in [0, 1].

const SEVEN = [[8, 9, 8, 22], [8, 22, 24, 13], [16, 12, 16, 21]]; // strokes, from (row, column) to (row, column)
const toStroke = (i, j, [a, b, c, d]) => {
  const t = Math.max(0, Math.min(1, ((i - a) * (c - a) + (j - b) * (d - b)) / ((c - a) ** 2 + (d - b) ** 2)));
  return Math.hypot(i - a - t * (c - a), j - b - t * (d - b));
};

export const PICTURES = {
  seven: ["Handwritten seven", () => tabulate(32, 32, (i, j) => Math.max(0, Math.min(1, 1.9 - Math.min(...SEVEN.map((stroke) => toStroke(i, j, stroke))))))],
  checks: ["Fine checks", () => tabulate(32, 32, (i, j) => (i >= 8 && i < 24 && j >= 8 && j < 24 && (i + j) % 2 === 0 ? 1 : 0))],
  stripes: ["Fine stripes", () => tabulate(48, 48, (i, j) => (j % 3 === 0 ? 1 : 0))],
  rings: ["Rings that get finer", () => tabulate(64, 64, (i, j) => 0.5 + 0.5 * Math.cos((Math.PI * ((i - 31.2) ** 2 + (j - 30.7) ** 2)) / 64))],
  dot: ["Single dot", () => tabulate(32, 32, (i, j) => (i === 16 && j === 16 ? 1 : 0))],
  noise: ["Random values", () => tabulate(64, 64, (i, j) => uniform(6, 64 * i + j))],
};

/** The picture of a state, not moved. */
export const imageOf = (s) => (s.picture === "photo" ? s.photo.map((row) => row.map((v) => v / 255)) : PICTURES[s.picture][1]());

// ---------------------------------------------------------------------------------------------
// Sentences.

/** Two digits; 0 only where it is 0. */
export const errorText = (v) => (v === 0 ? "0" : v === Infinity ? "∞" : v.toFixed(2));

const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

/** "1 pixel right, 3 up", or with another unit. */
export function wayText(dy, dx, unit) {
  const parts = [[dx, dx < 0 ? "left" : "right"], [dy, dy < 0 ? "up" : "down"]].filter(([d]) => d);
  return parts.map(([d, name], n) => `${n ? Math.abs(d) : plural(Math.abs(d), unit)} ${name}`).join(", ");
}

const arrows = (dy, dx) =>
  [dx && `${Math.abs(dx)}${dx < 0 ? "←" : "→"}`, dy && `${Math.abs(dy)}${dy < 0 ? "↑" : "↓"}`].filter(Boolean).join("\u00a0");

/** What one sees: how far the five maps are off. `found` is that of `compare`. */
export function sentence(s, found) {
  if (!s.dx && !s.dy) return "Nothing has moved yet: drag the picture, or go to it and use the arrow keys.";
  const by = wayText(s.dy, s.dx, "pixel");
  const error = (rule) => found[rule].fit.error;
  const smaller = RULES.slice(0, 4);
  const errors = smaller.map(error);
  const [most, least] = [Math.max(...errors), Math.min(...errors)];
  const all = (value) => smaller.filter((rule) => error(rule) === value || Math.abs(error(rule) - value) < NOTHING);
  const [worst, best] = [most, least].map((value) => {
    const constant = value === Infinity ? `: ${all(value).length > 1 ? "their old maps were" : "its old map was"} the same everywhere` : "";
    return `${list(all(value))} (${errorText(value)}${constant})`;
  });
  const four = "of the four that make the map smaller";
  const [is, has] = all(most).length > 1 ? ["are", "have"] : ["is", "has"];
  if (s.measure === "change") {
    return `Moved ${by}, and compared place by place: ${all(most).length === 4 ? `all four that make the map smaller have changed alike (${errorText(most)})`
      : `${four}, ${worst} ${has} changed most, ${best} least`}. ` +
      `Without a pool it is ${errorText(error("none"))}: a map that moves along does not stay the same.`;
  }
  const step = 2 ** s.depth;
  if (s.dx % step === 0 && s.dy % step === 0) {
    return `Moved ${by}: whole steps of ${step}. Every map has moved along exactly, the smaller ones by ` +
      `${wayText(s.dy / step, s.dx / step, "place")}. No misfit.`;
  }
  const exact = smaller.filter((rule) => error(rule) === 0);
  const off = exact.length === 4 ? "Still, every map fits." : exact.length
    ? `Still, ${list(exact)} ${exact.length > 1 ? "fit" : "fits"} exactly; furthest off ${is} ${worst}.`
    : `The old maps, moved by whole places, no longer fit: ${all(most).length === 4 ? `all four that make the map smaller are off alike (${errorText(most)})`
      : `${four}, ${worst} ${is} furthest off, ${best} least`}.`;
  return `Moved ${by}: no whole steps of ${step}. ${off}${exact.length === 4 ? "" : " Without a pool the map has moved along exactly."}`;
}

/** The same, of a picture. */
export const seen = (x, s) => sentence(s, compare(x, s));

export const isSame = (a, b) => Math.abs(a - b) < NOTHING;

/** "0.25 = 0.25" or "0.25 ≠ 0.281", with as many digits as it takes to see the difference. */
export function pairText(now, then) {
  if (isSame(now, then)) return `${number(now, 3)} = ${number(then, 3)}`;
  let digits = 3;
  while (digits < 9 && number(now, digits) === number(then, digits)) digits++;
  return `${number(now, digits)} ≠ ${number(then, digits)}`;
}

/** Which rules have kept their global average, and which their global maximum. */
export function globalSentence(found) {
  const kept = (name) => list(RULES.filter((rule) => isSame(found[rule].now[name], found[rule].then[name]))) || "none of the five";
  return `Global average unchanged after: ${kept("average")}. Global max unchanged after: ${kept("max")}.`;
}

/** What the laws of independent values say, where the picture is made of such values. */
export function lawSentence(x, s, found) {
  if (s.picture !== "noise" || s.features !== "pixels" || s.measure !== "change" || (!s.dx && !s.dy)) return "";
  const k = 2 ** s.depth;
  const share = unchangedShare(moved(x, s.dy, s.dx), x, s.depth);
  const formula = Math.abs(s.dx) + Math.abs(s.dy) === 1 ? `(${k} − 1)/(${k} + 1) = ` : "";
  return `The laws of independent values: a max stays exactly what it was with probability ${formula}` +
    `${percent(unchangedLaw(k, s.dx, s.dy))}, here ${percent(share)} do; an average changes by ` +
    `${averageLaw(k, s.dx, s.dy).toFixed(2)} of its spread, here by ${errorText(found.average.fit.error)}.`;
}

const FORMULA = "In numbers: the root mean square of the difference, divided by the standard deviation of the old map. Uncorrelated maps of equal mean and spread give 1.4, the root of 2; there is no ceiling.";
const DEFINITIONS = {
  misfit: `Misfit: we slide the old map by whole places, those next to the shift, until it fits best, and measure what is left (0: nothing). ${FORMULA}`,
  change: `Change: we leave the old map where it was, and measure what differs (0: nothing). ${FORMULA}`,
};

// ---------------------------------------------------------------------------------------------
// Drawing.

const NAMES = ["picture", "photo", "dx", "dy", "depth", "features", "measure"];

/** What a link carries: picture=seven&dx=1&dy=0&depth=1&features=pixels&measure=misfit. */
const LINK = {
  picture: oneOf(...Object.keys(PICTURES), "photo"), dx: between(-MOST, MOST), dy: between(-MOST, MOST), depth: between(1, 2),
  features: oneOf("pixels", "edges"), measure: oneOf("misfit", "change"),
};
export const encodeState = (state) => encode(state, LINK);
export const decodeState = (text) => decode(text, LINK);

// The picture, and the windows that stay where they are.
function makeMover(ui) {
  const caption = h("p", { class: "cnn-caption", "aria-hidden": "true" });
  const picture = makeMovable("moved", "picture", ui, MOST);
  const { node, move } = picture;
  const keys = h("div", { class: "cnn-pad-keys", role: "group", "aria-label": "Move the picture by one pixel" },
    ...picture.buttons, button("home", "0", () => move(0, 0), { "aria-label": "back to where it was" }));

  const fill = (image, { dy, dx }) => {
    picture.fill(moved(image, dy, dx).map((row) => row.map((v) => 255 * v)));
    say(caption, dx || dy ? `Moved ${arrows(dy, dx)}` : "Drag the picture");
    node.setAttribute("aria-label", dx || dy ? `Picture, moved ${wayText(dy, dx, "pixel")}` : "Picture, not moved");
  };
  return { fill, move, node: h("div", { class: "cnn-side" }, caption,
    h("div", { class: "cnn-plate" }, node, h("div", { class: "cnn-windows", "aria-hidden": "true" })), keys) };
}

const MARGIN = { left: 30, right: 12, top: 10, bottom: 22 };

// The curves, drawn in the pixels of the page, so that their letters keep their size. A click or a drag chooses dx.
function makeCurves({ id, state }, move) {
  const caption = h("p", { class: "cnn-caption", id: id("plot") });
  const plot = svg("svg", { class: "cnn-plot", role: "img", "aria-labelledby": id("plot"), "aria-describedby": id("says") });
  let width = 0, height = 0, curves;
  onDrag(plot, (event) => {
    const across = spot(event, plot)[1] * width - MARGIN.left;
    move(state().dy, Math.round((2 * MOST * across) / (width - MARGIN.left - MARGIN.right)) - MOST);
  });

  function draw() {
    if (!width || !curves) return;
    const s = state();
    const step = 2 ** s.depth;
    const every = width < 260 ? 4 : 2; // pixels from one number of the axis to the next
    const most = Math.max(0.5, ...Object.values(curves).flat().filter(Number.isFinite));
    const level = most > 1 ? 0.5 : 0.25;
    const top = level * Math.ceil(most / level - NOTHING);
    const x = (dx) => MARGIN.left + ((dx + MOST) / (2 * MOST)) * (width - MARGIN.left - MARGIN.right);
    const y = (v) => height - MARGIN.bottom - (Math.min(v, 1.04 * top) / top) * (height - MARGIN.top - MARGIN.bottom);
    const text = (tx, ty, anchor, words) => svg("text", { x: tx, y: ty, "text-anchor": anchor }, words);
    const line = (kind, x1, x2, y1, y2) => svg("line", { class: kind, x1, x2, y1, y2 });
    const parts = [];
    for (let dx = -MOST; dx <= MOST; dx += 1) {
      if (dx % step === 0) parts.push(line("cnn-multiple", x(dx), x(dx), y(top), y(0)));
      if (dx % every === 0) parts.push(text(x(dx), height - 6, "middle", dx === MOST ? `${dx} px` : number(dx)));
    }
    for (let v = 0; v <= top; v += level) {
      parts.push(line(v ? "cnn-level" : "cnn-axis", x(-MOST), x(MOST), y(v), y(v)), text(x(-MOST) - 6, y(v) + 4, "end", number(v)));
    }
    parts.push(line("cnn-now", x(s.dx), x(s.dx), MARGIN.top - 6, y(0) + 5));
    for (const rule of [...RULES].reverse()) {
      const at = (dx, v) => [x(dx).toFixed(1), y(v).toFixed(1)];
      const point = (dx, v, size) => svg("path", { class: "cnn-point", d: markPath(rule, 5), transform: `translate(${at(dx, v).join(" ")}) scale(${size})` });
      const curve = curves[rule].map((v, n) => [n - MOST, v]);
      const marked = curve.filter(([dx]) => dx !== s.dx && Math.abs(dx % every) === 1);
      parts.push(svg("g", { class: "cnn-curve", "data-rule": rule },
        svg("polyline", { points: curve.map(([dx, v]) => at(dx, v).join(",")).join(" ") }),
        ...marked.map(([dx, v]) => point(dx, v, 0.7)), point(...curve[s.dx + MOST], 1.25)));
    }
    plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
    plot.replaceChildren(...parts);
  }
  const observer = new ResizeObserver(([entry]) => {
    ({ width, height } = entry.contentRect);
    draw();
  });
  observer.observe(plot);

  const fill = (found, s) => {
    curves = found;
    say(caption, `${s.measure === "misfit" ? "Misfit" : "Change"} against shift${s.dy ? `, ${arrows(s.dy, 0)}` : ""}`);
    draw();
  };
  return { fill, node: h("div", { class: "cnn-curves" }, caption, plot), stop: () => observer.disconnect() };
}

// One of the five ways: its map, what differs from the old one, and what a global pool makes of it.
function makeWay(rule) {
  const error = h("b", { class: "cnn-way-error" });
  const map = makePicture("map", { role: "img" });
  const difference = makePicture("difference", { role: "img" });
  const compared = h("p", { class: "cnn-way-moved" });
  const globals = ["average", "max"].map((name) => h("p", { class: "cnn-global", "data-global": name },
    h("span", { class: "cnn-global-name" }, h("span", {}, "global "), name), " ", h("span", { class: "cnn-global-value" })));
  const node = h("div", { class: "cnn-way", "data-rule": rule, role: "group", "aria-label": rule },
    h("p", { class: "cnn-way-head" }, mark(rule), ` ${rule} `, error), map.node, difference.node, compared,
    h("div", { class: "cnn-globals" }, ...globals));

  const fill = ({ after, before, fit, now, then }, measure, largest) => {
    const old = moved(before, fit.dy, fit.dx);
    const along = fit.dy || fit.dx;
    map.fill(after.map((row) => row.map((v) => (255 * v) / largest)));
    difference.fill(after.map((row, i) => row.map((v, j) => (255 * Math.abs(v - old[i][j])) / largest)));
    node.classList.toggle("is-exact", fit.error === 0);
    say(error, errorText(fit.error));
    say(compared, `minus old map${along ? `, moved\u00a0${arrows(fit.dy, fit.dx)}` : ""}`);
    map.node.setAttribute("aria-label", `Map after ${rule}, ${after.length}×${after[0].length}`);
    difference.node.setAttribute("aria-label",
      `Difference to the old map${along ? `, moved ${wayText(fit.dy, fit.dx, "place")}` : ""}: ${measure} ${errorText(fit.error)}`);
    for (const line of globals) {
      const name = line.dataset.global;
      line.dataset.same = isSame(now[name], then[name]);
      say(line.lastChild, pairText(now[name], then[name]));
    }
  };
  return { rule, node, fill };
}

function render({ model, el }) {
  const settle = (changes, next) => (next.photo || next.picture !== "photo" ? changes : { ...changes, picture: "seven" });
  const ui = makeExplorer({ model, el }, { kind: "shift", names: NAMES, fixed: ["photo"], codecs: LINK, settle, draw });
  const { id, start } = ui;

  const mover = makeMover(ui);
  const plot = makeCurves(ui, mover.move);
  const ways = RULES.map(makeWay);
  const says = h("p", { class: "cnn-says", role: "status", id: id("says") });
  const law = h("p", { class: "cnn-law" });
  const globals = h("p", { class: "cnn-global-words" });
  const definition = h("p", { class: "cnn-definition" });
  const pictures = Object.entries(PICTURES).map(([name, [label]]) => [name, label]);
  if (start.photo) pictures.push(["photo", "Photograph"]);
  const root = h("div", { class: "cnn-explorer cnn-shift", role: "group", "aria-label": "Shift explorer" },
    h("div", { class: "cnn-bar" },
      ui.select("picture", "Picture", pictures),
      ui.radios("features", "Pool its", [["pixels", "pixels"], ["edges", "edges"]]),
      ui.radios("depth", "Pools", [["1", "one"], ["2", "two"]]),
      ui.radios("measure", "Has the map …", [["misfit", "moved along?"], ["change", "stayed?"]])),
    h("div", { class: "cnn-stage" }, mover.node, plot.node),
    says,
    h("div", { class: "cnn-ways" }, ...ways.map((way) => way.node)),
    h("div", { class: "cnn-words" }, globals, law),
    h("div", { class: "cnn-foot" }, ui.reset, ui.link),
    h("p", { class: "cnn-help" }, h("span", { id: id("help") },
      "Drag the picture, use the arrow keys on it (Home: back), or click into the curves. It lies on a ring: what leaves comes in on the other side. The second picture of each way: what differs; black is no difference. "),
    definition));

  // The picture and the curves are kept until something that they depend on changes.
  let image, curves, known = [];
  const keep = (...now) => {
    const fresh = now.some((value, n) => value !== known[n]);
    known = now;
    return fresh;
  };
  function draw(s) {
    if (keep(s.picture, s.photo, s.features, s.depth, s.measure, s.dy)) {
      image = imageOf(s);
      curves = errors(image, s);
    }
    const found = compare(image, s);
    const largest = Math.max(NOTHING, found.none.then.max);
    root.dataset.measure = s.measure;
    setVariables(root, { w: image[0].length, h: image.length, k: 2 ** s.depth });
    mover.fill(image, s);
    plot.fill(curves, s);
    for (const way of ways) way.fill(found[way.rule], s.measure, largest);
    say(says, sentence(s, found));
    say(law, lawSentence(image, s, found));
    law.hidden = law.textContent === "";
    say(globals, globalSentence(found));
    say(definition, DEFINITIONS[s.measure]);
  }

  const stop = ui.run(root);
  return () => { plot.stop(); stop(); };
}

export default { render };
