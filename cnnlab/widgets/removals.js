// Explorer of removals: networks with pools against each way to take them out, and what is equal between the two.
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-removals                      root, role=group; data-decision: holds, fails or undecided
//   [data-control=NAME]                selects images and first; radios held; slider seeds; fieldset second: the rows
//   .cnn-row[data-arm=NAME]            a row of the forest: a radio button with its interval; .is-barred if not comparable
//   [data-action=surprise]             the next comparison in which what people say does not hold; .cnn-surprise names it
//   .cnn-unheld                        what cannot be held equal here, and why; role=status
//   .cnn-verdict .cnn-says             the verdict in large letters; the sentence
//   .cnn-equal .cnn-book               what is equal and what is not; whether the ledger asks the same
//   .cnn-nets > .cnn-net[data-arm]     the two networks, layer by layer, role=img

import { between, button, count, h, makeExplorer, markPath, number, oneOf, same, say, svg } from "./toolkit.js";
import { decide, interval, ticks } from "./records.js";

// ---------------------------------------------------------------------------------------------
// What a state comes to, as in removals.py.

/** The runs of a kind of images: those at equal time where time is held, else those after equal epochs. */
export const runsOf = (record, { images, held }) =>
  (held === "time" && record.images[images].timed) || record.images[images].runs;

/** The networks of these runs, in the order of the book. */
export const namesOf = (record, s) => record.order.arms.filter((arm) => arm in runsOf(record, s).values);

const total = (runs) => Object.values(runs.values)[0].length;

/** Text of a difference in points, with its sign. */
export function signed(v) {
  const points = (100 * v).toFixed(2);
  return points < 0 ? points.replace("-", "−") : `+${points.replace("-", "")}`;
}

/** The mean, with the order of additions that numpy has: the last bit decides how a half is rounded. */
export function mean(values) {
  const eights = values.length - (values.length % 8);
  const sums = Array.from({ length: eights ? 8 : 0 }, (_, j) => {
    let sum = values[j];
    for (let k = j + 8; k < eights; k += 8) sum += values[k];
    return sum;
  });
  while (sums.length > 1) for (let k = 0; k < sums.length; k++) sums.splice(k, 2, sums[k] + sums[k + 1]);
  return values.slice(eights).reduce((sum, v) => sum + v, sums[0] ?? 0) / values.length;
}

/** Text of a quotient, with two digits that count. */
export function ratioText(v) {
  const digits = v >= 10 ? 0 : v >= 1 ? 1 : 2;
  return (Math.round(v * 10 ** digits) / 10 ** digits).toFixed(digits);
}

/** What the second network costs over the first: [[name, words, ratio, whether that counts as equal]]. */
export function costs(record, images, pair) {
  const [first, second] = pair.map((arm) => record.images[images].networks[arm]);
  return record.costs.map(([name, words, tolerance], k) => [name, words, second[k] / first[k], tolerance])
    .filter((_, k) => first[k] && second[k])
    .map(([name, words, ratio, tolerance]) => [name, words, ratio, Math.abs(ratio - 1) <= tolerance]);
}

/** Why a pair of the images cannot be compared, as "11 times the parameters"; null if it can. */
export function hindrance(record, { images, held }, pair) {
  if (!pair.every((arm) => arm in runsOf(record, { images, held }).values)) return "not run at equal time";
  if (held !== "parameters" && held !== "macs") return null;
  const [, words, ratio, equal] = costs(record, images, pair).find(([name]) => name === held);
  return equal ? null : `${ratioText(ratio)} times the ${words}`;
}

/** What may be held equal, and how its button calls it. */
const HELD = [["epochs", "epochs"], ["parameters", "parameters"], ["macs", "MACs"], ["time", "time"]];

/** What cannot be held equal with these images and this first network, and why: [[held, label, why]]. */
export function unheld(record, s) {
  const { speech, timed } = record.images[s.images];
  const [first] = s.arms;
  const names = namesOf(record, { ...s, held: "epochs" });
  const why = (held) => {
    if (held === "time" && !timed) return `${speech}, the networks were run for equally many epochs only`;
    if (held === "time" && !(first in timed.values)) return "the first network was run for equally many epochs only";
    const fits = (arm) => arm !== first && !hindrance(record, { ...s, held }, [first, arm]);
    return names.some(fits) ? null : "no other network has about as many as the first";
  };
  return HELD.map(([held, label]) => [held, label, why(held)]).filter(([, , reason]) => reason);
}

/** The same in words; nothing where all can be held equal. */
export const unheldSentence = (record, s) => unheld(record, s)
  .map(([, label, why]) => `${label[0].toUpperCase()}${label.slice(1)} cannot be held equal here: ${why}.`).join(" ");

/** Differences of a pair by seed, the narrow interval and the one for new images, and what the book's rule decides. */
export function compare(record, s, pair) {
  const { margin, splits } = record.images[s.images];
  const { values } = runsOf(record, s);
  const every = values[pair[0]].slice(0, s.seeds).map((v, k) => v / 1e6 - values[pair[1]][k] / 1e6);
  const narrow = { ...interval(every), estimate: mean(every) };
  const wide = splits && interval(every, splits);
  const said = decide(narrow, margin, "greater");
  const enough = s.seeds >= record.enough;
  const firm = said === "undecided" || !wide || decide(wide, margin, "greater") === said;
  return {
    narrow, wide, margin, enough, firm, decision: enough ? said : "undecided",
    words: enough ? said + (firm ? "" : " on these data") : `undecided: ${s.seeds} of ${record.enough} runs`,
  };
}

const holds = (found, margin, direction) => decide(found, margin, direction) === "holds";

// What an interval says beyond the verdict.
function tail({ narrow, margin }) {
  if (holds(narrow, margin, "less")) return "The opposite holds.";
  if (holds(narrow, margin, "equal")) return "The two are equal within the margin.";
  const said = decide(narrow, margin, "greater");
  if (said === "does not hold") return "It is equal or worse; which of the two is open.";
  return said === "undecided" && narrow.low > -margin ? "That it is worse by as much is ruled out." : "";
}

/** What is claimed of a pair, and what so many seeds make of it. */
export function sentence(record, s) {
  const found = compare(record, s, s.arms);
  const { narrow, wide, margin } = found;
  const [first, second] = s.arms.map((arm) => record.arms[arm][1]);
  const parts = [
    `${first[0].toUpperCase()}${first.slice(1)} is better than ${second} by more than ${number(100 * margin)} points,`,
    `${record.images[s.images].speech}, ${record.held[s.held]}: ${found.words}.`,
    `Over ${s.seeds} seeds the test accuracy differs by ${signed(narrow.estimate)} points,`,
    `95 % interval ${signed(narrow.low)} to ${signed(narrow.high)}.`,
  ];
  for (const arm of s.arms) {
    const stuck = runsOf(record, s).values[arm].slice(0, s.seeds).filter((v) => v / 1e6 < record.stuck).length;
    if (stuck) parts.push(`In ${stuck} of them ${record.arms[arm][1]} learned nothing at all.`);
  }
  if (found.enough) {
    parts.push(tail(found));
    if (wide) parts.push(`For new images it is ${signed(wide.low)} to ${signed(wide.high)}.`);
  }
  return parts.filter(Boolean).join(" ");
}

/** What is equal between the two networks, and what is not: two lists. */
function likeness(record, s) {
  const { epochs } = runsOf(record, s);
  const [equal, other] = [[`${record.images[s.images].train} training images`, "order of batches"], []];
  if (s.held === "time") {
    const [a, b] = s.arms.map((arm) => epochs[arm]);
    equal.push("time of training");
    if (a === b) equal.push(`${a} epochs`);
    else other.push(`${b} epochs against ${a}`);
  } else equal.push(`${epochs} epochs`);
  for (const [, words, ratio, alike] of costs(record, s.images, s.arms)) {
    if (alike) equal.push(words);
    else other.push(`${ratioText(ratio)} times the ${words}`);
  }
  return [equal, other];
}

export function equalSentence(record, s) {
  const [equal, other] = likeness(record, s);
  return `Equal: ${equal.join(", ")}.${other.length ? ` Not equal: the second has ${other.join(", ")}.` : ""}`;
}

/** Whether the ledger asks about this pair. */
export function bookSentence(record, s) {
  const { rules } = runsOf(record, s);
  if (rules.includes(s.arms.join(" "))) return "The book asked this very question before it looked: see the ledger.";
  if (rules.includes([...s.arms].reverse().join(" "))) return "The ledger asks this the other way round: is the second network better?";
  return "No question of the ledger: you looked first, so take it as a hint, not as a verdict of the book.";
}

/** The comparisons in which what people say does not hold, most contrary first: [images, held, arms, saying, upper end]. */
export function surprises(record) {
  const found = [];
  for (const images of record.order.images) {
    for (const held of ["epochs", "time"]) {
      if (held === "time" && !record.images[images].timed) continue;
      const runs = runsOf(record, { images, held });
      for (const [saying, firsts, others] of record.sayings) {
        for (const arms of firsts.flatMap((a) => others.map((b) => [a, b]))) {
          if (!arms.every((arm) => arm in runs.values)) continue;
          const { decision, narrow, wide } = compare(record, { images, held, seeds: total(runs) }, arms);
          if (decision !== "does not hold") continue;
          const strict = held === "time" ? held
            : ["parameters", "macs"].find((h) => !hindrance(record, { images, held: h }, arms)) ?? held;
          found.push([images, strict, arms, saying, (wide ?? narrow).high]);
        }
      }
    }
  }
  return found.sort((a, b) => a[4] - b[4]);
}

/** The changes with what has to follow from them: networks that were run, and that have equal what is held equal. */
export function settle(record, changes, next, before) {
  const s = { ...next };
  if (s.held === "time" && !record.images[s.images].timed) s.held = "epochs";
  const runs = runsOf(record, s);
  const names = namesOf(record, s);
  const fits = (a, b) => a !== b && names.includes(b) && !hindrance(record, s, [a, b]);
  let [a, b] = s.arms;
  if (!names.includes(a)) a = names[0];
  if (!fits(a, b)) b = names.find((name) => name !== "avg" && fits(a, name)) ?? names.find((name) => fits(a, name));
  if (b === undefined) [s.held, b] = ["epochs", names.find((name) => name !== a)];
  if (!same([a, b], s.arms)) s.arms = [a, b];
  const full = before && before.seeds === total(runsOf(record, before)) && !("seeds" in changes);
  s.seeds = full ? total(runs) : Math.max(2, Math.min(s.seeds, total(runs)));
  return { ...changes, held: s.held, arms: s.arms, seeds: s.seeds };
}

// ---------------------------------------------------------------------------------------------
// Drawing. Places across are in per cent, so that a drawing may have any width.

const GLYPHS = { "holds": "✓", "does not hold": "✗", "undecided": "…" };
const KINDS = { "holds": "holds", "does not hold": "fails", "undecided": "undecided" };
const TOKENS = { max: "max", average: "avg", stride: "stride", none: "none" };
const percent = (v) => `${v.toFixed(2)}%`;

const line = (x1, x2, y1, y2, cls) => svg("line", { x1: percent(x1), x2: percent(x2), y1, y2, class: cls });
const markAt = (record, arm, x, y) => {
  const [, , rule, filled] = record.arms[arm];
  return svg("svg", { x: percent(x), y, overflow: "visible" },
    svg("path", { d: markPath(rule, 5.5), class: `cnn-arm is-${rule}${filled && rule !== "none" ? "" : " is-open"}${filled ? "" : " is-thin"}` }));
};
const swatch = (record, arm) => svg("svg", { class: "cnn-swatch", viewBox: "-9 -9 18 18", "aria-hidden": "true" }, markAt(record, arm, 0, 0));

const HIGH = 34; // of a row

/** Ends of the axis: the intervals of all seeds fit, those for new images may reach beyond. */
export function span(record, s, rivals) {
  const all = { ...s, seeds: total(runsOf(record, s)) };
  const { margin } = record.images[s.images];
  const ends = rivals.flatMap((arm) => {
    const { narrow } = compare(record, all, [s.arms[0], arm]);
    return [narrow.low, narrow.high];
  });
  const [low, high] = [Math.min(-2 * margin, ...ends), Math.max(2 * margin, ...ends)];
  const room = 0.07 * (high - low);
  return [low - room, high + room];
}

// Interval, mark and margin of one comparison.
function whisker(record, arm, { narrow, wide, margin }, x) {
  const middle = HIGH / 2;
  const reach = (found, cls) => {
    const [a, b] = [found.low, found.high].map((v) => Math.max(0, Math.min(100, x(v))));
    const beyond = (v, at, d) => (x(v) === at ? [] : [svg("svg", { x: percent(at), y: middle, overflow: "visible" }, svg("path", { d, class: `${cls} is-beyond` }))]);
    return [line(a, b, middle, middle, cls), ...beyond(found.low, a, "M6-4 1 0 6 4"), ...beyond(found.high, b, "M-6-4-1 0-6 4")];
  };
  return [
    svg("rect", { x: percent(x(-margin)), width: percent(x(margin) - x(-margin)), y: 0, height: HIGH, class: "cnn-band" }),
    line(x(0), x(0), 0, HIGH, "cnn-zero"),
    ...(wide ? reach(wide, "cnn-wide") : []), ...reach(narrow, "cnn-narrow"),
    ...[narrow.low, narrow.high].filter((v) => x(v) >= 0 && x(v) <= 100).map((v) => line(x(v), x(v), middle - 7, middle + 7, "cnn-cap")),
    ...(x(narrow.estimate) >= 0 && x(narrow.estimate) <= 100 ? [markAt(record, arm, x(narrow.estimate), middle)] : []),
  ];
}

// The places of the drawing of a network: image, convolution, pool, convolution, pool, convolution, head, flatten.
const PLACES = 8;
const WORDS = { conv: "conv", max: "max", average: "average", stride: "stride", learned: "conv ÷2", extra: "max, conv", squeeze: "squeeze", spread2: "spread", spread4: "spread" };
const SPOKEN = { extra: "conv", learned: "learned stride 2", stride: "conv with stride 2", spread2: "conv spread by 2", spread4: "conv spread by 4" };
const DRESS = { max: "max", average: "average", extra: "max", stride: "stride", learned: "stride" };

/** What stands in each place, from the stages of a network: [[word, channels, side] or null for a hole]. */
export function places(stages, image) {
  const found = [["image", image[0], image[1]], ...Array(PLACES - 1).fill(null)];
  let convolutions = 0;
  for (const [word, channels, side] of stages.split(",").map((stage) => stage.split(" "))) {
    if (/^(conv|stride|spread\d)$/.test(word)) convolutions += 1;
    const main = /^(conv|stride|spread\d)$/.test(word);
    const at = word === "flatten" ? 7 : main ? 2 * convolutions - 1 : convolutions === 3 ? 6 : 2 * convolutions;
    found[at] = [word, Number(channels), Number(side)];
  }
  return found;
}

function netParts(stages, image, largest) {
  const place = (k) => ((k + 0.5) / PLACES) * 100;
  const middle = 27;
  return places(stages, image).flatMap((stage, k) => {
    if (!stage) { // a pool that is cut out; nothing is missing before the flatten
      return k === 6 ? [] : [svg("svg", { x: percent(place(k)), y: middle, overflow: "visible" },
        svg("rect", { x: -9, y: -9, width: 18, height: 18, class: "cnn-hole" }), svg("path", { d: "M-13 13 13-13", class: "cnn-cut" })),
      svg("text", { x: percent(place(k)), y: 68, class: "cnn-quiet" }, "cut")];
    }
    const [word, channels, side] = stage;
    const at = (...parts) => svg("svg", { x: percent(place(k)), y: middle, overflow: "visible" }, ...parts);
    if (word === "flatten") {
      const tall = 50 * (channels / largest);
      return [at(svg("rect", { x: -5, y: -tall / 2, width: 10, height: Math.max(1.5, tall), class: "cnn-flat" })),
        svg("text", { x: percent(place(k)), y: 68 }, "flatten"), svg("text", { x: percent(place(k)), y: 82, class: "cnn-number" }, count(channels, true))];
    }
    const wide = 6 + 34 * (side / image[1]);
    return [at(svg("rect", { x: -wide / 2, y: -wide / 2, width: wide, height: wide, class: `cnn-map${DRESS[word] ? ` is-${DRESS[word]}` : ""}` }),
      svg("text", { y: 4, class: "cnn-number" }, side >= 0.4 * image[1] ? String(side) : "")),
    svg("text", { x: percent(place(k)), y: 68 }, k ? WORDS[word] : "image"),
    svg("text", { x: percent(place(k)), y: 82, class: "cnn-quiet" }, `${channels}×${side}²`)];
  });
}

/** A network in words: "conv 8×28×28, max 8×14×14, ... 784 features". */
export const netWords = (stages) => stages.split(",").map((stage) => {
  const [word, channels, side] = stage.split(" ");
  return word === "flatten" ? `flatten to ${channels} features` : `${SPOKEN[word] ?? word} ${channels}×${side}×${side}`;
}).join(", ");

const codecsOf = (record) => {
  const arm = oneOf(...Object.keys(record.arms));
  return {
    images: oneOf(...Object.keys(record.images)),
    held: oneOf(...Object.keys(record.held)),
    arms: {
      write: (pair) => pair.join("~"),
      read: (text) => {
        const pair = text.split("~").map(arm.read);
        return pair.length === 2 && pair.every(Boolean) ? pair : undefined;
      },
    },
    seeds: between(2, Math.max(...Object.values(record.images).map(({ runs }) => total(runs)))),
  };
};

function render({ model, el }) {
  const record = model.get("record");
  const ui = makeExplorer({ model, el }, {
    kind: "removals", names: ["record", "images", "held", "arms", "seeds"], fixed: ["record"], codecs: codecsOf(record),
    settle: (changes, next) => settle(record, changes, next, ui.state()), draw,
  });
  const { id, state, update } = ui;
  const list = surprises(record);

  // Controls.
  const images = ui.select("images", "Images", record.order.images.map((name) => [name, record.images[name].label]));
  const held = ui.radios("held", "Held equal", HELD, { allowed: (value, s) => unheld(record, s).every(([name]) => name !== value) });
  held.setAttribute("aria-describedby", id("unheld"));
  const reasons = h("p", { class: "cnn-unheld", role: "status", id: id("unheld") });
  const first = ui.menu("first", "First network", [], (arm) => {
    const [a, b] = state().arms;
    update({ arms: [arm, arm === b ? a : b] });
  });
  const slider = ui.slider("seeds", "Seeds counted", { min: 2, max: 30, words: (n, s) => `${n} of ${total(runsOf(record, s))}` });
  const surprise = button("surprise", "Surprise me", () => {
    const now = list.findIndex((entry) => isAt(entry, state()));
    const [imagesName, heldName, arms] = list[(now + 1) % list.length];
    update({ images: imagesName, held: heldName, arms, seeds: total(runsOf(record, { images: imagesName, held: heldName })) });
  });
  surprise.hidden = list.length === 0;
  const isAt = ([i, e, arms], s) => i === s.images && e === s.held && same(arms, s.arms);

  // The forest, and what is said of the chosen row.
  const legend = h("legend");
  const rows = h("div", { class: "cnn-rows" });
  const axis = svg("svg", { class: "cnn-axis", "aria-hidden": "true" });
  const forest = h("fieldset", { class: "cnn-forest", "data-control": "second" }, legend, rows, h("div", { class: "cnn-foot-axis" }, axis));
  const verdict = h("p", { class: "cnn-verdict", "aria-hidden": "true" });
  const told = h("p", { class: "cnn-surprise" });
  const says = h("p", { class: "cnn-says", role: "status", id: id("says") });
  const book = h("p", { class: "cnn-book" });
  const nets = h("div", { class: "cnn-nets" });
  const equal = h("p", { class: "cnn-equal" });
  const root = h("div", { class: "cnn-explorer cnn-removals", role: "group", "aria-label": "Explorer of networks with and without pools" },
    h("div", { class: "cnn-bar" }, images, held, first.field, slider, surprise), reasons,
    h("div", { class: "cnn-stage" }, forest, h("div", { class: "cnn-side" }, verdict, says, book, told)),
    nets, equal,
    h("div", { class: "cnn-foot" }, ui.reset, ui.link),
    h("p", { class: "cnn-help" }, "Thick: 95 % interval over the seeds; thin: for new images, where the seeds split the same images. Shaded: the margin, "
      + "fixed before the runs. Equal means: parameters within 1 %, multiply-accumulates within 15 %. Surprise me goes through the comparisons in which "
      + "“pooling improves the accuracy” or “max is better than average” does not hold, those first whose whole interval lies farthest on the other side."));

  let shown = ""; // which rows there are
  function makeRows(s, names) {
    const key = `${names} ${s.arms[0]}`;
    if (key === shown) return;
    shown = key;
    const focused = rows.contains(document.activeElement) && document.activeElement.value;
    rows.replaceChildren(...names.map((arm) => {
      const input = h("input", { type: "radio", name: id("second"), value: arm, onchange: () => update({ arms: [state().arms[0], arm] }) });
      return h("label", { class: "cnn-rival", "data-arm": arm }, input, h("span", { class: "cnn-label", "aria-hidden": "true" }, swatch(record, arm), " ", record.arms[arm][0]),
        svg("svg", { class: "cnn-plot", "aria-hidden": "true" }), h("span", { class: "cnn-found", "aria-hidden": "true" }));
    }));
    if (focused) rows.querySelector(`[value="${focused}"]`)?.focus();
  }

  function drawForest(s) {
    const names = namesOf(record, { ...s, held: "epochs" }).filter((arm) => arm !== s.arms[0]);
    makeRows(s, names);
    const barred = Object.fromEntries(names.map((arm) => [arm, hindrance(record, s, [s.arms[0], arm])]));
    const [low, high] = span(record, s, names.filter((arm) => !barred[arm]));
    const x = (v) => ((v - low) / (high - low)) * 100;
    for (const row of rows.children) {
      const { arm } = row.dataset;
      const [input, , plot, found] = row.children;
      const why = barred[arm];
      const result = why ? null : compare(record, s, [s.arms[0], arm]);
      input.disabled = Boolean(why);
      input.checked = arm === s.arms[1];
      row.classList.toggle("is-barred", Boolean(why));
      row.classList.toggle("is-chosen", input.checked);
      input.setAttribute("aria-label", `${record.arms[arm][0]}: ${why ? `not comparable, ${why}` : `${signed(result.narrow.estimate)} points, ${result.words}`}`);
      plot.replaceChildren(...(why ? [svg("text", { x: 6, y: HIGH / 2 + 4 }, why)] : whisker(record, arm, result, x)));
      found.replaceChildren(...(why ? [] : [h("b", { class: `is-${KINDS[result.decision]}` }, GLYPHS[result.decision]), ` ${signed(result.narrow.estimate)}`]));
    }
    axis.replaceChildren(...ticks(100 * low, 100 * high, 5).flatMap((v) => [line(x(v / 100), x(v / 100), 0, 5, "cnn-zero"),
      svg("text", { x: percent(x(v / 100)), y: 18, class: "cnn-tick" }, number(v))]),
    svg("text", { x: "0%", y: 34, class: "cnn-way is-left" }, "◀ first worse"), svg("text", { x: "100%", y: 34, class: "cnn-way is-right" }, "first better ▶"));
  }

  function drawNets(s) {
    const at = record.images[s.images];
    const largest = Math.max(...Object.values(at.networks).map(([, , , stages]) => Number(/flatten (\d+)/.exec(stages)[1])));
    nets.replaceChildren(...s.arms.map((arm, k) => {
      const [parameters, macs, , stages] = at.networks[arm];
      const [label, speech] = record.arms[arm];
      const facts = `${count(parameters)} parameters, ${count(macs)} MACs`;
      return h("div", { class: "cnn-netbox" },
        h("p", { class: "cnn-caption", id: id(`net-${k}`) }, swatch(record, arm), ` ${label} `, h("small", {}, facts)),
        svg("svg", { class: "cnn-net", "data-arm": arm, role: "img", "aria-label": `The network with ${speech}: ${netWords(stages)}` },
          svg("line", { x1: "6%", x2: "94%", y1: 27, y2: 27, class: "cnn-wire" }), ...netParts(stages, at.image, largest)));
    }));
  }

  function draw(s) {
    const runs = runsOf(record, s);
    const found = compare(record, s, s.arms);
    root.dataset.decision = KINDS[found.decision];
    first.fill(namesOf(record, s).map((arm) => [arm, record.arms[arm][0]]));
    first.show(s.arms[0]);
    const seeds = slider.querySelector("input");
    seeds.max = total(runs);
    seeds.value = s.seeds;
    say(reasons, unheldSentence(record, s));
    say(legend, `Test accuracy with ${record.arms[s.arms[0]][0]} minus that with … (points)`);
    drawForest(s);
    drawNets(s);
    verdict.replaceChildren(...s.arms.flatMap((arm, k) => [k ? " better than " : "", swatch(record, arm), ` ${record.arms[arm][0]}`]), "? ", h("b", {}, `${GLYPHS[found.decision]} ${found.enough ? found.words : `no verdict with ${s.seeds} of ${record.enough} runs`}`));
    say(says, sentence(record, s));
    say(book, bookSentence(record, s));
    const [alike, other] = likeness(record, s);
    equal.replaceChildren(h("span", {}, h("b", {}, "Equal: "), `${alike.join(", ")}. `),
      ...(other.length ? [h("span", {}, h("b", {}, "Not equal: "), `the second has ${other.join(", ")}.`)] : []));
    const place = list.findIndex((entry) => isAt(entry, s));
    say(told, place < 0 ? "" : `Surprise ${place + 1} of ${list.length}. People say: “${list[place][3]}”`);
  }

  return ui.run(root);
}

export default { render };
