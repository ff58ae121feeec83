// Training-step explorer: one step of a network small enough to see every number, layer by layer, forward, back and
// the update; and what becomes of it with a bug.
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-step                             root, role=group; data-phase and data-layer say which moment is in view
//   [data-control=NAME]                   radio buttons phase, part, channel, image; select bug; sliders rate, steps
//   [data-layer=NAME]                     button of a layer in the net; aria-current=step on the one in view
//   .cnn-step-values, .cnn-step-grads     the arrays between the layers, [data-array=N]; is-made, is-read, is-ahead
//   .cnn-grid--KEY                        a grid of the moment; is-in on what the chosen cell is made of
//   [data-action=NAME]                    back, next, reset, link
//   .cnn-step-losses                      the loss from step to step, role=img
//   .cnn-step-checks                      table of the checks; .cnn-step-moral what a bug does

import { between, button, decode, encode, h, makeExplorer, makeGrid, makePicture, number, oneOf, say, svg, take, uniform } from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// Arithmetic. Arrays are flat: map by map, row by row. Weights are { conv: { weight, bias }, dense: { weight, bias } }.

export const DIGITS = ["0008cc10003gge90006f93c20079009700780078005a0079000edag60005db400",
  "40005f400001fb00000ce200005g77a000cgggc000bcege100000g9000004g600", "7004fggg100ad8f8000e53g200010cb000025g91000fgge30001f9000007e2000"];
export const CLASSES = DIGITS.map((text) => text[0]);
export const IMAGES = DIGITS.map((text) => [...text.slice(1)].map((c) => "0123456789abcdefg".indexOf(c) / 16));
export const LAYERS = ["conv", "relu", "pool", "flatten", "dropout", "dense", "loss"];
export const BUGS = ["none", "lost_gradient", "zero_start", "wrong_order", "no_rescale", "no_mean", "no_zero_grad"];
export const MOST_STEPS = 40;
export const RATES = [0.02, 0.05, 0.1, 0.2, 0.5, 1];
const N = CLASSES.length;
const P = 0.25; // of dropping
const START = 17, MASKS = 7000; // seeds
const SIZES = { conv: { weight: 18, bias: 2 }, dense: { weight: 54, bias: 3 } };

const filled = (size, f = () => 0) => Array.from({ length: size }, (_, n) => f(n));
const sum = (list) => list.reduce((a, b) => a + b, 0);
const add = (a, b) => a.map((v, n) => v + b[n]);
const named = (f) => ({ conv: { weight: f("conv", "weight"), bias: f("conv", "bias") }, dense: { weight: f("dense", "weight"), bias: f("dense", "bias") } });

/** Weights before the first step: uniform between ±1/√inputs, as in torch. */
export function startWeights(seed = START) {
  let n = 0;
  return named((layer, name) => filled(SIZES[layer][name], () => (2 * uniform(seed, n++) - 1) / Math.sqrt(layer === "conv" ? 9 : 18)));
}

/** Which of the 18 values of an image dropout keeps in a step: 1 or 0. */
export const maskOf = (step, image) => filled(18, (n) => (uniform(MASKS + step, 18 * image + n) < P ? 0 : 1));

export function softmax(scores) {
  const most = Math.max(...scores);
  const powers = scores.map((v) => Math.exp(v - most));
  return powers.map((v) => v / sum(powers));
}

// Where value n of 2 maps of 6 × 6 finds pixel (a, b) of its patch in the image.
const pixelOf = (n, a, b) => (Math.floor((n % 36) / 6) + a) * 8 + (n % 6) + b;
// The four values in the window of pooled value n, and the pooled value of a value's window.
const windowOf = (n) => {
  const first = Math.floor(n / 9) * 36 + Math.floor((n % 9) / 3) * 12 + (n % 3) * 2;
  return [first, first + 1, first + 6, first + 7];
};
const ownerOf = (n) => Math.floor(n / 36) * 9 + Math.floor((n % 36) / 12) * 3 + Math.floor((n % 6) / 2);
const winnerOf = (x, n) => {
  const window = windowOf(n);
  const most = Math.max(...window.map((m) => x[m]));
  return window.find((m) => x[m] === most);
};
const foldOf = (n, bug) => (bug === "wrong_order" ? 2 * (n % 9) + Math.floor(n / 9) : n); // where the way back of flatten looks
const keepFactor = (bug) => (bug === "no_rescale" ? 1 : 1 / (1 - P));
const PATCH = filled(9, (n) => [Math.floor(n / 3), n % 3]);

/** What each layer makes of its input x. `w` holds its weights; the mask, for dropout; the right class, for the loss. */
export const forward = {
  conv: (x, { weight, bias }) => filled(72, (n) => {
    const c = Math.floor(n / 36);
    return bias[c] + sum(PATCH.map(([a, b], k) => weight[9 * c + k] * x[pixelOf(n, a, b)]));
  }),
  relu: (x) => x.map((v) => Math.max(0, v)),
  pool: (x, _, bug) => filled(18, (n) => Math.max(...windowOf(n).map((m) => x[m]), ...(bug === "zero_start" ? [0] : []))),
  flatten: (x) => x,
  dropout: (x, mask, bug) => x.map((v, n) => v * mask[n] * keepFactor(bug)),
  dense: (x, { weight, bias }) => bias.map((b, k) => b + sum(x.map((v, j) => weight[18 * k + j] * v))),
  loss: (x, label) => [-Math.log(softmax(x)[label]) / N],
};

/** What each layer hands back for the gradient g of its output: { input } and, where it has weights, { weight, bias }. */
export const backward = {
  conv(x, { weight }, g) {
    const grad = { input: filled(64), weight: filled(18), bias: [0, 0] };
    g.forEach((v, n) => {
      const c = Math.floor(n / 36);
      grad.bias[c] += v;
      PATCH.forEach(([a, b], k) => {
        grad.weight[9 * c + k] += v * x[pixelOf(n, a, b)];
        grad.input[pixelOf(n, a, b)] += v * weight[9 * c + k];
      });
    });
    return grad;
  },
  relu: (x, _, g) => ({ input: g.map((v, n) => (x[n] > 0 ? v : 0)) }),
  pool(x, _, g, bug) {
    const input = filled(72);
    g.forEach((v, n) => {
      const winner = winnerOf(x, n);
      if (bug !== "lost_gradient" && (bug !== "zero_start" || x[winner] > 0)) input[winner] += v;
    });
    return { input };
  },
  flatten: (x, _, g, bug) => ({ input: g.map((_, n) => g[foldOf(n, bug)]) }),
  dropout: (x, mask, g, bug) => ({ input: g.map((v, n) => v * mask[n] * keepFactor(bug)) }),
  dense: (x, { weight }, g) => ({
    input: x.map((_, j) => sum(g.map((v, k) => v * weight[18 * k + j]))),
    weight: filled(54, (n) => g[Math.floor(n / 18)] * x[n % 18]), bias: g,
  }),
  loss: (x, label, g, bug) => ({ input: softmax(x).map((p, k) => (g[0] * (p - (k === label))) / (bug === "no_mean" ? 1 : N)) }),
};

const given = (layer, weights, mask, label) => ({ dropout: mask, loss: label })[layer] ?? weights[layer];

/** One image forward and back: values[n] and grads[n] are of one shape, values[0] is the image, values[7] its part of the loss. */
export function passImage(weights, image, mask, label, bug) {
  const values = [image];
  for (const layer of LAYERS) values.push(forward[layer](values.at(-1), given(layer, weights, mask, label), bug));
  const grads = [[1]];
  const found = {};
  for (const layer of [...LAYERS].reverse()) {
    found[layer] = backward[layer](values[LAYERS.indexOf(layer)], given(layer, weights, mask, label), grads[0], bug);
    grads.unshift(found[layer].input);
  }
  return { values, grads, mask, label, weights: named((layer, name) => found[layer][name]) };
}

/** The batch of one step: what each image does, the mean loss, and the gradient of the weights, on top of what was `kept`. */
export function passBatch(weights, step, bug, kept) {
  const images = IMAGES.map((image, n) => passImage(weights, image, maskOf(step, n), n, bug));
  const own = named((layer, name) => images.map((image) => image.weights[layer][name]).reduce(add));
  const gradient = kept ? named((layer, name) => add(own[layer][name], kept[layer][name])) : own;
  return { weights, images, own, gradient, kept, step, loss: sum(images.map(({ values }) => values[7][0])) };
}

export const updated = (weights, gradient, rate) => named((layer, name) => weights[layer][name].map((w, n) => w - rate * gradient[layer][name][n]));

/** The batch before each of the steps 0, 1, ... `steps`. */
export function train(rate, bug, steps) {
  const all = [passBatch(startWeights(), 0, bug)];
  while (all.length <= steps) {
    const { weights, gradient } = all.at(-1);
    all.push(passBatch(updated(weights, gradient, rate), all.length, bug, bug === "no_zero_grad" ? gradient : undefined));
  }
  return all;
}

/** Size of the gradient that the kernels get: the root of the sum of squares. */
export const kernelNorm = ({ gradient: { conv } }) => Math.hypot(...conv.weight, ...conv.bias);

/** Two checks of one layer, on random numbers, also negative ones: the largest difference between its backward pass and
the slopes, and between its output and that of the healthy layer. */
export function checkLayer(layer, bug, seed = 1) {
  let n = 0;
  const random = (size) => filled(size, () => 4 * uniform(seed, n++) - 2);
  const size = { conv: 64, relu: 72, pool: 72, flatten: 18, dropout: 18, dense: 18, loss: 3 }[layer];
  const w = { dropout: maskOf(0, 0), loss: 1 }[layer] ?? (SIZES[layer] ? { weight: random(SIZES[layer].weight), bias: random(SIZES[layer].bias) } : 0);
  const x = random(size);
  const y = forward[layer](x, w, bug);
  const g = random(y.length);
  const found = backward[layer](x, w, g, bug);
  let slopes = 0;
  for (const [array, grad] of [[x, found.input], ...(SIZES[layer] ? [[w.weight, found.weight], [w.bias, found.bias]] : [])]) {
    grad.forEach((v, k) => {
      const value = array[k];
      const at = (x1) => {
        array[k] = x1;
        return sum(forward[layer](x, w, bug).map((out, m) => out * g[m]));
      };
      const slope = (at(value + 1e-5) - at(value - 1e-5)) / 2e-5;
      array[k] = value;
      slopes = Math.max(slopes, Math.abs(v - slope));
    });
  }
  const right = forward[layer](x, w, "none");
  return { slopes, output: Math.max(...y.map((v, k) => Math.abs(v - right[k]))) };
}

// ---------------------------------------------------------------------------------------------
// Moments, and what is in view at each: panes of numbers, of which the reader chooses cells of the target.

export const MOMENTS = [...LAYERS.map((layer) => ["forward", layer]), ...[...LAYERS].reverse().map((layer) => ["backward", layer]),
  ["update", "conv"], ["update", "dense"]];
const NAME = { conv: "Convolution", relu: "ReLU", pool: "Max pool", flatten: "Flatten", dropout: "Dropout", dense: "Dense layer", loss: "Softmax and loss" };
const SHORT = { conv: "conv", relu: "ReLU", pool: "max", flatten: "flat", dropout: "drop", dense: "dense", loss: "loss" };
const SHAPES = [[1, 8, 8], [2, 6, 6], [2, 6, 6], [2, 3, 3], [18], [18], [3], [1]];
const ARRAY = ["image", "convolved maps", "maps after the ReLU", "pooled maps", "flat row", "row after dropout", "scores", "loss"];
const shapeText = (n) => SHAPES[n].join("×");

/** The moment after (or, with −1, before) this one; null at an end. */
export const momentAfter = ({ phase, layer }, by = 1) => MOMENTS[MOMENTS.findIndex(([p, l]) => p === phase && l === layer) + by] ?? null;

/** A number in a sentence, to three digits or so; as a factor, a negative one in brackets. */
export const fine = (v) => number(v, Math.abs(v) < 0.1 ? 4 : Math.abs(v) < 10 ? 3 : 1);
const factor = (v, text = fine) => (v < 0 ? `(${text(v)})` : text(v));
const product = (terms, text = number) => terms.map(([a, b]) => `${factor(a, text)}·${factor(b, text)}`).join(" + ");

/** A number in a cell: ".53", "−.04", "12"; "0" is exactly 0. */
export function cellText(v) {
  if (v === 0) return "0";
  const size = Math.abs(v);
  const text = Number.isInteger(size) && size < 1000 ? String(size) : size < 0.995 ? size.toFixed(2).slice(1) : size < 9.95 ? size.toFixed(1) : size < 1000 ? size.toFixed(0) : size.toExponential(0).replace("+", "");
  return (v < 0 ? "−" : "") + text;
}

const mapOf = (n, side) => [Math.floor(n / side ** 2), Math.floor((n % side ** 2) / side), n % side];
const at = (n, side) => {
  const [c, i, j] = mapOf(n, side);
  return `map ${c + 1}, row ${i + 1}, column ${j + 1}`;
};
const flatAt = (n) => `number ${n + 1} of 18`;
const classAt = (k) => `class ${CLASSES[k]}`;

/** What is in view. `panes` are { key, title, values, h, w, first }: `h` rows of `w` from index `first` of the flat values;
`target` names those whose cells one chooses, `right` holds what a healthy layer would have put there. explain(n, key)
gives `uses`, for each pane the indices that cell n is made of, and its arithmetic in words. */
export function sceneOf(s, batch) {
  const image = batch.images[CLASSES.indexOf(String(s.digit))];
  const l = LAYERS.indexOf(s.layer);
  const [x, y] = [image.values[l], image.values[l + 1]];
  const [gy, gx] = [image.grads[l + 1], image.grads[l]];
  const c = s.channel - 1;
  const weights = batch.weights[s.layer];
  const w = given(s.layer, batch.weights, image.mask, image.label);
  const pane = (key, title, values, h, w, first = 0) => ({ key, title, values, h, w, first });
  const map = (key, title, values, side, n) => pane(key, `${title} ${n + 1}`, values, side, side, n * side * side);
  const one = (key, title, values, side) => pane(key, title, values, side, side, c * side * side);
  const row = (key, title, values, below = false) => ({ ...pane(key, title, values, 2, 9), below });
  const scores = (key, title, values) => pane(key, title, values, 3, 1);
  const scene = (target, panes, explain, right) => ({ target, panes, explain, right });

  if (s.phase === "update") {
    const conv = s.layer === "conv";
    const before = weights.weight, after = updated(batch.weights, batch.gradient, s.rate)[s.layer].weight;
    const part = (key, title, values) => (conv ? pane(key, title, values, 3, 3, 9 * c) : pane(key, title, values, 6, 9));
    const g = batch.gradient[s.layer].weight;
    const right = updated(batch.weights, batch.own, s.rate)[s.layer].weight;
    return scene(["after"], [part("before", "Weights before", before), part("g", "Gradient", g), part("after", "Weights after", after)], (n) => ({
      uses: { before: [n], g: [n] },
      text: `${weightAt(s.layer, n)}: before − rate · gradient = ${fine(before[n])} − ${number(s.rate)}·${factor(g[n])} = ${fine(after[n])}.`
        + (batch.kept ? ` The gradient still holds ${fine(batch.kept[s.layer].weight[n])} from the steps before: nobody has set it to zero.` : ""),
    }), right);
  }
  if (s.phase === "forward") {
    const right = forward[s.layer](x, w, "none");
    switch (s.layer) {
      case "conv": return scene(["y"], [pane("x", "Image", x, 8, 8), pane("w", "Kernel", weights.weight, 3, 3, 9 * c),
        pane("b", "Bias", weights.bias, 1, 1, c), one("y", "Convolved map", y, 6)], (n) => {
        const m = Math.floor(n / 36);
        const pixels = PATCH.map(([a, b]) => pixelOf(n, a, b));
        const terms = pixels.map((p, k) => [x[p], weights.weight[9 * m + k]]).filter(([v]) => v);
        return { uses: { x: pixels, w: filled(9, (k) => 9 * m + k), b: [m] },
          text: `Convolved ${at(n, 6)}: nine pixels times nine weights, plus the bias. ${terms.length ? product(terms) : "All nine pixels are 0: 0"} + ${factor(weights.bias[m], number)} ≈ ${fine(y[n])}.` };
      }, right);
      case "relu": return scene(["y"], [one("x", "Input", x, 6), one("y", "After the ReLU", y, 6)], (n) => ({ uses: { x: [n] },
        text: `${cap(at(n, 6))}: ${fine(x[n])} is ${x[n] > 0 ? "positive and stays" : "not positive and becomes 0"}.` }), right);
      case "pool": return scene(["y"], [one("x", "Input", x, 6), one("y", "Pooled", y, 3)], (n) => ({ uses: { x: windowOf(n) },
        text: `Pooled ${at(n, 3)}: the largest of ${windowOf(n).map((m) => fine(x[m])).join(", ")} is ${fine(y[n])}.`
          + (s.bug === "zero_start" ? " With the bug the search starts at 0, which a window of negative numbers would never beat. Behind a ReLU there are none: nobody notices." : "") }), right);
      case "flatten": return scene(["y"], [map("x", "Pooled map", x, 3, 0), map("x2", "Pooled map", x, 3, 1), row("y", "Flat row", y)], (n) => ({
        uses: { [n < 9 ? "x" : "x2"]: [n] }, text: `${cap(flatAt(n))} is ${at(n, 3)}: ${fine(y[n])}. The number stays, only its address changes.` }), right);
      case "dropout": return scene(["y"], [row("x", "Flat row", x), row("m", "Mask of this step", image.mask, true), row("y", "After dropout", y, true)], (n) => ({
        uses: { x: [n], m: [n] }, text: `${cap(flatAt(n))} is ${image.mask[n] ? (s.bug === "no_rescale" ? `kept as it is, ${fine(y[n])}.` : `kept, and divided by 1 − p = ${1 - P}: ${fine(x[n])} becomes ${fine(y[n])}.`) : `dropped in this step: ${fine(x[n])} becomes 0.`}` }), right);
      case "dense": {
        const k = Math.min(s.at[0], 2);
        return scene(["y"], [row("x", "Inputs", x), { ...pane("w", `Weights, ${classAt(k)}`, weights.weight, 2, 9, 18 * k), below: true },
          pane("b", "Bias", weights.bias, 1, 1, k), scores("y", "Scores", y)], (n) => ({ uses: { x: filled(18, (j) => j), w: filled(18, (j) => 18 * n + j), b: [n] },
          text: `Score of ${classAt(n)}: 18 inputs times 18 weights, ${fine(y[n] - weights.bias[n])} together, plus the bias ${fine(weights.bias[n])}, = ${fine(y[n])}.` }), right);
      }
      default: {
        const p = softmax(x);
        return scene(["p"], [scores("x", "Scores", x), scores("e", "e to the score", x.map(Math.exp)), scores("p", "Probabilities", p)], (n) => ({
          uses: { x: [n], e: [0, 1, 2] }, text: `Probability of ${classAt(n)}: e to the ${fine(x[n])}, divided by the sum of all three, = ${fine(p[n])}. `
            + `The image is a ${CLASSES[image.label]}: its loss is −ln ${fine(p[image.label])} = ${fine(-Math.log(p[image.label]))}; the mean of the three images is ${fine(batch.loss)}.` }), p);
      }
    }
  }

  const healthy = backward[s.layer](x, w, gy, "none");
  if (s.part === "weights" && weights) {
    const [g, right] = [batch.gradient[s.layer], batch.own[s.layer]];
    const shares = (name, n) => batch.images.map(({ weights: found, label }) => `image ${CLASSES[label]}: ${fine(found[s.layer][name][n])}`).join("; ");
    const kept = (name, n) => (batch.kept ? `; left over from the steps before: ${fine(batch.kept[s.layer][name][n])}` : "");
    const total = (name, n) => `${shares(name, n)}${kept(name, n)}; together ${fine(g[name][n])}.`;
    if (s.layer === "conv") {
      return scene(["gw", "gb"], [one("gy", "Gradient of the map", gy, 6), pane("x", "Image", x, 8, 8),
        pane("gw", "Gradient of the kernel", g.weight, 3, 3, 9 * c), pane("gb", "Of its bias", g.bias, 1, 1, c)], (n, key) => (key === "gb"
        ? { uses: { gy: filled(36, (k) => 36 * n + k) }, text: `Gradient of bias ${n + 1}: the sum of the map's 36 gradients. ${cap(total("bias", n))}` }
        : { uses: { gy: filled(36, (k) => 36 * Math.floor(n / 9) + k), x: filled(36, (k) => pixelOf(k, ...PATCH[n % 9])) },
          text: `Gradient of ${weightAt("conv", n).toLowerCase()}: each of the 36 gradients times the pixel that this weight met there. ${cap(total("weight", n))}` }), { gw: right.weight, gb: right.bias });
    }
    return scene(["gw", "gb"], [scores("gy", "Gradient of scores", gy), row("x", "Inputs", x), { ...pane("gw", "Gradient of the weights", g.weight, 6, 9), below: true }, scores("gb", "Of the biases", g.bias)],
      (n, key) => (key === "gb"
        ? { uses: { gy: [n] }, text: `Gradient of the bias of ${classAt(n)}: that of its score. ${cap(total("bias", n))}` }
        : { uses: { gy: [Math.floor(n / 18)], x: [n % 18] }, text: `Gradient of ${weightAt("dense", n).toLowerCase()}: gradient of the score times input. `
          + `Here ${factor(gy[Math.floor(n / 18)])}·${factor(x[n % 18])} = ${fine(gy[Math.floor(n / 18)] * x[n % 18])}. ${cap(total("weight", n))}` }), { gw: right.weight, gb: right.bias });
  }
  switch (s.layer) {
    case "conv": return scene(["gx"], [map("gy", "Gradient of map", gy, 6, 0), map("gy2", "Gradient of map", gy, 6, 1), pane("w", "Kernel 1", weights.weight, 3, 3), { ...pane("w2", "Kernel 2", weights.weight, 3, 3, 9), below: true },
      pane("gx", "Gradient of the image", gx, 8, 8)], (n) => {
      const readers = filled(72).map((_, m) => [m, PATCH.findIndex(([a, b]) => pixelOf(m, a, b) === n)]).filter(([, k]) => k >= 0);
      const of = (c) => readers.filter(([m]) => Math.floor(m / 36) === c);
      return { uses: { gy: of(0).map(([m]) => m), gy2: of(1).map(([m]) => m), w: of(0).map(([, k]) => k), w2: of(1).map(([, k]) => 9 + k) },
        text: `Gradient of the pixel in row ${Math.floor(n / 8) + 1}, column ${(n % 8) + 1}: ${readers.length / 2} values of each map have read it, each through another weight; gradient times weight, added up, = ${fine(gx[n])}. No layer below needs it.` };
    }, healthy.input);
    case "relu": return scene(["gx"], [one("gy", "Gradient of the output", gy, 6), one("x", "Input", x, 6), one("gx", "Gradient of the input", gx, 6)], (n) => ({ uses: { gy: [n], x: [n] },
      text: `${cap(at(n, 6))}: its input was ${fine(x[n])}, ${x[n] > 0 ? `positive: the gradient ${fine(gy[n])} passes` : "not positive: nothing of it went on to the loss, and its gradient is 0"}.` }), healthy.input);
    case "pool": return scene(["gx"], [one("gy", "Gradient of the output", gy, 3), one("x", "Input", x, 6), one("gx", "Gradient of the input", gx, 6)], (n) => {
      const owner = ownerOf(n);
      const most = winnerOf(x, owner), wins = most === n;
      const equals = windowOf(owner).filter((m) => x[m] === x[n]).length;
      return { uses: { gy: [owner], x: windowOf(owner) }, text: `${cap(at(n, 6))}: ${fine(x[n])} was ${wins ? `the largest of its window${equals > 1 ? `, the first of ${equals} equal ones` : ""}` : x[most] === x[n] ? "as large as the largest of its window, which came first" : `not the largest of its window, which was ${fine(x[most])}`}. `
        + (wins ? `It gets the window's whole gradient, ${fine(healthy.input[n])}.` : "It gets 0: the pool has passed over it.") };
    }, healthy.input);
    case "flatten": return scene(["gx", "gx2"], [row("gy", "Gradient of the flat row", gy), map("gx", "Gradient of map", gx, 3, 0), map("gx2", "Gradient of map", gx, 3, 1)], (n) => ({ uses: { gy: [foldOf(n, s.bug)] },
      text: `Gradient of ${at(n, 3)}: that of ${flatAt(foldOf(n, s.bug))}, ${fine(gx[n])}.` }), healthy.input);
    case "dropout": return scene(["gx"], [row("gy", "Gradient of the output", gy), row("m", "Mask of this step", image.mask, true), row("gx", "Gradient of the input", gx, true)], (n) => ({ uses: { gy: [n], m: [n] },
      text: `${cap(flatAt(n))} was ${image.mask[n] ? `kept: its gradient ${s.bug === "no_rescale" ? "passes" : `is divided by 1 − p = ${1 - P}, as the number was: ${fine(gy[n])} becomes`} ${fine(gx[n])}` : "dropped: the loss has not seen it, and its gradient is 0"}.` }), healthy.input);
    case "dense": return scene(["gx"], [scores("gy", "Gradient of scores", gy), pane("w", "Weights", weights.weight, 6, 9), row("gx", "Gradient of the inputs", gx)], (n) => ({
      uses: { gy: [0, 1, 2], w: [n, 18 + n, 36 + n] },
      text: `Gradient of input ${flatAt(n)}: it had a say in all three scores. ${product(gy.map((v, k) => [v, weights.weight[18 * k + n]]), fine)} = ${fine(gx[n])}.` }), healthy.input);
    default: {
      const p = softmax(x), wanted = p.map((_, k) => Number(k === image.label));
      return scene(["gx"], [scores("p", "Probabilities", p), scores("t", "Wanted", wanted), scores("gx", "Gradient of scores", gx)], (n) => ({ uses: { p: [n], t: [n] },
        text: `Score of ${classAt(n)}: probability minus wanted, (${fine(p[n])} − ${wanted[n]})${s.bug === "no_mean" ? "" : `/${N}`} = ${fine(gx[n])}. `
          + (gx[n] < 0 ? "Negative: a higher score here would lower the loss." : "Positive: a lower score here would lower the loss.") }), healthy.input);
    }
  }
}

const cap = (text) => text[0].toUpperCase() + text.slice(1);
function weightAt(layer, n) {
  if (layer === "conv") return `Weight of kernel ${Math.floor(n / 9) + 1}, row ${Math.floor((n % 9) / 3) + 1}, column ${(n % 3) + 1}`;
  return `Weight from input ${(n % 18) + 1} to ${classAt(Math.floor(n / 18))}`;
}

/** The panes and indices where a cell of a pane that is no target goes: the cells of the targets that are made of it. */
export function goesInto(scene, key, n) {
  const found = {};
  for (const pane of scene.panes.filter((each) => scene.target.includes(each.key))) {
    const cells = filled(pane.h * pane.w, (k) => pane.first + k);
    found[pane.key] = cells.filter((m) => scene.explain(m, pane.key).uses[key]?.includes(n));
  }
  return found;
}

const rightOf = (scene, key) => scene.right[key] ?? scene.right;
const isWrong = (scene, pane, n) => scene.target.includes(pane.key) && Math.abs(pane.values[n] - rightOf(scene, pane.key)[n]) > 1e-9;

/** What is said of cell n of a pane, and what lights up with it: indices by pane. */
export function tell(scene, pane, n) {
  if (scene.target.includes(pane.key)) {
    const { uses, text } = scene.explain(n, pane.key);
    const wrong = isWrong(scene, pane, n) ? ` The bug: it should be ${fine(rightOf(scene, pane.key)[n])}, and is ${fine(pane.values[n])}.` : "";
    return { lit: uses, text: text + wrong };
  }
  const lit = goesInto(scene, pane.key, n);
  const many = sum(Object.values(lit).map((cells) => cells.length));
  const place = pane.h * pane.w === 1 ? "" : pane.w === 1 ? `, ${classAt(n)}` : `, row ${Math.floor((n - pane.first) / pane.w) + 1}, column ${((n - pane.first) % pane.w) + 1}`;
  const end = many === 0 ? "Nothing in view is made of it." : many === 1 ? "It goes into one number, which is outlined." : `It goes into ${many} numbers, which are outlined.`;
  return { lit, text: `${pane.title}${place}: ${fine(pane.values[n])}. ${end}` };
}

const histories = new Map();
function historyOf(rate, bug) {
  const key = `${rate} ${bug}`;
  if (!histories.has(key)) histories.set(key, train(rate, bug, MOST_STEPS));
  return histories.get(key);
}

/** The scene of a state, and what is told of a cell of it. */
export const sceneAt = (s) => sceneOf(s, historyOf(s.rate, s.bug)[s.steps]);
export function tellAt(s, key, n) {
  const scene = sceneAt(s);
  return tell(scene, scene.panes.find((pane) => pane.key === key), n);
}

// ---------------------------------------------------------------------------------------------
// Drawing.

const NAMES = ["phase", "layer", "bug", "rate", "steps", "digit", "channel", "part", "at"];
const LINK = {
  phase: oneOf("forward", "backward", "update"), layer: oneOf(...LAYERS), bug: oneOf(...BUGS), rate: oneOf(...RATES), steps: between(0, MOST_STEPS),
  digit: oneOf(...CLASSES.map(Number)), channel: oneOf(1, 2), part: oneOf("weights", "input"), at: {
    write: (cell) => cell.join("."),
    read(text) {
      const cell = text.split(".").map(Number);
      return /^[0-8]\.[0-8]$/.test(text) ? cell : undefined;
    },
  },
};
export const encodeState = (state) => encode(state, LINK);
export function decodeState(text) {
  const state = decode(text, LINK);
  return state && (state.phase !== "update" || SIZES[state.layer]) ? state : null;
}

export const BUG_NAMES = [["none", "none: a healthy network"], ["lost_gradient", "the pool hands no gradient on"], ["zero_start", "the running maximum starts at 0"],
  ["wrong_order", "the way back folds in another order"], ["no_rescale", "the survivors are not divided by 1 − p"], ["no_mean", "the gradient is not divided by N"],
  ["no_zero_grad", "the gradients of the last step are still there"]];
/** Where a bug sits, and what one sees of it and where. */
export const BUG_AT = { lost_gradient: "pool", zero_start: "pool", wrong_order: "flatten", no_rescale: "dropout", no_mean: "loss" };
const MORALS = {
  none: "A healthy network: each backward pass agrees with the slopes, each output with its definition. Choose a bug, and look what changes.",
  lost_gradient: "Everything below the pool gets the gradient 0: the kernels stand still. The dense layer learns on its own, so that the loss may fall all the same, only more slowly. The gradient check of the pool finds it.",
  zero_start: "Behind a ReLU nothing is below 0: no output differs. For a window of zeros the pool hands no gradient on, but the ReLU would have stopped it anyway: every weight moves as it should. The gradient check passes. Only the output on negative numbers, held against its definition, gives the bug away.",
  wrong_order: "The gradients are of a healthy size, and go to the wrong places. The dense layer still learns, so that the loss may fall, later than it could. The gradient check of the flatten finds it.",
  no_rescale: "In training all seems in order, and the gradient check passes. But in evaluation, without dropout, the dense layer meets numbers that are 4/3 as large on average. The output of the layer, held against its definition, finds it.",
  no_mean: "Every gradient is three times as large, as if the learning rate were: at a small rate the loss falls faster, and training breaks down at a rate that a healthy network bears. The loss itself is right. The gradient check of the loss finds it.",
  no_zero_grad: "The first step is right. From the second on the gradients of all steps add up: the gradient stays large where the loss is small, and training runs past its goal. No layer is wrong, so no check of a layer finds it. Look at the size of the gradient from step to step.",
};

const TONES = { positive: [84, 104, 130], negative: [190, 128, 34] };

// Thumbnails of an array: one canvas for each map.
function makeArray(n, kind) {
  const [maps, ...sides] = SHAPES[n];
  const pictures = sides.length ? filled(maps, () => makePicture("thumb", {})) : [makePicture("thumb", {})];
  const amount = h("span", { class: "cnn-step-amount" });
  const node = h("div", { class: `cnn-step-array cnn-step-array--${maps === 18 ? "row" : sides.length ? "maps" : "scores"}`, "data-array": n },
    ...(n === 7 ? [amount] : pictures.map(({ node: canvas }) => canvas)));
  const fill = (values, ahead) => {
    node.classList.toggle("is-ahead", ahead);
    if (n === 7) return say(amount, ahead ? "" : number(values[0], kind === "values" ? 2 : 0));
    const most = Math.max(...values.map(Math.abs)) || 1;
    const [height, width] = sides.length ? sides : [maps, 1];
    pictures.forEach(({ node: canvas }, c) => {
      if (canvas.height !== height || canvas.width !== width) [canvas.height, canvas.width] = [height, width];
      const context = canvas.getContext("2d"), pixels = context.createImageData(width, height);
      filled(height * width, (k) => {
        const v = values[c * height * width + k] / most;
        pixels.data.set([...TONES[v < 0 ? "negative" : "positive"], ahead ? 0 : 255 * Math.abs(v) ** 0.7], 4 * k);
      });
      context.putImageData(pixels, 0, 0);
    });
    return undefined;
  };
  return { node, fill };
}

// The loss, or the size of a gradient, from step to step: a line, that of the healthy network dashed, a dot on the present step.
function makeCurve(kind, title, most) {
  const size = { width: 300, height: 120 };
  const [line, healthy, dot] = [["path", "line"], ["path", "healthy"], ["path", "dot"]].map(([tag, name]) => svg(tag, { class: `cnn-step-${name}` }));
  const [top, now] = [h("span", { class: "cnn-step-tick" }), h("span", { class: "cnn-step-now" })];
  const chart = h("div", { class: `cnn-step-curve cnn-step-${kind}`, role: "img" },
    svg("svg", { viewBox: `0 0 ${size.width} ${size.height}`, preserveAspectRatio: "none" }, svg("path", { d: `M0 ${size.height - 1}H${size.width}`, class: "cnn-step-axis" }), healthy, line, dot), top, h("span", { class: "cnn-step-tick cnn-step-tick--end" }, `${MOST_STEPS} steps`));
  const fill = (values, right, step) => {
    const shown = values.map((v) => (Number.isFinite(v) ? v : 1e3));
    const high = Math.min(most, Math.max(...shown, ...right)) * 1.08;
    const point = (v, n) => [(5 + (n * (size.width - 10)) / MOST_STEPS).toFixed(1), (size.height - 2 - (Math.min(v, high) / high) * (size.height - 8)).toFixed(1)];
    const path = (list) => `M${list.map((v, n) => point(v, n).join(" ")).join("L")}`;
    line.setAttribute("d", path(shown));
    healthy.setAttribute("d", values === right ? "" : path(right));
    dot.setAttribute("d", `M${point(shown[step], step).join(" ")}h0`);
    say(top, number(high / 1.08, 1));
    say(now, `${title}: ${fine(values[step])}`);
    chart.setAttribute("aria-label", `${title} over ${MOST_STEPS} steps: ${fine(values[0])} at first, ${fine(values[step])} before step ${step + 1}, ${fine(values.at(-1))} at the end`
      + (values === right ? "." : `; without the bug ${fine(right.at(-1))} at the end.`));
  };
  return { node: h("div", { class: "cnn-step-plot" }, now, chart), fill };
}

const checked = new Map(BUGS.map((bug) => [bug, null]));
/** The checks of all layers, with a bug: [slopes, output] right or not. */
export function checksOf(bug) {
  if (!checked.get(bug)) checked.set(bug, LAYERS.map((layer) => checkLayer(layer, bug)));
  return checked.get(bug);
}

function render({ model, el }) {
  const settle = (changes, next) => (next.phase === "update" && !SIZES[next.layer] ? { ...changes, layer: "conv" } : changes);
  const ui = makeExplorer({ model, el }, { kind: "step", names: NAMES, codecs: LINK, settle, draw });
  const { state, update } = ui;

  // The net: arrays, and between them the layers, which are one tab stop.
  const arrays = { values: SHAPES.map((_, n) => makeArray(n, "values")), grads: SHAPES.map((_, n) => makeArray(n, "grads")) };
  const layers = LAYERS.map((layer) => h("button", { type: "button", class: "cnn-step-layer", "data-layer": layer, onclick: () => update({ layer }) },
    h("span", { class: "cnn-step-name" }, SHORT[layer]), h("span", { class: "cnn-step-arrow", "aria-hidden": "true" }), h("span", { class: "cnn-step-bug", "aria-hidden": "true" })));
  const rowOf = (kind, title) => h("div", { class: `cnn-step-row cnn-step-${kind}`, "aria-hidden": "true" }, h("span", { class: "cnn-step-side" }, title), ...arrays[kind].map(({ node }) => node));
  const keys = h("div", { class: "cnn-step-layers", role: "group", "aria-label": "Layers" }, ...layers);
  keys.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -9, End: 9 }[event.key];
    if (!by) return;
    const able = LAYERS.filter((layer) => state().phase !== "update" || SIZES[layer]);
    const layer = able[Math.max(0, Math.min(able.length - 1, able.indexOf(state().layer) + by))];
    update({ layer });
    layers[LAYERS.indexOf(layer)].focus();
    take(event);
  });
  const sizes = h("div", { class: "cnn-step-sizes", "aria-hidden": "true" }, ...SHAPES.map((_, n) => h("span", {}, shapeText(n))));
  const net = h("div", { class: "cnn-step-net" }, rowOf("values", "values →"), sizes, keys, rowOf("grads", "← gradients"));

  const go = (by) => {
    const s = state();
    const moment = momentAfter(s, by);
    if (moment) update({ phase: moment[0], layer: moment[1] });
    else if (by > 0) update({ phase: "forward", layer: "conv", steps: s.steps + 1 });
    else update({ phase: "update", layer: "dense", steps: s.steps - 1 });
  };
  const back = button("back", "‹ Previous", () => go(-1));
  const next = button("next", "Next ›", () => go(1));

  const title = h("p", { class: "cnn-caption cnn-step-title" });
  const detail = h("span", { class: "cnn-step-detail" });
  const stage = h("div", { class: "cnn-stage cnn-step-stage" });
  const says = h("p", { class: "cnn-says", role: "status" });
  const grids = new Map(); // by what is drawn in them
  const pointed = { hover: null, focus: null };
  let scene = null, shown = "";

  const paneOf = (key) => scene.panes.find((pane) => pane.key === key);
  const indexOf = (pane, [i, j]) => pane.first + i * pane.w + j;
  const makePane = ({ key, h: height, w: width }) => {
    const caption = h("p", { class: "cnn-caption", id: ui.id(key) });
    const on = {
      point(how, cell) {
        pointed[how] = cell && { key, cell };
        if (scene) explain();
      },
      press(i, j) { choose(key, i, j); },
      key(name, i, j) {
        if (name !== "Enter" && name !== " ") return false;
        choose(key, i, j);
        return true;
      },
    };
    const grid = makeGrid(key, { "aria-labelledby": ui.id(key) }, on, 1);
    return { grid, caption, node: h("div", { class: "cnn-step-pane", "data-pane": key, "data-size": `${height}x${width}` }, caption, h("div", { class: "cnn-plate" }, grid.node)) };
  };
  const choose = (key, i, j) => {
    if (!scene.target.includes(key)) return;
    update({ at: [i, j], ...(key === "gx2" ? { channel: 2 } : key === "gx" && scene.target.length === 2 ? { channel: 1 } : {}) });
  };
  const chosen = (s) => {
    const key = scene.target.length === 2 && s.layer === "flatten" ? scene.target[s.channel - 1] : scene.target[0];
    const pane = paneOf(key);
    return { key, cell: [Math.min(s.at[0], pane.h - 1), Math.min(s.at[1], pane.w - 1)] };
  };

  // Outlines and the sentence, for the cell that is pointed at, or else for the chosen one.
  function explain() {
    const s = state();
    const known = (p) => p && paneOf(p.key) && p.cell[0] < paneOf(p.key).h && p.cell[1] < paneOf(p.key).w;
    const { key, cell } = [pointed.hover, pointed.focus].find(known) ?? chosen(s);
    const pane = paneOf(key), n = indexOf(pane, cell);
    const { lit, text } = tell(scene, pane, n);
    stage.classList.toggle("is-many", Object.values(lit).flat().length > 20);
    for (const each of scene.panes) {
      const { grid } = grids.get(each.key);
      for (let i = 0; i < each.h; i++) {
        for (let j = 0; j < each.w; j++) {
          const { classList } = grid.cell(i, j);
          const m = indexOf(each, [i, j]);
          classList.toggle("is-in", lit[each.key]?.includes(m) ?? false);
          classList.toggle("is-chosen", each.key === key && m === n);
        }
      }
    }
    say(says, text);
  }

  function fillStage(s) {
    scene = sceneAt(s);
    const layout = `${s.phase} ${s.layer} ${scene.panes.map(({ key, h: height, w }) => `${key} ${height} ${w}`)}`;
    if (layout !== shown) {
      shown = layout;
      grids.clear();
      pointed.hover = pointed.focus = null;
      for (const pane of scene.panes) grids.set(pane.key, makePane(pane));
      const columns = [];
      for (const { key, below } of scene.panes) {
        if (!below) columns.push(h("div", { class: "cnn-step-column" }));
        columns.at(-1).append(grids.get(key).node);
      }
      stage.replaceChildren(...columns);
    }
    for (const pane of scene.panes) {
      const { grid, caption, node } = grids.get(pane.key);
      const target = scene.target.includes(pane.key);
      say(caption, pane.title);
      node.classList.toggle("is-target", target);
      const part = pane.values.slice(pane.first, pane.first + pane.h * pane.w);
      const most = Math.max(...part.map(Math.abs)) || 1;
      grid.fill(filled(pane.h, (i) => part.slice(i * pane.w, (i + 1) * pane.w).map((v) => v / most)), (cell, i, j) => {
        const v = part[i * pane.w + j];
        cell.firstChild.textContent = cellText(v);
        cell.style.setProperty("--v", Math.abs(v) / most);
        cell.classList.toggle("is-negative", v < 0);
        cell.classList.toggle("is-wrong", isWrong(scene, pane, indexOf(pane, [i, j])));
      });
      const here = chosen(s);
      if (here.key === pane.key && !grid.node.contains(document.activeElement)) grid.go(...here.cell, false);
    }
    explain();
  }

  const losses = makeCurve("losses", "Loss", 6), norms = makeCurve("norms", "Size of the kernels’ gradient", 60);
  const checkRows = [["slopes", "backward = slope", "the gradient check"], ["output", "output = definition", "also on negative numbers"]].map(([name, label, note]) => {
    const cells = LAYERS.map(() => h("td"));
    return { name, cells, node: h("tr", {}, h("th", { scope: "row" }, label, h("small", {}, note)), ...cells) };
  });
  const checks = h("table", { class: "cnn-step-checks" },
    h("thead", {}, h("tr", {}, h("td"), ...LAYERS.map((layer) => h("th", { scope: "col" }, SHORT[layer])))), h("tbody", {}, ...checkRows.map(({ node }) => node)));
  const moral = h("p", { class: "cnn-step-moral", role: "status" });
  const effect = h("p", { class: "cnn-step-effect" });

  const channel = ui.radios("channel", "Map", [[1, "1"], [2, "2"]]);
  const part = ui.radios("part", "Gradient of", [["weights", "the weights"], ["input", "the input"]]);
  const root = h("div", { class: "cnn-explorer cnn-step", role: "group", "aria-label": "Training-step explorer" },
    h("div", { class: "cnn-bar cnn-step-top" },
      ui.radios("phase", "One training step", [["forward", "Forward →"], ["backward", "← Backward"], ["update", "Update"]]),
      h("div", { class: "cnn-step-move" }, back, next), ui.radios("digit", "Image", CLASSES.map((c) => [Number(c), c]))),
    net,
    h("div", { class: "cnn-step-head" }, h("div", {}, title, detail), channel, part),
    stage, says,
    h("div", { class: "cnn-bar cnn-step-more" }, ui.select("bug", "Bug", BUG_NAMES),
      ui.slider("rate", "Learning rate", { min: 0, max: RATES.length - 1, words: (v) => number(v), toPlace: (v) => RATES.indexOf(v), fromPlace: (n) => RATES[n] }),
      ui.slider("steps", "Steps taken", { min: 0, max: MOST_STEPS })),
    effect,
    h("div", { class: "cnn-step-curves" }, losses.node, norms.node), checks, moral,
    h("div", { class: "cnn-foot" }, ui.reset, ui.link),
    h("p", { class: "cnn-help" }, "Point at a cell, or go there with the arrow keys, to see what it is made of, or what is made of it. Grey-blue: positive, ochre: negative. Numbers are rounded; 0 alone is exactly 0. Dashed curve: without the bug."));

  function draw(s) {
    const history = historyOf(s.rate, s.bug), healthy = historyOf(s.rate, "none");
    const batch = history[s.steps];
    root.dataset.phase = s.phase;
    root.dataset.layer = s.layer;
    const l = LAYERS.indexOf(s.layer);
    const image = batch.images[CLASSES.indexOf(String(s.digit))];
    const reached = { values: s.phase === "forward" ? l + 1 : 7, grads: s.phase === "forward" ? 8 : s.phase === "update" ? 0 : l };
    for (const kind of ["values", "grads"]) {
      arrays[kind].forEach(({ node, fill }, n) => {
        fill(n === 7 && kind === "values" ? [image.values[7][0] * N] : image[kind][n], kind === "values" ? n > reached.values : n < reached.grads);
        const reads = s.phase === "forward" ? kind === "values" && n === l : s.phase === "backward" && n === l + 1 && kind === "grads";
        const makes = s.phase === "forward" ? kind === "values" && n === l + 1 : s.phase === "backward" && kind === "grads" && n === l;
        node.classList.toggle("is-read", reads);
        node.classList.toggle("is-made", makes);
      });
    }
    layers.forEach((node, n) => {
      const current = n === l;
      node.toggleAttribute("disabled", s.phase === "update" && !SIZES[LAYERS[n]]);
      node.setAttribute("tabindex", current ? 0 : -1);
      if (current) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
      const bad = BUG_AT[s.bug] === LAYERS[n];
      node.classList.toggle("is-buggy", bad);
      node.setAttribute("aria-label", `${NAME[LAYERS[n]]}, ${shapeText(n)} to ${shapeText(n + 1)}${bad ? ", with the bug" : ""}`);
    });
    const parts = s.phase === "backward" && Boolean(SIZES[s.layer]);
    root.dataset.part = parts ? s.part : "";
    const [from, to] = s.phase === "backward" ? [l + 1, l] : [l, l + 1];
    say(title, `${NAME[s.layer]}, ${s.phase}`);
    say(detail, s.phase === "update" ? `${SIZES[s.layer].weight} weights and ${SIZES[s.layer].bias} biases`
      : `${s.phase === "backward" ? "gradient " : ""}${shapeText(from)} → ${parts && s.part === "weights" ? `that of ${SIZES[s.layer].weight} weights and ${SIZES[s.layer].bias} biases` : shapeText(to)}`);
    part.hidden = !parts;
    channel.hidden = !(["relu", "pool"].includes(s.layer) || (s.layer === "conv" && !(parts && s.part === "input")));
    back.disabled = s.steps === 0 && s.phase === "forward" && l === 0;
    next.disabled = s.steps === MOST_STEPS && momentAfter(s) === null;
    say(next, momentAfter(s) ? "Next ›" : "Next step ›");
    fillStage(s);
    const after = passBatch(updated(batch.weights, batch.gradient, s.rate), s.steps, s.bug).loss;
    say(effect, `Step ${s.steps + 1} takes the loss of this batch, with the same dropout, from ${fine(batch.loss)} to ${fine(after)}.`);
    const lossesOf = (all) => all.map(({ loss }) => loss), normsOf = (all) => all.map(kernelNorm);
    const right = [lossesOf(healthy), normsOf(healthy)];
    losses.fill(s.bug === "none" ? right[0] : lossesOf(history), right[0], s.steps);
    norms.fill(s.bug === "none" ? right[1] : normsOf(history), right[1], s.steps);
    for (const { name, cells } of checkRows) {
      checksOf(s.bug).forEach((found, n) => {
        const good = found[name] < 1e-6;
        cells[n].className = good ? "is-good" : "is-bad";
        say(cells[n], good ? "✓" : "✗");
        cells[n].setAttribute("aria-label", good ? "passes" : `fails, by ${fine(found[name])}`);
      });
    }
    say(moral, MORALS[s.bug]);
  }

  return ui.run(root);
}

export default { render };
