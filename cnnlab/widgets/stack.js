// Stack builder: put layers on one another, and watch what they cost and what they see.
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-stack                            root, role=group
//   [data-control=network], [data-control=input]     selects of the start networks and of the pictures
//   [data-control=pools] input[value=V]   radio buttons: the rule of all pools; .cnn-stack-cost the numbers in them
//   tbody tr[data-layer=N]                row of layer N, 0 for the input; .cnn-stack-grip its handle,
//                                         .cnn-stack-pick the button that selects it, .is-wrong if it does not fit
//   [data-field=NAME]                     a field of the selected layer, named as in Python
//   [data-action=NAME]                    buttons: up, down, remove, add-KIND, reset, link
//   .cnn-stack-view                       the picture: drag, or arrow keys
//   .cnn-stack-bar--parameters, --macs    where they go; .cnn-stack-part[data-layer=N]
//   .cnn-stack-moral                      what the pools are good for, in words

import {
  STEPS, between, button, clamp, count, decode, encode, h, makeExplorer, makePicture, mark, onDrag, percent, plural, same, say, setAll,
  spot, svg, tabulate, take,
} from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Arithmetic.

export const RULES = ["max", "average", "stride", "none"];
/** What a layer of each kind holds when it is added: [name, value] in order. */
export const KINDS = {
  conv: { out_channels: 8, kernel_size: 3, stride: 1, padding: 1, dilation: 1, relu: true },
  pool: { rule: "max", kernel_size: 2, stride: 2, padding: 0 },
  dropout: { p: 0.5 },
  flatten: {},
  global: {},
  dense: { out_features: 10, relu: false },
};
export const SPANS = {
  out_channels: [1, 512], kernel_size: [1, 11], stride: [1, 8], padding: [0, 8], dilation: [1, 4],
  out_features: [1, 4096], size: [4, 256], channels: [1, 64],
};
const MOST = 24;

const idle = (layer) => layer.kind === "pool" && (layer.rule === "stride" || layer.rule === "none");

/** Copies of the layers in which each convolution has taken the stride of the pools with the rule "stride" below it. */
export function effective(layers) {
  let giver = null;
  return layers.map((layer) => ({ ...layer })).map((layer) => {
    if (layer.kind === "conv") giver = layer;
    else if (layer.kind === "pool" && layer.rule === "stride") {
      if (giver) giver.stride *= layer.stride;
      else layer.lost = true;
    } else if (layer.kind !== "dropout" && layer.rule !== "none") giver = null;
    return layer;
  });
}

/** What keeps a layer from taking a shape, and what to do; null where nothing does. */
export function problemOf(layer, shape, flatBy) {
  const { kind } = layer;
  if (idle(layer)) {
    return layer.lost ? `There is no convolution right above it to take over the stride of ${layer.stride}. `
      + "Move it below one, or choose another rule." : null;
  }
  if (["conv", "pool", "global"].includes(kind) && shape.length === 1) {
    const who = { conv: "A convolution", pool: "A pool", global: "A global average" }[kind];
    return `${who} needs maps, and the ${flatBy} above has made one row of numbers of them. `
      + `Move it up, above the ${flatBy}, or take it out.`;
  }
  if (kind === "dense" && shape.length === 3) {
    return `A dense layer reads one row of numbers, and gets ${shapeText(shape)}. Put a flatten or a global average above it.`;
  }
  if (kind !== "conv" && kind !== "pool") return null;
  const reach = (layer.dilation ?? 1) * (layer.kernel_size - 1) + 1;
  const padded = shape[1] + 2 * layer.padding;
  if (reach <= padded) return null;
  const what = kind === "pool" ? "window" : "kernel";
  return `Its ${what} covers ${reach}×${reach} pixels, and the map has ${shape[1]}×${shape[1]}`
    + `${layer.padding ? `, ${padded}×${padded} with its padding` : ""}. Take a smaller ${what}`
    + `${kind === "conv" ? " or more padding" : ""}, or let the maps shrink less above the ${nameOf(layer)}.`;
}

/** The input and then each layer: shape, parameters, macs, and for maps jump, field and start (the first pixel that the
first value sees, negative in the padding). `map` holds the same of the last map, also behind a flatten, and `whole` says
whether each number depends on all of that map. A layer with a problem is passed over. */
export function trace(layers, size, channels) {
  const picture = { shape: [channels, size, size], jump: 1, field: 1, start: 0 };
  let row = { layer: { kind: "input" }, ...picture, parameters: 0, macs: 0, problem: null, map: picture, whole: false };
  let flatBy = null;
  const rows = [row];
  for (const layer of effective(layers)) {
    const problem = problemOf(layer, row.shape, flatBy);
    const [C, side] = row.shape;
    row = { ...row, layer, parameters: 0, macs: 0, problem };
    if (!problem && !idle(layer)) {
      const { kind, kernel_size: k, stride, padding, dilation = 1, out_channels: maps = C, out_features: outputs } = layer;
      if (kind === "conv" || kind === "pool") {
        const out = Math.floor((side + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
        row.shape = [maps, out, out];
        row.start -= padding * row.jump;
        row.field += dilation * (k - 1) * row.jump;
        row.jump *= stride;
        row.map = { shape: row.shape, jump: row.jump, field: row.field, start: row.start };
        if (kind === "conv") {
          row.parameters = maps * C * k * k + maps;
          row.macs = maps * C * k * k * out * out;
        }
      } else if (kind === "dense") {
        row.shape = [outputs];
        row.parameters = outputs * C + outputs;
        row.macs = outputs * C;
      } else if (kind !== "dropout") {
        row.shape = [kind === "global" ? C : row.shape.reduce((a, b) => a * b)];
      }
      if (row.shape.length === 1) {
        flatBy ??= nameOf(layer);
        row.jump = row.field = row.start = null; // numbers in a row have no places any more
        row.whole ||= kind === "dense" || kind === "global";
      }
    }
    rows.push(row);
  }
  return rows;
}

/** What a network costs, and what the last map sees. */
export function totals(rows) {
  const sum = (name) => rows.reduce((total, row) => total + row[name], 0);
  return {
    parameters: sum("parameters"), macs: sum("macs"), field: rows.findLast((row) => row.field).field,
    works: rows.every((row) => !row.problem),
  };
}

/** The rule that all pools share: undefined if they differ, null if there is no pool. */
export function ruleOf(layers) {
  const rules = layers.filter(({ kind }) => kind === "pool").map(({ rule }) => rule);
  return rules.length ? (rules.every((rule) => rule === rules[0]) ? rules[0] : undefined) : null;
}
export const withRule = (layers, rule) => layers.map((layer) => (layer.kind === "pool" ? { ...layer, rule } : layer));

/** First and last pixel, per axis, that value (i, j) of a row sees; in the padding they leave the picture. */
export function fieldAt(row, [i, j]) {
  return [i, j].map((n) => [row.start + n * row.jump, row.start + n * row.jump + row.field - 1]);
}

/** Pixels along an axis, in ascending order, that the values at these places of row n read; padding is none. */
export function readBy(rows, n, places) {
  for (let r = n; r > 0; r--) {
    const { layer, problem } = rows[r];
    if (problem || idle(layer) || (layer.kind !== "conv" && layer.kind !== "pool")) continue;
    const side = rows[r - 1].map.shape[1];
    const taps = Array.from({ length: layer.kernel_size }, (_, k) => k * (layer.dilation ?? 1) - layer.padding);
    places = [...new Set(places.flatMap((p) => taps.map((tap) => p * layer.stride + tap)))].filter((p) => p >= 0 && p < side);
  }
  return places.sort((a, b) => a - b);
}

/** What a number of row n sees: `spans`, first and last pixel per axis, and how many pixels of the picture it `reads`;
`holes` if it leaves some out in between, `all` if it reads the whole picture. `unit` is its place in the last map. */
export function sightOf(rows, n, unit) {
  const { map, whole } = rows[n];
  const size = rows[0].shape[1];
  if (whole) {
    const read = readBy(rows, n, Array.from({ length: map.shape[1] }, (_, i) => i));
    const span = read.length ? [read[0], read.at(-1)] : [0, -1];
    return { spans: [span, span], reads: read.length ** 2, holes: read.length < span[1] - span[0] + 1, all: read.length === size };
  }
  const spans = fieldAt(map, unit);
  const inside = spans.map(([a, b]) => Math.max(0, Math.min(size - 1, b) - Math.max(0, a) + 1));
  const [rowsRead, columnsRead] = unit.map((place) => readBy(rows, n, [place]).length);
  return { spans, reads: rowsRead * columnsRead, holes: rowsRead * columnsRead < inside[0] * inside[1], all: false };
}

/** The value of a row whose field lies nearest around a point of the picture. */
export function unitAt(row, point) {
  const side = row.shape[1];
  return point.map((v) => clamp(Math.round((v - row.start - row.field / 2) / row.jump), side - 1));
}
const middle = (row) => [1, 1].map(() => (row.shape[1] - 1) >> 1);

/** A photograph cut to a square of n×n pixels: averages where it shrinks, nearest pixels where it grows. */
export function squareOf(photo, n) {
  const side = Math.min(photo.length, photo[0].length);
  const [top, left] = [(photo.length - side) >> 1, (photo[0].length - side) >> 1];
  const span = (i) => [Math.floor((i * side) / n), Math.max(Math.floor((i * side) / n) + 1, Math.floor(((i + 1) * side) / n))];
  return tabulate(n, n, (i, j) => {
    const [[a, b], [c, d]] = [span(i), span(j)];
    let total = 0;
    for (let y = a; y < b; y++) for (let x = c; x < d; x++) total += photo[top + y][left + x];
    return Math.round(total / ((b - a) * (d - c)));
  });
}

// A drawn landscape, for pictures with colours, for those who bring no photograph: sun, hills, a house with a door.
function landscape(y, x) {
  const inside = (top, bottom, left, right) => y >= top && y < bottom && x >= left && x < right;
  if (inside(0.66, 0.8, 0.33, 0.39)) return 30;
  if (inside(0.62, 0.7, 0.46, 0.54)) return 60;
  if (inside(0.55, 0.8, 0.26, 0.6)) return 235;
  if (y >= 0.38 && y < 0.55 && Math.abs(x - 0.43) < (y - 0.38) * 1.25) return 85;
  if (inside(0.4, 0.5, 0.5, 0.55)) return 70;
  if (y > 0.78 + 0.03 * Math.sin(9 * x)) return 120 - 40 * Math.sin(40 * x + 25 * y) * (y - 0.6);
  if (y > 0.55 + 0.1 * Math.sin(5 * x + 0.4)) return 150 + 25 * Math.sin(18 * y + 6 * x);
  if (Math.hypot(y - 0.2, x - 0.78) < 0.1) return 255;
  return 175 + 55 * y;
}
// A drawn digit, for pictures of one channel: a three, of two bows.
function digit(y, x) {
  const bow = (middle, radius, side) => (x >= 0.48 || (y - middle) * side > 0 ? Math.abs(Math.hypot(y - middle, x - 0.48) - radius)
    : Math.hypot(y - middle, x - 0.48 + radius));
  const away = Math.min(bow(0.355, 0.145, -1), bow(0.66, 0.16, 1)); // from the nearer bow
  return 50 + 205 * Math.max(0, Math.min(1, (0.065 - away) / 0.03)); // on grey, so that the shade can be seen
}
const drawing = (value) => tabulate(128, 128, (i, j) => Math.round(value((i + 0.5) / 128, (j + 0.5) / 128)));
const DRAWN = drawing(landscape), DIGIT = drawing(digit);

// ---------------------------------------------------------------------------------------------
// Words.

const exactly = (n) => count(n, true);
const many = (n, word) => plural(n, word, exactly);
export const shapeText = (shape) =>
  shape.length === 1 ? many(shape[0], "number") : `${shape[1]}×${shape[2]}×${shape[0]}`;

export function nameOf({ kind, rule }) {
  if (kind === "pool") return { stride: "stride", none: "no pool" }[rule] ?? `${rule} pool`;
  return kind === "global" ? "global average" : kind;
}

/** [what a row always says of a layer, what it says where there is room]. */
export function detailsOf(layer) {
  const { kind, kernel_size: k, stride, padding, dilation = 1 } = layer;
  if (idle(layer)) return ["", ""];
  const always = [k ? `${k}×${k}` : String(layer.p ?? layer.out_features ?? "")], more = [];
  if ((kind === "conv" && stride !== 1) || (kind === "pool" && stride !== k)) always.push(`stride ${stride}`);
  if (padding !== KINDS[kind].padding) always.push(`padding ${padding}`);
  else if (padding) more.push(`padding ${padding}`);
  if (dilation !== 1) always.push(`dilation ${dilation}`);
  if (layer.relu) more.push("ReLU");
  return [always.join(", "), more.join(", ")];
}

/** How the cost of a layer comes about. */
export function costSentence(rows, n) {
  const { layer, shape, parameters, macs, problem } = rows[n];
  if (problem) return `${problem} Until then, the layers below go on without it.`;
  const k = layer.kernel_size, [C] = n ? rows[n - 1].shape : shape;
  const values = exactly(shape.reduce((a, b) => a * b));
  switch (layer.kind) {
    case "input": return `The picture: ${shapeText(shape)}, which is ${values} numbers.`;
    case "conv": return `${many(shape[0], "kernel")} of ${k}×${k}×${C} weights and a constant each: ${many(parameters, "parameter")}. `
      + `Used at ${shape[1]}×${shape[2]} places: ${many(macs, "multiplication")}.`;
    case "dense": return `${many(shape[0], "output")} × ${many(C, "input")}, a weight for each pair, and ${shape[0] === 1 ? "a constant" : `${shape[0]} constants`}: `
      + `${many(parameters, "parameter")}. Each weight is used once.`;
    case "flatten": return `The maps in one row: ${many(shape[0], "number")}. It costs nothing; the dense layer behind it pays for each of them.`;
    case "global": return `The mean of each map: ${many(shape[0], "number")}, however large the maps are.`;
    case "dropout": return `In training, each value is dropped with probability ${layer.p}. It changes no size, and costs nothing here.`;
  }
  if (layer.rule === "none") return "No pool here: the maps stay as large as they are.";
  if (layer.rule === "stride") return `No pool here: the convolution above ${layer.stride === 1 ? "keeps its steps" : `takes steps ${layer.stride} times as long`}.`;
  return `The ${layer.rule === "max" ? "largest value" : "mean"} of each ${k}×${k} window: no parameters, no multiplications.`;
}

/** What a number of row n sees; the one at `unit` of the last map, as long as each comes from one value of it. */
export function sightSentence(rows, n, unit) {
  const { map, whole, shape } = rows[n], row = map;
  const { spans, reads, holes, all } = sightOf(rows, n, unit);
  const size = rows[0].shape[1];
  if (whole) {
    if (all) return "Each number here depends on all of the picture.";
    const side = spans[0][1] - spans[0][0] + 1;
    if (side === 0) return "The numbers here depend on padding alone, on nothing of the picture.";
    return `Each number here spans ${pixels(side)} of the picture's ${size}×${size}${holes ? `, and reads ${exactly(reads)} of them` : ""}.`;
  }
  const cut = spans.map(([a, b]) => Math.max(0, Math.min(size - 1, b) - Math.max(0, a) + 1));
  const outside = row.field ** 2 - cut[0] * cut[1];
  const flat = shape.length === 1;
  return `${flat ? "Each number is a value of the maps above: that of" : "The value at"} row ${unit[0] + 1}, column ${unit[1] + 1} `
    + `${holes ? "spans" : "sees"} ${pixels(row.field)}${holes ? `, reads ${exactly(reads)} of them` : ""}`
    + `${outside === 0 ? "" : outside === row.field ** 2 ? ", all of them padding" : `, ${Math.max(1, Math.round((100 * outside) / row.field ** 2))} % of ${holes ? "the square is" : "them"} padding`}.`
    + (flat ? "" : " ") + (flat ? "" : row.shape[1] === 1 ? "It is the only one of its map." : `Its neighbour sees the same, ${row.jump === 1 ? "one pixel" : `${row.jump} pixels`} on.`);
}

const pixels = (side) => (side === 1 ? "one pixel" : `${side}×${side} pixels`);

/** a/b as "7.1 times the"; "as many" if they agree, also in being none. */
export function ratio(a, b) {
  if (a === b) return "as many";
  const text = Number((a / b).toPrecision(2));
  return text === 1 ? "about as many" : `${text} times the`;
}

/** What the pools of a stack change, said against another rule for all of them. */
export function moralSentence(layers, size, channels) {
  const rule = ruleOf(layers);
  if (rule === null) return "There is no pool in this stack. Add one, and compare.";
  if (rule === undefined) return "The pools follow different rules. Choose one for all of them to compare.";
  const of = (r) => totals(trace(withRule(layers, r), size, channels));
  const pooled = rule === "max" || rule === "average";
  const [now, other] = [of(rule), of(pooled ? "none" : "max")];
  if (!now.works || !other.works) return "A layer does not fit; what it would cost is not in the sums.";
  const compared = (a, b) => {
    const words = (name, noun) => `${ratio(a[name], b[name])} ${noun}`;
    const far = plural(a.field, "pixel");
    return `${words("parameters", "parameters")} and ${words("macs", "multiplications")}, and its last map ${pooled ? "would see" : "sees"} `
      + (a.field === b.field ? `as far, ${far}.` : `${far} instead of ${b.field}.`);
  };
  if (pooled) return `Pools have no weights. Without them, this network would have ${compared(other, now)}`;
  return `${rule === "none" ? "Without the pools" : "With strides instead of the pools"}, this network has ${compared(now, other)}`;
}

// ---------------------------------------------------------------------------------------------
// Start networks and pictures.

const conv = (out_channels, options = {}) => ({ kind: "conv", ...KINDS.conv, out_channels, ...options });
const pool = (rule = "max", options = {}) => ({ kind: "pool", ...KINDS.pool, rule, ...options });
const dense = (out_features, relu = false) => ({ kind: "dense", out_features, relu });
const [flat, mean] = [{ kind: "flatten" }, { kind: "global" }];
const book = (rule) => [conv(8), pool(rule), conv(16), pool(rule), conv(16), flat, dense(10)];
const valid = { kernel_size: 5, padding: 0 };
const vgg = [[64, 2], [128, 2], [256, 3], [512, 3], [512, 3]].flatMap(([maps, n]) => [...Array.from({ length: n }, () => conv(maps)), pool()]);

/** [label, layers, size and channels of the picture that the network was made for]. */
export const NETWORKS = {
  book: ["3 convolutions, 2 pools", book("max"), 28, 1],
  "book-none": ["… without pools", book("none"), 28, 1],
  "book-stride": ["… with strides instead", book("stride"), 28, 1],
  "book-global": ["… with a global average", [...book("max").slice(0, 5), mean, dense(10)], 28, 1],
  small: ["2 convolutions, 2 pools", [conv(8), pool(), conv(16), pool(), flat, dense(10)], 28, 1],
  lenet: ["Like LeNet-5", [conv(6, { ...valid, padding: 2 }), pool("average"), conv(16, valid), pool("average"), flat, dense(120, true), dense(84, true), dense(10)], 28, 1],
  "all-conv": ["Convolutions only", [conv(32), conv(32, { stride: 2 }), conv(64), conv(64, { stride: 2 }), conv(64), conv(10, { kernel_size: 1, padding: 0 }), mean], 32, 3],
  vgg: ["VGG-16, for photographs", [...vgg, flat, dense(4096, true), dense(4096, true), dense(1000)], 224, 3],
};
export const INPUTS = {
  "8-1": "Digit, 8×8×1", "16-1": "Digit, 16×16×1", "28-1": "MNIST, 28×28×1", "32-3": "CIFAR, 32×32×3", "64-3": "Small photograph, 64×64×3", "224-3": "Photograph, 224×224×3",
};

// ---------------------------------------------------------------------------------------------
// Links: layers are joined by points, as in c8_3_1_1_1_1.m2_2_0.f.d10_0; a letter is the kind, or the rule of a pool.

const LETTERS = { conv: "c", dropout: "o", flatten: "f", global: "g", dense: "d" };
const POOLS = { max: "m", average: "a", stride: "s", none: "n" };
const code = (layers) => layers.map((layer) => (LETTERS[layer.kind] ?? POOLS[layer.rule])
  + Object.keys(KINDS[layer.kind]).filter((name) => name !== "rule")
    .map((name) => (name === "p" ? Math.round(100 * layer.p) : Number(layer[name]))).join("_")).join(".");
const layersCodec = {
  write: code,
  read(text) {
    const parts = text === "" ? [] : text.split(".");
    const layers = parts.map((part) => {
      const rule = RULES.find((r) => POOLS[r] === part[0]);
      const kind = rule ? "pool" : Object.keys(LETTERS).find((k) => LETTERS[k] === part[0]);
      if (!kind) return null;
      const names = Object.keys(KINDS[kind]).filter((name) => name !== "rule");
      const values = part.length > 1 ? part.slice(1).split("_") : [];
      if (values.length !== names.length || !values.every((v) => /^\d+$/.test(v))) return null;
      const layer = { kind, ...(rule && { rule }) };
      names.forEach((name, n) => {
        const v = Number(values[n]);
        layer[name] = name === "relu" ? v === 1 : name === "p" ? v / 100 : v;
      });
      return fits(layer) ? layer : null;
    });
    return layers.length <= MOST && layers.every(Boolean) ? layers : undefined;
  },
};
const fits = (layer) => Object.entries(layer).every(([name, v]) =>
  name === "p" ? v <= 0.95 : !SPANS[name] || (v >= SPANS[name][0] && v <= SPANS[name][1]))
  && (layer.kind !== "pool" || 2 * layer.padding <= layer.kernel_size);
const unitCodec = {
  write: (unit) => (unit ? unit.join("_") : "middle"),
  read: (text) => (text === "middle" ? null : /^\d{1,3}_\d{1,3}$/.test(text) ? text.split("_").map((v) => Math.min(511, Number(v))) : undefined),
};
const LINK = { size: between(...SPANS.size), channels: between(...SPANS.channels), selected: between(0, MOST), unit: unitCodec, layers: layersCodec };
export const encodeState = (state) => encode(state, LINK);
export const decodeState = (text) => decode(text, LINK);

// ---------------------------------------------------------------------------------------------
// Drawing.

const NAMES = ["layers", "size", "channels", "photo", "selected", "unit"];
const ADD = [["conv", "conv"], ["pool", "pool"], ["dropout", "dropout"], ["flatten", "flatten"], ["global", "global average"], ["dense", "dense"]];
const FIELDS = {
  input: [["size", "Pixels a side"], ["channels", "Channels"]],
  conv: [["out_channels", "Maps"], ["kernel_size", "Kernel"], ["stride", "Stride"], ["padding", "Padding"], ["dilation", "Dilation"], ["relu", "then ReLU"]],
  pool: [["rule", "Rule"], ["kernel_size", "Window"], ["stride", "Stride"], ["padding", "Padding"]],
  dropout: [["p", "Probability"]],
  dense: [["out_features", "Outputs"], ["relu", "then ReLU"]],
};

// Where the parameters or the multiplications of a network are: a bar with a part for each layer that has some.
function makeBar(name, word, select) {
  const bar = h("div", { class: `cnn-stack-bar cnn-stack-bar--${name}`, role: "img" });
  const head = h("p", { class: "cnn-caption" });
  const shareText = (share) => (share < 0.01 ? "below 1 %" : percent(share));
  const fill = (rows, sum, at) => {
    const parts = rows.map((r, n) => ({ n, r, share: sum[name] ? r[name] / sum[name] : 0 })).filter(({ share }) => share > 0);
    say(head, `Where the ${many(sum[name], word)} are`);
    bar.setAttribute("aria-label", parts.length
      ? `${parts.map(({ n, r, share }) => `layer ${n}, ${nameOf(r.layer)}, ${shareText(share)}`).join("; ")}.` : `No ${word}s.`);
    bar.replaceChildren(...parts.map(({ n, r, share }) => {
      const label = share > 0.24 ? `${n} ${nameOf(r.layer)} ${shareText(share)}` : share > 0.05 ? String(n) : "";
      return h("div", {
        class: `cnn-stack-part cnn-stack-part--${r.layer.kind}${n === at ? " is-selected" : ""}`, "data-layer": n,
        title: `${n} ${nameOf(r.layer)}: ${exactly(r[name])}, ${shareText(share)}`, style: `flex-grow: ${share}`, onclick: () => select(n),
      }, ...(label ? [h("span", {}, label)] : []));
    }));
  };
  return { fill, node: h("div", {}, head, bar) };
}

const unitOf = (s, row) => (s.unit ?? middle(row.map)).map((n) => clamp(n, row.map.shape[1] - 1));

// The picture, with what one value of the selected layer sees.
function makeView({ id, state, update }) {
  const picture = makePicture("seen", { "aria-hidden": "true" });
  const hatch = svg("pattern", { id: id("hatch"), patternUnits: "userSpaceOnUse" }, svg("path"));
  const [around, shade, dots, halo, line] = ["path", "path", "path", "rect", "rect"].map((tag) => svg(tag, { "fill-rule": "evenodd" }));
  const inside = svg("svg", {}, shade); // cut off at the border of the picture
  for (const [node, name] of [[around, "around"], [shade, "shade"], [dots, "dots"], [halo, "halo"], [line, "line"]]) node.setAttribute("class", `cnn-stack-${name}`);
  around.setAttribute("fill", `url(#${id("hatch")})`);
  const glass = svg("svg", { "aria-hidden": "true" }, svg("defs", {}, hatch), around, inside, dots, halo, line);
  const view = h("div", { class: "cnn-stack-view", tabindex: "0", role: "application", "aria-roledescription": "picture", "aria-describedby": id("help") }, picture.node, glass);
  const caption = h("p", { class: "cnn-caption", "aria-hidden": "true" });
  let margin = 0, row; // pixels around the picture, the selected layer
  const aim = (event) => {
    if (row.whole) return;
    const s = state();
    const unit = unitAt(row.map, spot(event, view).map((v) => v * (s.size + 2 * margin) - margin));
    if (!same(unit, s.unit)) update({ unit });
  };
  onDrag(view, aim);
  view.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || row.whole) return;
    take(event);
    update({ unit: unitOf(state(), row).map((n, axis) => clamp(n + step[axis] * (Math.abs(step[axis]) > 1 ? 6 : 1), row.map.shape[1] - 1)) });
  });

  let drawn = "";
  const fill = (s, rows, at) => {
    row = rows[at];
    const unit = unitOf(s, row);
    const sight = sightOf(rows, at, unit);
    const n = s.size;
    margin = Math.ceil(Math.min(0.3 * n, Math.max(n / 14, ...rows.filter((r) => r.field !== null).map((r) => Math.max(-r.start, fieldAt(r, [r.shape[1] - 1, 0])[0][1] - n + 1)))));
    const all = n + 2 * margin;
    const photo = s.photo ?? (s.channels === 1 ? DIGIT : DRAWN);
    const key = `${n} ${photo === DIGIT}`;
    if (drawn !== key) { // a photograph does not change
      drawn = key;
      picture.fill(squareOf(photo, n));
    }
    const { style } = picture.node;
    style.inset = `${(100 * margin) / all}%`;
    style.width = style.height = `${(100 * n) / all}%`;
    glass.setAttribute("viewBox", `${-margin} ${-margin} ${all} ${all}`);
    const u = all / 40; // the hatching keeps its look at any size
    setAll(hatch, { width: u, height: u });
    setAll(hatch.firstChild, { d: `M0 ${u}L${u} 0`, class: "cnn-stack-hatch" });
    const box = (a, b, c, d) => `M${a} ${b}H${a + c}V${b + d}H${a}Z`;
    const [[top, bottom], [left]] = sight.spans;
    const side = bottom - top + 1;
    setAll(around, { d: box(-margin, -margin, all, all) + box(0, 0, n, n) });
    setAll(inside, { width: n, height: n, viewBox: `0 0 ${n} ${n}` });
    setAll(shade, { d: box(0, 0, n, n) + box(left, top, side, side) });
    for (const node of [halo, line]) setAll(node, { x: left, y: top, width: side, height: side });
    let d = "";
    const { map } = row;
    if (!row.whole && map.jump > 1 && map.shape[1] <= 64) {
      const first = map.start + map.field / 2;
      for (let i = 0; i < map.shape[1]; i++) for (let j = 0; j < map.shape[1]; j++) d += `M${first + j * map.jump} ${first + i * map.jump}h0`;
    }
    setAll(dots, { d });
    say(caption, row.problem ? "Does not fit" : sight.all ? "Sees all of it" : `${row.whole || sight.holes ? "Spans" : "Sees"} ${side}×${side} pixels`);
    view.setAttribute("aria-label", row.whole ? `Picture: every number here depends on ${sight.all ? "all" : "the square"} of it`
      : `Picture with the square that one value sees: row ${unit[0] + 1}, column ${unit[1] + 1} of ${map.shape[1]}×${map.shape[1]}`);
  };
  return { fill, node: h("div", {}, caption, view) };
}

function render({ model, el }) {
  // Where the picture was looked at stays where it is, as far as the new map allows.
  const settle = (changes, next) => {
    const before = state();
    const selected = Math.min(next.selected, next.layers.length);
    if (selected !== next.selected) changes = { ...changes, selected };
    if ("unit" in changes || !before.unit || !(["layers", "size", "selected"].some((name) => name in changes))) return changes;
    const [old, row] = [rows[clamp(before.selected, rows.length - 1)], trace(next.layers, next.size, next.channels)[selected]];
    if (old.whole || row.whole) return changes;
    const scale = next.size / before.size, { map } = old;
    const at = before.unit.map((n) => (map.start + Math.min(n, map.shape[1] - 1) * map.jump + map.field / 2) * scale);
    return { ...changes, unit: unitAt(row.map, at) };
  };
  const ui = makeExplorer({ model, el }, { kind: "stack", names: NAMES, fixed: ["photo"], codecs: LINK, settle, draw });
  const { id, state, update } = ui;
  let rows = trace(model.get("layers"), model.get("size"), model.get("channels"));

  // Which network, which picture, which rule for all pools.
  const network = ui.menu("network", "Network", Object.entries(NETWORKS).map(([key, [label]]) => [key, label]), (key) => {
    const [, layers, size, channels] = NETWORKS[key];
    const last = trace(layers, size, channels).findLastIndex((row) => row.layer.kind === "conv" || row.layer.kind === "pool");
    update({ layers, selected: last, unit: null, size, channels });
  }, "Your own");
  const input = ui.menu("input", "Picture", Object.entries(INPUTS), (key) => {
    const [size, channels] = key.split("-").map(Number);
    update({ size, channels });
  }, "Your own");
  const costs = Object.fromEntries(RULES.map((rule) => [rule, h("span", { class: "cnn-stack-cost" })]));
  const rules = RULES.map((rule) => h("label", { class: "cnn-radio" },
    h("input", { type: "radio", name: id("pools"), value: rule, onchange: () => update({ layers: withRule(state().layers, rule) }) }),
    h("span", {}, h("span", { class: "cnn-stack-rule" }, mark(rule), ` ${rule}`), costs[rule])));
  const pools = h("fieldset", { class: "cnn-radios cnn-stack-rules", "data-control": "pools" },
    h("legend", {}, "Every pool as"), h("div", { class: "cnn-radio-row" }, ...rules));
  const moral = h("p", { class: "cnn-stack-moral", role: "status" });

  // The layers, one row each; rows stay, so that the focus does.
  const select = (n, more = {}) => update({ selected: n, ...more });
  const move = (from, to) => {
    const { layers } = state();
    to = Math.max(1, Math.min(layers.length, to));
    if (from < 1 || from === to) return false;
    const changed = layers.slice();
    changed.splice(to - 1, 0, ...changed.splice(from - 1, 1));
    select(to, { layers: changed });
    return true;
  };
  const cells = ["shape", "parameters", "macs", "jump", "field"];
  const body = h("tbody");
  const makeRow = (n) => {
    const grip = n === 0 ? h("span", { class: "cnn-stack-grip" }) : h("button", {
      type: "button", class: "cnn-stack-grip", onclick: () => select(n),
      onkeydown(event) {
        const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (!by) return;
        take(event);
        if (move(n, n + by)) body.children[n + by].querySelector(".cnn-stack-grip").focus();
      },
    });
    const name = h("button", { type: "button", class: "cnn-stack-pick", onclick: () => select(n) });
    return h("tr", { "data-layer": n }, h("td", {}, grip), h("th", { scope: "row" }, name),
      ...cells.map((cell) => h("td", { class: `cnn-stack-${cell}` })), h("td", { class: "cnn-stack-why", colspan: cells.length }));
  };
  let dragged = null;
  onDrag(body, (event) => {
    const boxes = [...body.children].map((row) => row.getBoundingClientRect());
    let to = dragged; // past the middle of a neighbour, it changes place with it
    while (to < boxes.length - 1 && event.clientY > boxes[to + 1].top + boxes[to + 1].height / 2) to += 1;
    while (to > 1 && event.clientY < boxes[to - 1].top + boxes[to - 1].height / 2) to -= 1;
    if (move(dragged, to)) dragged = to;
  }, {
    begin(event) {
      const grip = event.target.closest("button.cnn-stack-grip");
      if (!grip) return null;
      dragged = Number(grip.closest("tr").dataset.layer);
      select(dragged);
      event.preventDefault();
      grip.focus();
      return grip;
    },
    end: () => { dragged = null; body.classList.remove("is-dragging"); },
  });
  const sums = Object.fromEntries(["parameters", "macs"].map((name) => [name, h("td", { class: `cnn-stack-${name}` })]));
  const heads = [["", "layer"], ["shape", "output"], ["parameters", "param|eters"], ["macs", "MACs"], ["jump", "jump"], ["field", "sees"]];
  const table = h("table", { class: "cnn-stack-table", "aria-label": "The layers, from the picture upwards" },
    h("thead", {}, h("tr", {}, h("td"), ...heads.map(([name, text]) => h("th", { scope: "col", class: name && `cnn-stack-${name}` }, ...text.split("|").map((part, m) => h("span", { class: m ? "cnn-stack-rest" : "" }, part)))))),
    body, h("tfoot", {}, h("tr", {}, h("td"), h("th", { scope: "row" }, "together"), h("td"), sums.parameters, sums.macs, h("td", { colspan: 2 }))));
  const add = h("div", { class: "cnn-stack-add", role: "group", "aria-label": "Add a layer below the selected one" },
    ...ADD.map(([kind, label]) => button(`add-${kind}`, `+ ${label}`, () => {
      const { layers, selected } = state();
      select(selected + 1, { layers: [...layers.slice(0, selected), { kind, ...KINDS[kind] }, ...layers.slice(selected)] });
    })));

  const view = makeView(ui);
  const here = (s) => clamp(s.selected, rows.length - 1);

  // The settings of the selected layer.
  const title = h("p", { class: "cnn-caption" });
  const fields = h("div", { class: "cnn-stack-fields" });
  const nudge = (event, by) => {
    const from = here(state());
    move(from, from + by);
    if (event.currentTarget.disabled) body.children[from + by].querySelector(".cnn-stack-grip").focus(); // it cannot go on
  };
  const up = button("up", "Up", (event) => nudge(event, -1));
  const down = button("down", "Down", (event) => nudge(event, 1));
  const remove = button("remove", "Remove", () => {
    const { layers, selected } = state();
    select(Math.max(0, selected - 1), { layers: layers.filter((_, n) => n !== selected - 1) });
    if (remove.hidden) body.querySelector(".cnn-stack-pick").focus();
  });
  const settings = h("div", { class: "cnn-stack-settings", role: "group", "aria-label": "Settings of the selected layer" },
    title, h("div", { class: "cnn-stack-head" }, up, down, remove), fields);
  const change = (name, value) => {
    const s = state(), n = here(s);
    if (n === 0) return update({ [name]: value });
    const layer = { ...s.layers[n - 1], [name]: value };
    if (layer.kind === "pool") layer.padding = Math.min(layer.padding, layer.kernel_size >> 1);
    update({ layers: s.layers.map((old, m) => (m === n - 1 ? layer : old)) });
  };
  let shown = null, showFields = [];
  const makeFields = (kind) => {
    if (shown === kind) return;
    shown = kind;
    showFields = [];
    fields.replaceChildren(...(FIELDS[kind] ?? []).map(([name, label]) => {
      let node;
      if (name === "relu") {
        node = h("input", { type: "checkbox", "data-field": name, onchange: () => change(name, node.checked) });
        showFields.push((layer) => { node.checked = layer.relu; });
        return h("label", { class: "cnn-check" }, node, h("span", {}, label));
      }
      if (name === "rule") {
        node = h("select", { id: id("rule"), "data-field": name, onchange: () => change(name, node.value) }, ...RULES.map((rule) => h("option", {}, rule)));
      } else {
        const [min, max, step] = name === "p" ? [0, 0.95, 0.05] : [...SPANS[name], 1];
        node = h("input", {
          type: "number", id: id(name), "data-field": name, min, max, step, inputmode: name === "p" ? "decimal" : "numeric",
          onkeydown: (event) => event.stopPropagation(), // a notebook has keys of its own
          oninput() { // while one types, only what is already a value
            const v = Number(node.value);
            if (node.value !== "" && v >= min && v <= max && (name === "p" || Number.isInteger(v))) change(name, name === "p" ? Math.round(100 * v) / 100 : v);
          },
          onchange() { const v = Math.max(min, Math.min(max, Number(node.value) || min)); change(name, name === "p" ? Math.round(100 * v) / 100 : Math.round(v)); },
        });
      }
      showFields.push((layer) => {
        if (node.value === "" || Number(node.value) !== layer[name]) node.value = layer[name];
        node.disabled = layer.kind === "pool" && idle(layer) && (name === "padding" || name === "kernel_size" || (name === "stride" && layer.rule === "none"));
        if (name === "padding" && layer.kind === "pool") node.max = layer.kernel_size >> 1;
      });
      return h("div", { class: "cnn-field" }, h("label", { for: node.id }, label), node);
    }));
  };

  const says = h("p", { class: "cnn-says", role: "status" });
  const bars = [["parameters", "parameter"], ["macs", "multiplication"]].map(([name, word]) => makeBar(name, word, select));
  const root = h("div", { class: "cnn-explorer cnn-stack", role: "group", "aria-label": "Stack builder" },
    h("div", { class: "cnn-bar" }, h("div", { class: "cnn-stack-start" }, network.field, input.field), pools), moral,
    h("div", { class: "cnn-stack-stage" },
      h("div", { class: "cnn-stack-left" }, table, add),
      h("div", { class: "cnn-stack-right" }, view.node, settings)),
    says,
    h("div", { class: "cnn-stack-bars" }, ...bars.map(({ node }) => node)),
    h("div", { class: "cnn-foot" }, ui.reset, ui.link),
    h("p", { class: "cnn-help", id: id("help") }, "Drag a layer by its number, or move it with the arrow keys there. Drag the square over the picture, or use the arrow keys. MACs: multiplications, each with an addition. ", h("span", { class: "cnn-stack-jump" }, "Jump: pixels of the picture from one value to the next. "), "Sees: side of the receptive field."));

  function draw(s) {
    rows = trace(s.layers, s.size, s.channels);
    const at = here(s), row = rows[at], sum = totals(rows);
    network.show(Object.keys(NETWORKS).find((key) => code(NETWORKS[key][1]) === code(s.layers)));
    const kind = `${s.size}-${s.channels}`;
    input.show(kind in INPUTS ? kind : undefined);

    drawRules(s);
    say(moral, moralSentence(s.layers, s.size, s.channels));

    drawRows(s, at);
    for (const [name, cell] of Object.entries(sums)) cell.textContent = count(sum[name]);
    for (const node of add.querySelectorAll("button")) node.disabled = s.layers.length >= MOST;

    say(title, at ? `${at} ${nameOf(s.layers[at - 1])}` : "Input");
    makeFields(row.layer.kind);
    for (const show of showFields) show(at ? s.layers[at - 1] : s);
    up.hidden = down.hidden = remove.hidden = at === 0;
    up.disabled = at <= 1;
    down.disabled = at === s.layers.length;

    for (const bar of bars) bar.fill(rows, sum, at);
    view.fill(s, rows, at);
    const sight = row.problem ? "" : ` ${sightSentence(rows, at, unitOf(s, row))}`;
    say(says, costSentence(rows, at) + sight);
  }

  function drawRules(s) {
    const rule = ruleOf(s.layers);
    pools.disabled = rule === null;
    for (const [n, name] of RULES.entries()) {
      const cost = totals(trace(withRule(s.layers, name), s.size, s.channels));
      rules[n].firstChild.checked = name === rule;
      costs[name].replaceChildren(...(rule === null ? [] : cost.works
        ? [h("span", {}, `${count(cost.parameters)} parameters`), h("span", {}, `${count(cost.macs)} MACs`), h("span", {}, `sees ${cost.field} px`)]
        : [h("span", {}, "does not fit")]));
    }
  }

  function drawRows(s, at) {
    const sees = (n) => {
      if (!rows[n].whole) return rows[n].map.field;
      const { all, spans: [[a, b]] } = sightOf(rows, n);
      return all ? "all" : b - a + 1;
    };
    while (body.children.length < rows.length) body.append(makeRow(body.children.length));
    while (body.children.length > rows.length) body.lastChild.remove();
    rows.forEach((r, n) => {
      const tr = body.children[n], layer = n ? s.layers[n - 1] : r.layer;
      const [grip, name, ...values] = [...tr.children];
      const off = n > 0 && idle(layer);
      grip.firstChild.textContent = n || "";
      if (n) grip.firstChild.setAttribute("aria-label", `Layer ${n}, ${nameOf(layer)}: move with the arrow keys up and down`);
      name.firstChild.replaceChildren(...(layer.rule ? [mark(layer.rule), " "] : []),
        h("b", {}, nameOf(layer)), ...(n ? detailsOf(layer) : []).map((text, m) => h("span", { class: m ? "cnn-stack-more" : "" }, text && `${m ? "," : ""} ${text.replace(/ (?=\d)/g, "\u00a0")}`)));
      name.firstChild.setAttribute("aria-pressed", n === at);
      tr.classList.toggle("is-selected", n === at);
      tr.classList.toggle("is-off", off);
      tr.classList.toggle("is-wrong", r.problem !== null);
      const texts = [r.shape.length === 1 ? exactly(r.shape[0]) : shapeText(r.shape), ...["parameters", "macs"].map((x) => (n && r[x] ? count(r[x]) : n ? "0" : "")), r.jump ?? "–", sees(n)];
      const why = r.problem ?? (off ? (layer.rule === "stride" ? "moved into the convolution above" : "left out") : null);
      values.forEach((cell, m) => {
        cell.hidden = m < cells.length ? why !== null : why === null;
        cell.textContent = m < cells.length ? texts[m] : (r.problem ? `Does not fit. ${why}` : why ?? "");
      });
    });
    body.classList.toggle("is-dragging", dragged !== null);
  }

  return ui.run(root);
}

export default { render };
