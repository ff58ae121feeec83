// Explorer of recorded runs: two arms of an experiment seed by seed, the differences with their interval, and how the
// verdict comes about as seeds are added.
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-records                          root, role=group; data-reading: what the interval says
//   [data-control=NAME]                   selects first, second, quantity, margin; slider seeds
//   .cnn-slope .cnn-differences .cnn-strip    the three drawings, role=img; the second one role=slider: arrow keys choose a seed
//   [data-seed=K]                         in the first two: what belongs to the K-th seed; .is-later if it is not counted
//   [data-n=N]                            in the strip: the interval and the reading after N seeds
//   .cnn-verdict                          the verdict in large letters
//   .cnn-rule                             which rule of the book there is for the pair
//   .cnn-numbers                          details with the table of all seeds

import {
  between, clamp, decode, encode, h, makeExplorer, markPath, number, oneOf, say, setAll, setVariables, spot, svg, take,
} from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Statistics, as in cnnlab.statistics.

/** Probability that Student's t with df degrees of freedom is at most t: a finite sum for whole df. */
export function tCdf(t, df) {
  const theta = Math.atan(t / Math.sqrt(df));
  const cosine = Math.cos(theta);
  const odd = df % 2;
  let term = odd ? cosine : 1;
  let total = 0;
  for (let power = odd; power < df - 1; power += 2) {
    total += term;
    term *= (cosine * cosine * (power + 1)) / (power + 2);
  }
  const central = Math.sin(theta) * total;
  return 0.5 + (odd ? (2 / Math.PI) * (theta + central) : central) / 2;
}

const quantiles = new Map(); // of 0.975, by degrees of freedom

/** The value that t stays below with probability 0.975, found by halving. */
export function tQuantile(df) {
  if (!quantiles.has(df)) {
    let [low, high] = [0, 1];
    while (tCdf(high, df) < 0.975) [low, high] = [high, 2 * high];
    for (;;) {
      const middle = (low + high) / 2;
      if (!(low < middle && middle < high)) break; // neighbouring numbers
      if (tCdf(middle, df) < 0.975) low = middle;
      else high = middle;
    }
    quantiles.set(df, (low + high) / 2);
  }
  return quantiles.get(df);
}

const mean = (values) => values.reduce((total, v) => total + v, 0) / values.length;

export function spread(values) {
  const middle = mean(values);
  return Math.sqrt(values.reduce((total, v) => total + (v - middle) ** 2, 0) / (values.length - 1));
}

/** Mean and 95 % interval of differences; with splits [training, test images] the wider one for new images. */
export function interval(differences, splits = null) {
  const n = differences.length;
  const sorted = [...differences].sort((a, b) => a - b);
  const largest = Math.max(...differences.map(Math.abs));
  if (sorted[n - 1] - sorted[0] <= 1e-12 * largest) {
    const middle = (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
    return { estimate: middle, low: middle, high: middle };
  }
  const estimate = mean(differences);
  const factor = 1 / n + (splits ? splits[1] / splits[0] : 0);
  const half = tQuantile(n - 1) * Math.sqrt(factor) * spread(differences);
  return { estimate, low: estimate - half, high: estimate + half };
}

/** Whether an effect "greater", "less" or "equal" holds, by interval and margin. */
export function decide({ low, high }, margin, direction) {
  if (direction === "equal") {
    if (-margin < low && high < margin) return "holds";
    return low > margin || high < -margin ? "does not hold" : "undecided";
  }
  if (direction === "less") [low, high] = [-high, -low];
  if (low > margin) return "holds";
  return high < margin ? "does not hold" : "undecided";
}

/** What an interval says of the first arm: "higher", "lower", "equal" or "undecided". */
export function reading(found, margin) {
  const said = { higher: "greater", lower: "less", equal: "equal" };
  return Object.keys(said).find((key) => decide(found, margin, said[key]) === "holds") ?? "undecided";
}

// ---------------------------------------------------------------------------------------------
// What a state of the explorer comes to.

const words = (name) => name.replaceAll("_", " ");
const unitWord = (unit) => (["1", "cosine", "0 or 1"].includes(unit) ? "" : ` ${unit}`);
const indexOf = (list, name) => list.findIndex((entry) => entry[0] === name);

/** The rule of the book for the pair, or null; turned so that `direction` speaks of the first arm. */
export function ruleOf(record, { arms, quantity }) {
  const q = indexOf(record.quantities, quantity);
  const [a, b] = arms.map((arm) => indexOf(record.arms, arm));
  const found = record.rules.find((r) => r[0] === q && ((r[1] === a && r[2] === b) || (r[1] === b && r[2] === a)));
  if (!found) return null;
  const [, first, , direction, margin, splits, ratio] = found;
  const turned = { greater: "less", less: "greater", equal: "equal" };
  return { direction: first === a ? direction : turned[direction], margin, splits, ratio };
}

/** Everything that is drawn and said, from the record and the choices. */
export function view(record, s) {
  const q = indexOf(record.quantities, s.quantity);
  const unit = record.quantities[q][1];
  const fraction = unit === "fraction";
  const columns = s.arms.map((arm) => record.values[q][indexOf(record.arms, arm)]);
  const every = columns[0].map((v, k) => v - columns[1][k]);
  const rule = ruleOf(record, s);
  const splits = rule && !record.own_splits ? rule.splits : record.splits[q];
  const scale = fraction ? 100 : 1;
  const sd = scale * spread(every);
  const digits = sd === 0 ? 2 : Math.max(fraction ? 2 : 0, Math.min(6, 1 - Math.floor(Math.log10(sd))));
  const steps = []; // what is known after 2, 3, ... seeds
  for (let n = 2; n <= every.length; n++) {
    const some = every.slice(0, n);
    const [narrow, wide] = [interval(some), splits && interval(some, splits)];
    const said = reading(narrow, s.margin);
    steps.push({ n, narrow, wide, said, firm: !wide || reading(wide, s.margin) === said });
  }
  const now = steps[s.seeds - 2];
  let since = s.seeds;
  while (since > 2 && steps[since - 3].said === now.said) since--;
  const text = (v) => number(Number((scale * v).toPrecision(12)), digits); // as in Python, whatever the sum before lost
  const word = fraction ? " points" : unitWord(unit);
  const united = (text) => (text === "1" && fraction ? "1 point" : text + word);
  const edge = (m) => united(number(scale * m, 9));
  return {
    columns, every, rule, splits, scale, steps, now, since, text, united, edge, margin: edge(s.margin), word, unit: fraction ? "%" : unitWord(unit).trim(),
    enough: s.seeds >= record.enough,
  };
}

/** "higher", "lower", "equal" or "undecided", with "on these data" or the number of runs where they belong to it. */
export function decision(record, s) {
  const { now, enough } = view(record, s);
  if (!enough) return `undecided: ${s.seeds} of ${record.enough} runs`;
  return now.said + (now.firm ? "" : " on these data");
}

function saying(said, s, { margin }) {
  if (said === "equal") return `equal within ${margin}`;
  return said === "undecided" || s.margin === 0 ? said : `${said} by more than ${margin}`;
}

/** What so many seeds show. */
export function sentence(record, s) {
  const v = view(record, s);
  const { now: { narrow, wide, said, firm }, text, margin } = v;
  const [first, second] = s.arms;
  const size = text(Math.abs(narrow.estimate));
  const way = narrow.estimate > 0 ? "higher" : "lower";
  const parts = [
    `Over ${s.seeds} seeds ${words(s.quantity)} is`,
    size === "0" ? `the same on average with ${first} and with ${second};` : `${v.united(size)} ${way} with ${first} than with ${second};`,
    `95 % interval of the difference ${text(narrow.low)} to ${text(narrow.high)}.`,
  ];
  if (!v.enough) {
    parts.push(`No verdict: ${s.seeds} of ${record.enough} runs. The interval alone would say: ${saying(said, s, v)}.`);
  } else if (said === "equal") parts.push(`It holds that the two differ by less than ${margin}.`);
  else if (said !== "undecided") parts.push(`It holds that it is ${saying(said, s, v)}.`);
  else if (s.margin > 0) {
    parts.push("Undecided: the interval lies across an edge of the margin.");
    if (narrow.low > -s.margin || narrow.high < s.margin) {
      parts.push(`That it is ${narrow.low > -s.margin ? "lower" : "higher"} by more than ${margin} is ruled out.`);
    }
  } else parts.push("Undecided: the interval holds zero.");
  if (wide && v.enough) {
    parts.push(`For new images it is ${text(wide.low)} to ${text(wide.high)}:`);
    if (!firm) parts.push("undecided, so that the verdict is one on these data.");
    else parts.push(said === "undecided" ? "undecided too." : "the same.");
  }
  return parts.join(" ");
}

/** Whether the book named the pair before the run, and what that means for the verdict. */
export function ruleSentence(record, s) {
  const v = view(record, s);
  const n = record.arms.length;
  const pairs = ((n * (n - 1)) / 2) * record.quantities.length;
  const [first, second] = s.arms;
  if (!v.rule) {
    const many = pairs === 1 ? "" : ` There are ${pairs} comparisons to pick from here, and among so many some look decided by chance.`;
    return `No rule of the book names this comparison: what you see is a question for new runs, not a verdict.${many}`;
  }
  if (v.rule.ratio) return "The book has a rule for this pair, and it judges the ratio of the two, not their difference: what you see here is not its verdict.";
  const margin = v.edge(v.rule.margin);
  const by = v.rule.margin ? ` by more than ${margin}` : "";
  const claim = {
    greater: `is higher with ${first} than with ${second}${by}`,
    less: `is lower with ${first} than with ${second}${by}`,
    equal: `differs by less than ${margin} between ${first} and ${second}`,
  }[v.rule.direction];
  const [outcome, wider] = [v.now.narrow, v.now.wide ?? v.now.narrow].map((found) => decide(found, v.rule.margin, v.rule.direction));
  const asked = `The book’s rule for this pair asks whether ${words(s.quantity)} ${claim}.`;
  if (v.rule.margin !== s.margin) return `${asked} The margin chosen here is another one: a margin that is chosen after a look decides nothing.`;
  return `${asked} ${v.enough ? `With ${s.seeds} runs: ${outcome}${wider === outcome ? "" : " on these data"}.` : "With so few runs it decides nothing."}`;
}

/** A handful of round numbers inside a range. */
export function ticks(low, high, count = 5) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

// ---------------------------------------------------------------------------------------------
// Drawing. Places are in per cent of the drawing, so that it may have any size; marks and letters are in pixels.

const GLYPHS = { higher: "▲", lower: "▼", equal: "=", undecided: "?" };
const shapeOf = (kind) => {
  if (kind === "disc" || kind === "ring") return svg("circle", { class: kind === "ring" ? "is-line" : undefined, r: 4.5 });
  return svg("path", { class: kind === "none" ? "is-line" : undefined, d: markPath(kind, kind === "none" ? 5.6 : 6.25) });
};
const SIDES = ["is-a", "is-b"];
const COLOURS = { max: "max", average: "avg", stride: "stride", blur: "blur", none: "none" };

/** Marks of two arms: those of their pooling rules where the names tell two, else a disc and a ring. */
export function marksOf(arms) {
  const rules = arms.map((arm) => /^(max|avg|average|stride|blur|none)(?=_|$)/.exec(arm)?.[1].replace(/^avg$/, "average"));
  if (rules[0] && rules[0] === rules[1]) return ["disc", "ring"];
  return rules.map((rule, k) => rule ?? ["disc", "ring"][k]);
}

const at = (x, y, ...children) => svg("svg", { x: `${x}%`, y: `${y}%`, overflow: "visible" }, ...children);
const line = (x1, y1, x2, y2, cls) => svg("line", { x1: `${x1}%`, y1: `${y1}%`, x2: `${x2}%`, y2: `${y2}%`, class: cls });
const box = (x, width, top, bottom, cls) =>
  svg("rect", { x: `${x}%`, width: `${width}%`, y: `${top}%`, height: `${Math.max(0, bottom - top)}%`, class: cls });
/** Letters at a place: `how` is start, middle or end; dy moves them down, in pixels. */
const label = (x, y, text, cls, how = "middle", dy = 0, dx = 0) =>
  svg("text", { x: `${x}%`, y: `${y}%`, dx, dy, "text-anchor": how, class: cls }, text);

/** Height, in per cent from above, of values between low and high. */
const scaleOf = (low, high, top = 0, bottom = 100) => (v) => bottom - ((v - low) / (high - low || 1)) * (bottom - top);

/** A text that a line may also end in behind each "_". */
const breakable = (text) => text.split(/(?<=_)/).flatMap((part, n) => (n ? [h("wbr"), part] : [part]));

function axis(low, high, y, scale) {
  return ticks(scale * low, scale * high).flatMap((v) => [
    line(0, y(v / scale), 100, y(v / scale), v === 0 ? "cnn-zero" : "cnn-rung"),
    label(0, y(v / scale), number(v, 6), "cnn-tick", "end", 4, -6),
  ]);
}

// Letters of the verdict, and whether the book had a rule for it.
function verdictParts(record, s, { now, rule, enough, margin }) {
  if (!enough) return [h("b", {}, "? no verdict"), ` with ${s.seeds} of ${record.enough} runs`];
  const [first] = s.arms;
  const named = rule && !rule.ratio && rule.margin === s.margin;
  const sides = { higher: `${first} is higher`, lower: `${first} is lower`, equal: "equal", undecided: "undecided" };
  const more = now.said === "equal" ? `within ${margin}` : now.said === "undecided" ? "" : s.margin ? `by more than ${margin}` : "";
  return [h("b", {}, ...breakable(`${GLYPHS[now.said]} ${sides[now.said]}`)), ` ${more}${now.firm ? "" : ", on these data"}`,
    ...(named ? [] : [h("span", {}, "a look, not a verdict of the book")])];
}

// Head and body of the table of all seeds that are counted.
function seedRows(record, s, v) {
  return [
    h("thead", {}, h("tr", {}, ...["seed", ...s.arms, "difference"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...record.seeds.slice(0, s.seeds).map((seed, k) => h("tr", {}, h("th", { scope: "row" }, String(seed)),
      ...[v.columns[0][k], v.columns[1][k], v.every[k]].map((x) => h("td", {}, v.text(x)))))),
  ];
}

// Ends of the axis of the differences: all of them fit, and so do the margin and the interval of all seeds.
function spanOf(s, v) {
  const last = v.steps.at(-1);
  const ends = [0, -s.margin, s.margin, ...v.every, last.narrow.low, last.narrow.high];
  let [low, high] = [Math.min(...ends), Math.max(...ends)];
  if (low === high) [low, high] = [-1 / v.scale, 1 / v.scale];
  const room = 0.06 * (high - low);
  return [low - room, high + room];
}

// Left: a line for each seed, from the one arm to the other.
function slopeParts(s, v, marks) {
  const all = v.columns.flat();
  const room = 0.05 * (Math.max(...all) - Math.min(...all)) || 0.5 / v.scale;
  const [low, high] = [Math.min(...all) - room, Math.max(...all) + room];
  const y = scaleOf(low, high);
  const posts = [18, 82];
  const seed = (k) => svg("g", { "data-seed": k, class: k < s.seeds ? "cnn-run" : "cnn-run is-later" },
    line(posts[0], y(v.columns[0][k]), posts[1], y(v.columns[1][k])),
    ...posts.map((x, side) => svg("g", { class: SIDES[side] }, at(x, y(v.columns[side][k]), shapeOf(marks[side])))));
  const [left, right] = v.columns.map((column) => y(mean(column.slice(0, s.seeds))));
  return [
    ...axis(low, high, y, v.scale), ...posts.map((x) => line(x, 0, x, 100, "cnn-post")),
    ...v.every.map((_, k) => seed(k)), line(posts[0], left, posts[1], right, "cnn-means"),
    ...s.arms.map((arm, side) => s.arms.every(({ length }) => length < 9) ? label(posts[side], 100, arm, `cnn-name ${SIDES[side]}`, "middle", 18)
      : label(side ? 100 : 0, 100, arm, `cnn-name ${SIDES[side]}`, side ? "end" : "start", 18 + 15 * side)),
  ];
}

function hatched(y, margin, pattern) {
  const band = box(0, 100, y(margin), y(-margin), "cnn-margin");
  setAll(band, { fill: `url(#${pattern})` });
  return band;
}

// Right: the differences, a column for each seed, with mean, interval and margin. Their axis runs from low to high,
// and `pattern` is the id of the hatching.
function differenceParts(s, v, [low, high], pattern) {
  const { narrow, wide } = v.now;
  const total = v.every.length;
  const y = scaleOf(low, high);
  const inside = (x) => Math.max(0, Math.min(100, y(x)));
  const x = (k) => ((k + 0.5) / total) * 100;
  const until = (s.seeds / total) * 100;
  const across = (found, cls) => [ // an end beyond the drawing has no line
    box(0, until, inside(found.high), inside(found.low), cls),
    ...[found.low, found.high].filter((v) => v >= low && v <= high).map((v) => line(0, y(v), until, y(v), `${cls}-end`)),
  ];
  return [
    svg("defs", {}, svg("pattern", { id: pattern, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("path", { d: "M0 0V7", class: "cnn-hatch" }))),
    hatched(y, s.margin, pattern), ...axis(low, high, y, v.scale),
    ...(wide ? across(wide, "cnn-wide") : []), ...across(narrow, "cnn-interval"),
    line(0, y(narrow.estimate), until, y(narrow.estimate), "cnn-mean"),
    ...v.every.map((d, k) => svg("g", { "data-seed": k, class: k < s.seeds ? "cnn-run" : "cnn-run is-later" },
      line(x(k), y(0), x(k), y(d)), at(x(k), y(d), shapeOf("disc")))),
    label(100, 0, `${s.arms[0]} higher ▲`, "cnn-land is-a", "end", -6),
    label(100, 100, `${s.arms[1]} higher ▼`, "cnn-land is-b", "end", 16),
  ];
}

// Below: the interval after 2, 3, ... seeds, in the columns of the seeds, and what it says.
function stripParts(record, s, v, [low, high], pattern) {
  const total = v.every.length;
  const floor = 68;
  const y = scaleOf(low, high, 0, floor);
  const width = 100 / total;
  const few = Math.min(record.enough - 1, total);
  const numbered = (n) => total <= 15 || n % 5 === 0 || n === 2;
  const after = ({ n, narrow, said }) => {
    const x = (n - 0.5) * width;
    const middle = y(narrow.estimate);
    return svg("g", { "data-n": n, "data-reading": said, class: n === s.seeds ? "is-now" : "" },
      line(x, Math.max(0, y(narrow.high)), x, Math.min(floor, y(narrow.low)), "cnn-reach"),
      ...(y(narrow.high) < 0 ? [at(x, 0, svg("path", { class: "is-line", d: "M-4 4 0 0 4 4" }))] : []),
      ...(y(narrow.low) > floor ? [at(x, floor, svg("path", { class: "is-line", d: "M-4-4 0 0 4-4" }))] : []),
      ...(middle >= 0 && middle <= floor ? [at(x, middle, svg("circle", { r: 3.5 }))] : []),
      label(x, 82, GLYPHS[said], "cnn-said"), ...(numbered(n) ? [label(x, 97, String(n), "cnn-tick")] : []));
  };
  return [
    box(0, few * width, 0, 100, "cnn-few"), hatched(y, s.margin, pattern),
    line(0, y(0), 100, y(0), "cnn-zero"), label(0, y(0), "0", "cnn-tick", "end", 4, -6),
    box((s.seeds - 1) * width, width, 0, 100, "cnn-column"), ...v.steps.map(after),
  ];
}

const codecsOf = (record) => {
  const arms = oneOf(...record.arms.map(([arm]) => arm));
  return {
    arms: {
      write: (pair) => pair.join("~"),
      read: (text) => {
        const pair = text.split("~").map(arms.read);
        return pair.length === 2 && pair[0] && pair[1] && pair[0] !== pair[1] ? pair : undefined;
      },
    },
    quantity: oneOf(...record.quantities.map(([quantity]) => quantity)),
    margin: { write: String, read: (text) => (text !== "" && Number(text) >= 0 && Number(text) <= 1e9 ? Number(text) : undefined) },
    seeds: between(2, record.seeds.length),
  };
};
export const encodeState = (record, state) => encode(state, codecsOf(record));
export const decodeState = (record, text) => decode(text, codecsOf(record));

function render({ model, el }) {
  const record = model.get("record");
  const total = record.seeds.length;
  // A new pair or quantity brings the margin of the book's rule with it.
  const settle = (changes, next) => {
    if ("margin" in changes || !("quantity" in changes || "arms" in changes)) return changes;
    const rule = ruleOf(record, next);
    if (rule && !rule.ratio) return { ...changes, margin: rule.margin };
    return "quantity" in changes ? { ...changes, margin: record.margins[indexOf(record.quantities, next.quantity)][0] } : changes;
  };
  const ui = makeExplorer({ model, el }, {
    kind: "records", names: ["record", "arms", "quantity", "margin", "seeds"], fixed: ["record"], codecs: codecsOf(record), settle, draw,
  });
  const { id, state, update } = ui;

  // Controls.
  const names = record.arms.map(([arm]) => [arm, arm]);
  const pick = (side) => (arm) => {
    const old = state().arms;
    const other = old[1 - side] === arm ? old[side] : old[1 - side]; // the same arm on both sides: they change places
    update({ arms: side ? [other, arm] : [arm, other] });
  };
  const first = ui.menu("first", "First arm", names, pick(0));
  const second = ui.menu("second", "Second arm", names, pick(1));
  const margin = ui.menu("margin", "Margin", [], (value) => update({ margin: Number(value) }));
  const quantity = ui.select("quantity", "Quantity", record.quantities.map(([name]) => [name, words(name)]));
  const slider = ui.slider("seeds", "Seeds counted", { min: 2, max: total, words: (n) => `${n} of ${total}` });

  // Drawings, with their captions.
  const figure = (kind) => {
    const caption = h("p", { class: "cnn-caption", id: id(kind) });
    const node = svg("svg", { class: `cnn-${kind}`, role: "img", "aria-labelledby": id(kind), "aria-describedby": id("says") });
    return { node, caption, panel: h("div", { class: `cnn-panel cnn-panel--${kind}` }, caption, node) };
  };
  // The strip's caption is its legend too.
  const [slope, differences, strip] = ["slope", "differences", "strip"].map(figure);
  say(strip.caption, "The interval after each seed: ▲ higher, ▼ lower, = equal, ? undecided; grey: too few");
  const verdict = h("p", { class: "cnn-verdict", "aria-hidden": "true" });
  const settled = h("p", { class: "cnn-settled" });
  const which = h("p", { class: "cnn-which" });
  const arms = h("p", { class: "cnn-arms" });
  const says = h("p", { class: `cnn-says${record.splits.some(Boolean) ? " has-splits" : ""}`, role: "status", id: id("says") });
  const rule = h("p", { class: "cnn-rule" });
  const table = h("table");
  const root = h("div", { class: "cnn-explorer cnn-records", role: "group", "aria-label": "Explorer of recorded runs" },
    h("p", { class: "cnn-question" }, record.question),
    h("div", { class: "cnn-bar" }, first.field, second.field, quantity, margin.field),
    arms,
    h("p", { class: "cnn-help" }, "An arm is one variant of what was trained. A seed is the number that fixes a run’s random choices; runs with the same seed are pairs."),
    h("div", { class: `cnn-stage${total > 15 ? " is-many" : ""}`, style: `--n: ${total}` },
      slope.panel, differences.panel, h("div", { class: "cnn-side" }, verdict, settled, which), strip.panel, slider),
    says, rule,
    h("div", { class: "cnn-foot" }, ui.reset, ui.link),
    h("details", { class: "cnn-numbers" }, h("summary", {}, "All seeds as a table"), table),
    h("p", { class: "cnn-help" }, "The book writes its rules before the runs. Looking at many pairs, or adding seeds until a verdict appears and stopping there, is not a test: the 95 % are a promise for one look at one pair that was named before."));

  // The seed pointed at: its line and its dots.
  let pointed = null;
  const whole = differences.node;
  const column = (event) => clamp(Math.floor(spot(event, whole)[1] * total), total - 1);
  const point = (k) => {
    pointed = k;
    for (const node of root.querySelectorAll("[data-seed]")) node.classList.toggle("is-pointed", Number(node.dataset.seed) === k);
    const v = view(record, state());
    const [a, b] = state().arms;
    const value = (x) => `${v.text(x)}${v.unit && ` ${v.unit}`}`;
    say(which, k === null ? "Point at a seed, or use the arrow keys."
      : `Seed ${record.seeds[k]}: ${a} ${value(v.columns[0][k])}, ${b} ${value(v.columns[1][k])}, difference ${v.united(v.text(v.every[k]))}.`);
    setAll(whole, { "aria-valuenow": k ?? 0, "aria-valuetext": k === null ? "no seed chosen" : which.textContent });
  };
  setAll(whole, { tabindex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": total - 1 });
  whole.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -total, End: total }[event.key];
    if (!step) return;
    take(event);
    point(clamp((pointed ?? (step > 0 ? -1 : total)) + step, total - 1));
  });
  whole.addEventListener("blur", () => point(null));
  for (const event of ["pointermove", "pointerdown"]) whole.addEventListener(event, (e) => point(column(e)));
  whole.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") point(null); });
  strip.node.addEventListener("click", (event) => update({ seeds: Math.max(2, column(event) + 1) }));

  function draw(s) {
    const v = view(record, s);
    const { now } = v;
    const marks = marksOf(s.arms);
    const title = words(s.quantity);
    const by = v.word ? ` (${v.word.trim()})` : "";
    marks.forEach((kind, side) => {
      const token = COLOURS[kind];
      setVariables(root, {
        [`cnn-${"ab"[side]}`]: token ? `var(--cnn-${token})` : "var(--cnn-ink)",
        [`cnn-${"ab"[side]}-text`]: token ? `var(--cnn-${token}-text)` : "var(--cnn-ink)",
      });
    });
    root.dataset.reading = now.said;
    root.classList.toggle("is-enough", v.enough);

    first.show(s.arms[0]);
    second.show(s.arms[1]);
    const offered = record.margins[indexOf(record.quantities, s.quantity)].slice(1);
    if (!offered.includes(s.margin)) offered.push(s.margin);
    margin.fill(offered.sort((a, b) => a - b).map((m) => [String(m), m === 0 ? "none: 0" : v.edge(m)]));
    margin.show(String(s.margin));
    const swatch = (side) => svg("svg", { class: `cnn-swatch ${SIDES[side]}`, viewBox: "-7 -7 14 14", "aria-hidden": "true" }, shapeOf(marks[side]));
    arms.replaceChildren(...s.arms.flatMap((arm, side) =>
      [h("span", {}, swatch(side), h("b", {}, ` ${arm}`), ` ${record.arms[indexOf(record.arms, arm)][1]}`)]));

    say(slope.caption, `${title[0].toUpperCase()}${title.slice(1)}${v.unit && ` (${v.unit})`}`);
    differences.caption.replaceChildren(`Difference by seed${by} `, h("small", {},
      [s.margin && `hatched: margin ±${v.margin}`, now.wide && "dashed: new images"].filter(Boolean).join("; ")));
    const [span, hatch] = [spanOf(s, v), id("hatch")];
    slope.node.replaceChildren(...slopeParts(s, v, marks));
    differences.node.replaceChildren(...differenceParts(s, v, span, hatch));
    strip.node.replaceChildren(...stripParts(record, s, v, span, hatch));

    verdict.replaceChildren(...verdictParts(record, s, v));
    const from = v.since === 2 ? "from the start" : v.since === s.seeds ? "only since the last seed" : `from ${v.since} seeds on`;
    say(settled, s.seeds === 2 ? "Two seeds: the interval is very wide." : `The interval has said “${now.said}” ${from}.`);
    say(says, sentence(record, s));
    say(rule, ruleSentence(record, s));
    table.replaceChildren(...seedRows(record, s, v));
    point(pointed);
  }

  return ui.run(root);
}

export default { render };
