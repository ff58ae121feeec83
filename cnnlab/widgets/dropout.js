// Dropout explorer: what dropout does to one unit and to the output of a small network, draw by draw, beside
// the exact law; and what it does to the mean of a pool that follows it.
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-dropout                          root, role=group; data-scene says which scene is in view
//   [data-control=NAME] input[value=V]    radio buttons; NAME: scene, training, unit, pool
//   [data-control=NAME]                   slider p, checkbox scale
//   [data-action=NAME]                    buttons; NAME: draw, draw-100, clear, lower, raise, reset, link
//   .cnn-unit, .is-dropped                a hidden unit of the drawing; dropped ones are crossed out
//   .cnn-histogram                        drawings with role=img, whose names say what they show
//   .cnn-numbers, .cnn-means, .cnn-parts  tables: moments; means of both pools; the sum of one mean
//   .cnn-grid--window                     the four values
//   .cnn-law                              the law with its numbers

import {
  between, button, decode, encode, h, makeEditor, makeExplorer, makeGrid, makeStepper, mapOf, mark, number, oneOf, percent, place,
  plural, same, say, svg, uniform,
} from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Arithmetic. `s` is the state: p, training, scale, seed, draws, unit (from 1), window.

/** The network: inputs x, hidden units ReLU(W x), and the output v · (hidden units after dropout). */
export const NET = {
  x: [1, 2, 1, 3, 1, 2],
  W: [[1, 1, 0, 1, -1, -1], [1, 1, 1, -1, -1, 1], [0, -1, -1, 1, -1, 1], [0, -1, -1, 1, 1, 1],
    [-1, 1, -1, 1, 1, -1], [-1, 1, 1, 1, 1, -1], [1, -1, 1, 0, -1, 1], [-1, 1, 1, -1, 0, 1]],
  v: [1, 1, -1, 1, -1, 0.5, 2, -1],
};
export const MOST_DRAWS = 5000;

/** Where "Draw 100" leads: to the next full hundred, so that a cleared histogram, which holds 1 draw, gets 100. */
export const nextHundred = (draws) => Math.min(MOST_DRAWS, 100 * Math.floor(draws / 100 + 1));

const dot = (a, b) => a.reduce((total, v, i) => total + v * b[i], 0);
export const hidden = ({ x, W }) => W.map((row) => Math.max(0, dot(row, x)));
export const forward = (net, factors) => dot(net.v, hidden(net).map((value, i) => value * factors[i]));

const UNITS = hidden(NET);
const PARTS = UNITS.map((value, i) => NET.v[i] * value); // what each unit adds to the output
const WHOLE = dot(PARTS, PARTS.map(() => 1));

/** The chance to be dropped, and the factor of what is kept: in evaluation, 0 and 1. */
export function rule({ p, training, scale }) {
  return training ? { rate: p, factor: scale ? 1 / (1 - p) : 1 } : { rate: 0, factor: 1 };
}

/** The factors of the eight units in one draw, counted from 1. */
export function factors(s, draw) {
  const { rate, factor } = rule(s);
  return UNITS.map((_, i) => (uniform(s.seed, (draw - 1) * UNITS.length + i) < rate ? 0 : factor));
}

/** Mean and variance of the sum of independent values under dropout. */
export function moments(values, s) {
  const { rate, factor } = rule(s);
  const total = (f) => values.reduce((sum, v) => sum + f(v), 0);
  return { mean: total((v) => (1 - rate) * factor * v), variance: total((v) => rate * (1 - rate) * (factor * v) ** 2) };
}

/** All masks of some values, each with its probability; kept holds 1 and 0. */
export function masks(count, { rate }) {
  return Array.from({ length: 2 ** count }, (_, n) => {
    const kept = Array.from({ length: count }, (_, i) => 1 - ((n >> i) & 1));
    const left = dot(kept, kept);
    return { kept, probability: rate ** (count - left) * (1 - rate) ** left };
  }).filter(({ probability }) => probability > 0);
}

/** The law of a sum under dropout as [value, probability], from all masks, in rising order. */
export function distribution(values, s) {
  const { rate, factor } = rule(s);
  const found = new Map();
  for (const { kept, probability } of masks(values.length, { rate })) {
    const sum = dot(kept, values);
    found.set(sum, (found.get(sum) ?? 0) + probability);
  }
  return [...found].map(([sum, probability]) => [sum * factor, probability]).sort((a, b) => a[0] - b[0]);
}

/** Mean, variance and share of each value in the first `count` draws, of a unit and of the output. */
export function drawn(s, count) {
  const values = { unit: [], output: [] };
  for (let draw = 1; draw <= count; draw++) {
    const f = factors(s, draw);
    values.unit.push(UNITS[s.unit - 1] * f[s.unit - 1]);
    values.output.push(dot(PARTS, f.map(Boolean)) * rule(s).factor);
  }
  const sums = (list) => {
    const mean = list.reduce((a, b) => a + b, 0) / count;
    const shares = new Map();
    for (const v of list) shares.set(v, (shares.get(v) ?? 0) + 1 / count);
    return { mean, variance: list.reduce((a, b) => a + (b - mean) ** 2, 0) / count, shares };
  };
  return { unit: sums(values.unit), output: sums(values.output) };
}

const POOLS = {
  max: (values) => Math.max(...values),
  average: (values) => dot(values, values.map(() => 1 / values.length)),
};

/** Mean and variance of a pool over a window, with dropout before it (by all masks) or after it. */
export function poolMoments(values, s, pool, where) {
  const apply = POOLS[pool];
  if (where === "after") return moments([apply(values)], s);
  const { rate, factor } = rule(s);
  const all = masks(values.length, { rate }).map(({ kept, probability }) =>
    [apply(values.map((v, i) => v * kept[i] * factor)), probability]);
  const mean = all.reduce((sum, [y, probability]) => sum + y * probability, 0);
  return { mean, variance: all.reduce((sum, [y, probability]) => sum + (y - mean) ** 2 * probability, 0) };
}

/** The mean of a pool behind dropout as a sum, one part for each value of the window, the largest first: the masks
in which it wins (max) or counts (average), their probability, and what it gives there. Values of at least 0. */
export function poolParts(values, s, pool) {
  const { rate, factor } = rule(s);
  const all = masks(values.length, { rate });
  const falling = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  const winner = (kept) => falling.find((i) => kept[i] && values[i] > 0);
  const part = (i, chosen) => {
    const probability = chosen.reduce((sum, mask) => sum + mask.probability, 0);
    const gives = i === undefined ? 0 : (values[i] * factor) / (pool === "max" ? 1 : values.length);
    return { at: i ?? -1, masks: chosen.map(({ kept }) => kept), probability, gives, adds: probability * gives };
  };
  if (pool === "average") return falling.map((i) => part(i, all.filter(({ kept }) => kept[i])));
  const parts = falling.filter((i) => values[i] > 0).map((i) => part(i, all.filter(({ kept }) => winner(kept) === i)));
  const none = all.filter(({ kept }) => winner(kept) === undefined);
  return none.length ? [...parts, part(undefined, none)] : parts;
}

// ---------------------------------------------------------------------------------------------
// Words.

export function unitSentence(s, found) {
  const f = factors(s, s.draws);
  const { rate, factor } = rule(s);
  const whole = number(WHOLE);
  const mean = number(moments(PARTS, { ...s, training: true }).mean);
  if (!s.training) {
    const start = `Evaluation: no unit is dropped, none is scaled, and every pass gives the same output, ${whole}. `;
    return start + (s.scale || s.p === 0
      ? "That is the mean of training too: nothing has to be corrected."
      : `In training it was ${mean} on average: without the factor, evaluation meets values ${number(1 / (1 - s.p))} times as large.`);
  }
  if (rate === 0) return `With p = 0 nothing is dropped, and the output is ${whole}, as in evaluation.`;
  const lost = f.filter((v) => v === 0).length;
  const unit = UNITS[s.unit - 1];
  const fate = f[s.unit - 1] ? `kept: ${unit} × ${number(factor)} = ${number(unit * factor)}` : `dropped: ${unit} becomes 0`;
  return `Draw ${s.draws}: ${lost} of 8 units ${lost === 1 ? "is" : "are"} dropped. Unit ${s.unit} is ${fate}. `
    + `The output is ${number(forward(NET, f))}; without dropout it is ${whole}. `
    + (s.scale
      ? `Over ${plural(s.draws, "draw")} its mean is ${number(found.output.mean)}; by the law it is ${mean}.`
      : `Without the factor the mean is too small: ${mean} by the law, ${number(found.output.mean)} over ${plural(s.draws, "draw")}. In evaluation the next layer meets values ${number(1 / (1 - rate))} times as large.`);
}

export function lawSentence(s) {
  const { rate, factor } = rule(s);
  const x = UNITS[s.unit - 1];
  const [unit, output] = [moments([x], s), moments(PARTS, s)].map(({ mean, variance }) => [number(mean), number(variance)]);
  if (!s.training) return `The law in evaluation: unit ${s.unit} is always x = ${x}, the output always ${number(WHOLE)}. Both variances are 0.`;
  const squares = number(dot(PARTS, PARTS));
  const [ratio, product] = ["p/(1\u00a0−\u00a0p)", "p(1\u00a0−\u00a0p)"];
  return s.scale
    ? `The law, for unit ${s.unit} with x = ${x}: mean x = ${unit[0]}, variance ${ratio} · x² = ${number(rate * factor)} · ${x * x} = ${unit[1]}. `
      + `For the output: mean ${output[0]}, as without dropout; variance ${ratio} · Σ(w·x)² = ${number(rate * factor)} · ${squares} = ${output[1]}.`
    : `The law without the factor, for unit ${s.unit} with x = ${x}: mean (1\u00a0−\u00a0p) · x = ${unit[0]}, variance ${product} · x² = ${unit[1]}. `
      + `For the output: mean (1\u00a0−\u00a0p) · ${number(WHOLE)} = ${output[0]}, variance ${product} · ${squares} = ${output[1]}.`;
}

export function poolSentence(s) {
  const values = s.window.flat();
  const plain = number(POOLS.max(values));
  if (!s.training) return `Evaluation: nothing is dropped, so the order does not matter. The max pool gives ${plain}.`;
  if (plain === "0") return "All four values are 0: dropout and pool have nothing to change.";
  if (s.p === 0) return `With p = 0 nothing is dropped: the max pool gives ${plain} wherever dropout stands.`;
  const [before, after] = ["before", "after"].map((where) => poolMoments(values, s, "max", where).mean);
  const average = number(poolMoments(values, s, "average", "before").mean);
  const more = before / after - 1;
  const than = s.scale ? `the ${plain} without dropout` : `the ${number(after)} of dropout after it`;
  return `Dropout before the max pool gives ${number(before)} on average, `
    + (more < 1e-9 ? "no more than after it: one value stands alone, and no other can take its place. "
      : `${percent(more)} more than ${than}: where the largest is dropped, the next one takes its place${s.scale ? ", enlarged" : ""}. `)
    + (s.scale ? `After the pool it gives ${number(after)}. ` : `Without the factor both miss the ${plain} of evaluation. `)
    + `For the mean of an average pool the order does not matter: ${average} either way.`;
}

export function partsSentence(s) {
  const values = s.window.flat();
  const sum = poolParts(values, s, s.pool).filter(({ at }) => at >= 0).map(({ adds }) => number(adds)).join(" + ") || "0";
  const total = number(poolMoments(values, s, s.pool, "before").mean);
  if (!s.training) return `Nothing is dropped: one mask is left, and the ${s.pool} is ${total}.`;
  const rest = `${sum === total ? "" : `${sum} = `}${total}.`;
  const [open, close] = s.scale ? ["", ""] : ["(1\u00a0−\u00a0p) times (", ")"];
  return s.pool === "max"
    ? `The mean of the max, from the largest x₁ to the smallest x₄, is ${open}x₁ + p·x₂ + p²·x₃ + p³·x₄${close} = ${rest} Each value wins where it is kept and all before it in this order are dropped.`
    : `The mean of the average is ${open}x₁/4 + x₂/4 + x₃/4 + x₄/4${close} = ${rest} Each value counts wherever it is kept, whatever happens to the others.`;
}

// ---------------------------------------------------------------------------------------------
// The network, drawn once; a state changes classes and texts.

const SIZE = { width: 340, height: 316 };
const AT = {
  input: (i) => [18, 62 + 41.2 * i],
  unit: (i) => [128, 39 + 36 * i],
  output: [304, 165],
};

// Words that lie on a drawing are HTML on a ground of their own: their contrast is known, and they stay readable.
const words = (size, x, y, name, text = "") =>
  h("span", { class: `cnn-text ${name}`, style: `left: ${(100 * x) / size.width}%; top: ${(100 * y) / size.height}%` }, text);

function makeNetwork() {
  const text = (x, y, name, ...text) => words(SIZE, x, y, name, ...text);
  const line = (from, to, weight) => svg("line", {
    x1: from[0], y1: from[1], x2: to[0], y2: to[1], class: `cnn-way${weight < 0 ? " is-negative" : ""}`, "stroke-width": 0.6 + 0.6 * Math.abs(weight),
  });
  const circle = ([cx, cy], r, name) => svg("circle", { cx, cy, r, class: name });
  const units = UNITS.map((value, i) => {
    const [x, y] = AT.unit(i);
    const way = line([x, y], [AT.output[0] - 23, AT.output[1] + (y - AT.output[1]) / 9], NET.v[i]);
    const ways = NET.W[i].flatMap((w, j) => (w ? [line([AT.input(j)[0] + 13, AT.input(j)[1]], [x - 17, y], w)] : []));
    return {
      way, label: text(x + 20, y, "cnn-factor"), amount: text(x, y, "cnn-amount cnn-amount--unit", value), ways: svg("g", { class: "cnn-ways" }, ...ways, way),
      node: svg("g", { class: "cnn-unit" }, circle([x, y], 19, "cnn-ring"), circle([x, y], 15),
        svg("path", { d: `M${x - 18} ${y - 18}l36 36m0 -36l-36 36`, class: "cnn-cross" })),
    };
  });
  const amount = text(...AT.output, "cnn-amount cnn-amount--result");
  const plain = text(AT.output[0], AT.output[1] + 38, "cnn-plain");
  const node = h("div", { class: "cnn-network", "aria-hidden": "true" },
    svg("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}` }, ...units.map((unit) => unit.ways),
      ...NET.x.map((_, i) => circle(AT.input(i), 12, "cnn-given")), ...units.map((unit) => unit.node), circle(AT.output, 24)),
    text(AT.input(0)[0], 10, "cnn-title", "inputs"), text(AT.unit(0)[0], 10, "cnn-title", "8 hidden units"),
    text(AT.output[0], 122, "cnn-title", "output"), ...NET.x.map((x, i) => text(...AT.input(i), "cnn-amount", x)),
    ...units.flatMap((unit) => [unit.amount, unit.label]), amount, plain);
  const fill = (s) => {
    const f = factors(s, s.draws);
    units.forEach(({ way, ways, node, amount, label }, i) => {
      for (const part of [ways, node, amount]) part.classList.toggle("is-dropped", f[i] === 0);
      for (const part of [node, label]) part.classList.toggle("is-chosen", s.unit === i + 1);
      const text = s.training ? `× ${number(f[i])} = ${number(UNITS[i] * f[i])}` : "";
      say(label, text);
      way.setAttribute("x1", AT.unit(i)[0] + (text ? 26 + 6.7 * text.length : 17)); // behind the words
    });
    const y = forward(NET, f);
    say(amount, number(y, 1));
    amount.classList.toggle("is-long", number(y, 1).length > 3);
    say(plain, y === WHOLE ? "" : `instead of ${number(WHOLE)}`);
  };
  return { node, fill };
}

// ---------------------------------------------------------------------------------------------
// A histogram: outlined bars for the law, filled ones for the draws, and below them means and spreads.

/** How many times its own value a unit's axis reaches. It grows in steps, so that the spread is seen to grow. */
export const reach = (p) => [2, 4, 10].find((v) => v >= 1 / (1 - p) - 1e-9);

const PLOT = { width: 330, height: 158 };

function makeHistogram(low, high, ticks, bar) {
  const node = h("div", { class: "cnn-histogram", role: "img" });
  const fill = (s, law, exact, found, plain, name) => {
    const scale = reach(s.p);
    const x = (v) => 50 + ((v - low * scale) / ((high - low) * scale)) * 270;
    const top = Math.max(...exact.map((e) => e[1]), ...found.shares.values());
    const y = (share) => 92 - (share / top) * 74;
    const wide = bar(s, 270 / ((high - low) * scale));
    const box = ([v, share], kind) => svg("rect", { class: kind, x: x(v) - wide / 2, width: wide, y: y(share), height: 92 - y(share) });
    const spread = (row, { mean, variance }, kind, shape) => {
      const side = Math.sqrt(variance);
      return svg("g", { class: `cnn-spread ${kind}` },
        svg("path", { d: `M${x(mean - side)} ${row - 4}v8m0 -4H${x(mean + side)}m0 -4v8` }), svg("path", { d: `M${x(mean)} ${row}${shape}`, class: "cnn-middle" }));
    };
    node.replaceChildren(
      svg("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}` },
        ...[...found.shares].map((share) => box(share, "cnn-drawn")), ...exact.map((share) => box(share, "cnn-exact")),
        svg("path", { d: "M50 92H320", class: "cnn-axis" }), svg("path", { d: `M${x(plain)} 14V148`, class: "cnn-without" }),
        spread(122, law, "cnn-exact", "m-6 0l6 -6l6 6l-6 6z"), spread(142, found, "cnn-drawn", "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z")),
      ...ticks.map((v) => words(PLOT, x(v * scale), 102, "cnn-tick", number(v * scale))),
      words(PLOT, x(plain), 6, "cnn-tick", `${number(plain)} without dropout`),
      words(PLOT, 0, 122, "cnn-row-name", "law"), words(PLOT, 0, 142, "cnn-row-name", "draws"));
    node.setAttribute("aria-label", name);
  };
  return { node, fill };
}

// ---------------------------------------------------------------------------------------------
// Drawing.

const NAMES = ["scene", "p", "training", "scale", "unit", "pool", "seed", "draws", "window"];
const FOUR = mapOf(2, 2);
const LINK = {
  scene: oneOf("unit", "pool"), p: { write: String, read: (text) => (text !== "" && text >= 0 && text <= 0.9 ? Number(text) : undefined) },
  training: oneOf(true, false), scale: oneOf(true, false), unit: between(1, 8), pool: oneOf("max", "average"),
  seed: between(1, 9999), draws: between(1, MOST_DRAWS), window: { ...FOUR, read: (text) => {
    const window = FOUR.read(text);
    return window?.flat().every((v) => v >= 0) ? window : undefined;
  } },
};
export const encodeState = (state) => encode(state, LINK);
export const decodeState = (text) => decode(text, LINK);

// Scene 1: the network with a radio button on each hidden unit, two histograms, their numbers.
function makeUnitScene({ id, state, update }) {
  const network = makeNetwork();
  const units = UNITS.map((_, i) => h("input", {
    type: "radio", name: id("unit"), value: i + 1, onchange: () => update({ unit: i + 1 }),
    style: `left: ${(100 * AT.unit(i)[0]) / SIZE.width}%; top: ${(100 * AT.unit(i)[1]) / SIZE.height}%`,
  }));
  const caption = () => h("p", { class: "cnn-caption" });
  const captions = { unit: caption(), output: caption() };
  const histograms = {
    unit: makeHistogram(-0.9, 4.5, [0, 1, 2, 3, 4], () => 16),
    output: makeHistogram(-4.7, 12.7, [-4, 0, 4, 8, 12], (s, per) => 0.86 * per * rule(s).factor),
  };
  const again = button("draw", "Draw again", () => update({ draws: Math.min(MOST_DRAWS, state().draws + 1) }));
  const hundred = button("draw-100", "Draw 100", () => update({ draws: nextHundred(state().draws) }),
    { title: "up to the next full hundred" });
  const clear = button("clear", "Clear", () => update({ draws: 1, seed: (state().seed % 9999) + 1 }));
  const says = h("p", { class: "cnn-says", role: "status" });
  const numbers = h("table", { class: "cnn-numbers" });
  const law = h("p", { class: "cnn-law" });
  const node = h("div", { class: "cnn-scene cnn-scene--unit" },
    h("div", { class: "cnn-net" }, network.node,
      h("div", { class: "cnn-picks", role: "radiogroup", "aria-label": "Hidden unit to watch", "data-control": "unit" }, ...units)),
    h("div", { class: "cnn-laws" }, captions.unit, histograms.unit.node, captions.output, histograms.output.node),
    h("div", { class: "cnn-draws" }, again, hundred, clear), says,
    h("div", { class: "cnn-table" }, numbers, law));

  // Of the first `count` draws; the network and the sentence wait for the last one, so that nothing flickers.
  function fill(s, count) {
    const found = drawn(s, count);
    const x = UNITS[s.unit - 1];
    const laws = { unit: moments([x], s), output: moments(PARTS, s) };
    const many = plural(count, "draw");
    for (const [key, values, title, plain] of [["unit", [x], `Hidden unit ${s.unit}`, x], ["output", PARTS, "Output", WHOLE]]) {
      say(captions[key], `${title}, ${s.training ? many : "evaluation"}`);
      histograms[key].fill(s, laws[key], distribution(values, s), found[key], plain,
        `Histogram. ${title}: mean ${number(found[key].mean)} over ${many}, ${number(laws[key].mean)} by the law; without dropout ${number(plain)}.`);
    }
    numbers.replaceChildren(...momentRows(s, laws, found, many));
    say(law, lawSentence(s));
    again.disabled = hundred.disabled = s.draws >= MOST_DRAWS;
    if (count < s.draws) return;
    network.fill(s);
    factors(s, s.draws).forEach((f, i) => {
      units[i].checked = s.unit === i + 1;
      units[i].setAttribute("aria-label", `Hidden unit ${i + 1}: value ${UNITS[i]}, ${!s.training ? "not changed" : f ? `kept, times ${number(f)}` : "dropped"}`);
    });
    say(says, unitSentence(s, found));
  }
  return { node, fill };
}

// Head and body of the table of means and variances.
function momentRows(s, laws, found, many) {
  const cells = (title, rows) => h("tr", {}, h("th", { scope: "row" }, title),
    ...rows.flatMap(({ mean, variance }) => [mean, variance].map((v) => h("td", {}, number(v)))));
  const head = (title, span) => h("th", { scope: span > 1 ? "colgroup" : "col", colspan: span }, title);
  const plain = [UNITS[s.unit - 1], WHOLE].map((mean) => ({ mean, variance: 0 }));
  return [
    h("thead", {}, h("tr", {}, h("td"), head(`Unit ${s.unit}`, 2), head("Output", 2)),
      h("tr", {}, h("td"), ...["mean", "variance", "mean", "variance"].map((title) => head(title, 1)))),
    h("tbody", {}, cells("Law", [laws.unit, laws.output]), cells(many, [found.unit, found.output]), cells("No dropout", plain)),
  ];
}

// Scene 2: a window, what dropout before and after each pool makes of it, and the sum of one mean.
function makePoolScene({ id, state, update, radios }) {
  const editor = makeEditor({ read: () => state().window, write: (window) => update({ window }), show: () => {}, low: 0 });
  const grid = makeGrid("window", { "aria-labelledby": id("window"), "aria-describedby": id("help-pool") }, {
    key: (key, i, j) => key !== "-" && key !== "−" && editor.key(key, i, j), press: editor.press, point: () => where(),
  });
  const stepper = makeStepper(id("which"), (by) => editor.bump(...grid.at, by));
  const where = () => {
    say(stepper.which, `${place({ row: grid.at[0], column: grid.at[1] })}:`);
    grid.each((cell, i, j) => cell.classList.toggle("is-current", same([i, j], grid.at)));
  };
  const means = h("table", { class: "cnn-means" });
  const says = h("p", { class: "cnn-says", role: "status" });
  const parts = h("table", { class: "cnn-parts" });
  const total = h("p", { class: "cnn-law" });
  const node = h("div", { class: "cnn-scene cnn-scene--pool" },
    h("div", { class: "cnn-side" }, h("p", { class: "cnn-caption", id: id("window") }, "Four values of a window"),
      h("div", { class: "cnn-plate" }, grid.node), stepper.node),
    means, says,
    radios("pool", "Dropout before it, mask by mask", [["max", "max pool", "max"], ["average", "average pool", "average"]]),
    h("div", { class: "cnn-table" }, parts, total));

  function fill(s) {
    const values = s.window.flat();
    const largest = Math.max(...values);
    grid.fill(s.window, (cell, i, j) => cell.classList.toggle("is-winner", values.indexOf(largest) === 2 * i + j && s.pool === "max"));
    where();
    means.replaceChildren(...meanRows(s, values, Math.max(1, largest) * (s.p > 0.5 ? 4 : 2)));
    parts.replaceChildren(...partRows(s, values));
    parts.dataset.pool = s.pool;
    say(total, partsSentence(s));
    say(says, poolSentence(s));
  }
  return { node, fill };
}

// Head and bodies of the table of means, each with a bar that ends at `limit`.
function meanRows(s, values, limit) {
  const signed = (bias) => (bias === "0" || bias.startsWith("−") ? bias : `+${bias}`);
  const head = [["Dropout", 1], ["Mean", 2], ["Bias", 1], ["Variance", 1]];
  const row = (pool, plain, order) => {
    const { mean, variance } = poolMoments(values, s, pool, order);
    const bias = number(mean - plain);
    return h("tr", {}, h("th", { scope: "row" }, order),
      h("td", { class: "cnn-track" }, h("div", { style: `--mean: ${mean / limit}; --plain: ${plain / limit}` })),
      h("td", {}, number(mean)), h("td", { class: bias === "0" ? "" : "is-biased" }, signed(bias)), h("td", {}, number(variance)));
  };
  const body = (pool) => {
    const plain = POOLS[pool](values);
    return h("tbody", { "data-pool": pool },
      h("tr", {}, h("th", { scope: "rowgroup", colspan: 5 }, mark(pool), ` ${pool} pool, ${number(plain)} without dropout`)),
      ...["before", "after"].map((order) => row(pool, plain, order)));
  };
  return [h("thead", {}, h("tr", {}, ...head.map(([title, colspan]) => h("th", { scope: "col", colspan }, title)))), ...["max", "average"].map(body)];
}

// Head and body of the table of what each value adds to a mean, and in which masks.
function partRows(s, values) {
  const head = ["Value", s.pool === "max" ? "wins in" : "counts in", "Probability", "Gives", "Adds"];
  const row = ({ at, masks, probability, gives, adds }) => h("tr", {}, h("th", { scope: "row" }, at < 0 ? "none left" : number(values[at])),
    h("td", { class: "cnn-masks" }, h("div", {}, ...masks.map((kept) => mini(kept, at))), h("span", {}, plural(masks.length, "mask"))),
    ...[number(probability, 4), number(gives), number(adds)].map((v) => h("td", {}, v)));
  return [
    h("thead", {}, h("tr", {}, ...head.map((title) => h("th", { scope: "col" }, title)))),
    h("tbody", {}, ...poolParts(values, s, s.pool).map(row)),
  ];
}

// A mask of the window as a small picture: dropped places are crossed out, the one that wins or counts is filled.
const mini = (kept, at) => svg("svg", { viewBox: "0 0 22 22", class: "cnn-mask", "aria-hidden": "true" }, ...kept.map((keeps, i) => {
  const [x, y] = [1 + 10 * (i % 2), 1 + 10 * Math.floor(i / 2)];
  return svg("g", { class: !keeps ? "is-dropped" : i === at ? "is-chosen" : "" }, svg("rect", { x, y, width: 10, height: 10 }),
    svg("path", { d: keeps ? "" : `M${x + 2} ${y + 2}l6 6m0 -6l-6 6` }));
}));

function render({ model, el }) {
  const ui = makeExplorer({ model, el }, { kind: "dropout", names: NAMES, codecs: LINK, draw });
  const scenes = { unit: makeUnitScene(ui), pool: makePoolScene(ui) };
  const help = {
    unit: h("p", { class: "cnn-help" }, "Choose a hidden unit to watch it. Law: the exact distribution, over all 256 masks (outlined bars). Filled bars: the draws. Below them, mean and one standard deviation to each side. Dashed connections have negative weights."),
    pool: h("p", { class: "cnn-help", id: ui.id("help-pool") }, "Click or tap a value to raise it, shift-click to lower it; or go there with the arrow keys and type a digit. Dashed lines: without dropout. Crossed out in a mask: dropped."),
  };
  const root = h("div", { class: "cnn-explorer cnn-dropout", role: "group", "aria-label": "Dropout explorer" },
    ui.radios("scene", "Scene", [["unit", "One unit"], ["pool", "Before a max pool"]]),
    h("div", { class: "cnn-bar" },
      ui.slider("p", "Probability p of dropping", { min: 0, max: 0.9, step: 0.05, words: (p) => number(p) }),
      ui.radios("training", "Mode", [[true, "training"], [false, "evaluation"]]), ui.checkbox("scale", "Scale what is kept by 1/(1 − p)")),
    scenes.unit.node, scenes.pool.node, h("div", { class: "cnn-foot" }, ui.reset, ui.link), help.unit, help.pool);

  // A hundred draws arrive within a second where motion is welcome: the histograms grow towards the law.
  let seen = model.get("draws"), frame = 0;
  function draw(s) {
    const grows = s.scene === "unit" && s.training && s.draws > seen + 1;
    cancelAnimationFrame(frame);
    if (!grows || matchMedia("(prefers-reduced-motion: reduce)").matches) seen = s.draws;
    root.dataset.scene = s.scene;
    for (const name of ["unit", "pool"]) scenes[name].node.hidden = help[name].hidden = s.scene !== name;
    if (s.scene === "pool") scenes.pool.fill(s);
    else if (seen === s.draws) scenes.unit.fill(s, s.draws);
    else grow(s, seen, performance.now());
  }
  function grow(s, from, begin) {
    seen = Math.min(s.draws, from + Math.ceil(((performance.now() - begin) / 900) * (s.draws - from)));
    scenes.unit.fill(s, seen);
    if (seen < s.draws) frame = requestAnimationFrame(() => grow(s, from, begin));
  }

  return ui.run(root);
}

export default { render };
