// The networks of cnnlab.experiments.networks (three convolutions, two places to make the maps smaller, a head), run in
// the browser. Maps are { channels, height, width, values }, values channel by channel and row by row.

const empty = (channels, height, width) => ({ channels, height, width, values: new Float32Array(channels * height * width) });

/** Maps with a border of zeros, one pixel wide. */
function padded({ channels, height, width, values }) {
  const out = empty(channels, height + 2, width + 2);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height; i++) {
      const from = (c * height + i) * width;
      out.values.set(values.subarray(from, from + width), (c * out.height + i + 1) * out.width + 1);
    }
  }
  return out;
}

/** Convolution with kernels of 3 × 3, a border of zeros and a ReLU. */
export function convolve(maps, { shape: [channels], weight, bias }, stride = 1) {
  const x = padded(maps);
  const y = empty(channels, Math.ceil(maps.height / stride), Math.ceil(maps.width / stride));
  const area = y.height * y.width;
  let n = 0; // of the weight: they are taken in the order in which they are stored
  for (let o = 0; o < channels; o++) {
    const out = y.values.subarray(o * area, (o + 1) * area).fill(bias[o]);
    for (let c = 0; c < maps.channels; c++) {
      for (let a = 0; a < 3; a++, n += 3) {
        const [left, middle, right] = [weight[n], weight[n + 1], weight[n + 2]];
        for (let i = 0, to = 0; i < y.height; i++) {
          let from = (c * x.height + i * stride + a) * x.width;
          for (let j = 0; j < y.width; j++, from += stride) {
            out[to++] += left * x.values[from] + middle * x.values[from + 1] + right * x.values[from + 2];
          }
        }
      }
    }
    for (let k = 0; k < area; k++) if (out[k] < 0) out[k] = 0;
  }
  return y;
}

/** New maps, each value made by `f(x, above, left)` of one old map; `at` gives the place in it. */
function pool(maps, height, width, stride, f) {
  const y = empty(maps.channels, height, width);
  const area = maps.height * maps.width;
  let to = 0;
  for (let c = 0; c < maps.channels; c++) {
    const x = maps.values.subarray(c * area, (c + 1) * area);
    for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) y.values[to++] = f(x, i * stride, j * stride);
  }
  return y;
}

const windowOfFour = (f, w) => (x, i, j) => f(x[i * w + j], x[i * w + j + 1], x[(i + 1) * w + j], x[(i + 1) * w + j + 1]);
const max = (a, b, c, d) => Math.max(a, b, c, d);
const mean = (a, b, c, d) => (a + b + c + d) / 4;

export const maxPool = (maps, stride = 2) =>
  pool(maps, Math.floor((maps.height - 2) / stride) + 1, Math.floor((maps.width - 2) / stride) + 1, stride, windowOfFour(max, maps.width));

export const averagePool = (maps) => pool(maps, maps.height >> 1, maps.width >> 1, 2, windowOfFour(mean, maps.width));

/** Blur with 1/4, 1/2, 1/4 along both axes, every other value kept; beyond the border lies what lies before it. */
export function blurPool(maps) {
  const { height, width } = maps;
  const mirror = (i, size) => (i < 0 ? -i : i >= size ? 2 * size - 2 - i : i);
  return pool(maps, Math.ceil(height / 2), Math.ceil(width / 2), 2, (x, i, j) => {
    const row = (k) => {
      const start = mirror(k, height) * width;
      return x[start + mirror(j - 1, width)] / 4 + x[start + j] / 2 + x[start + mirror(j + 1, width)] / 4;
    };
    return row(i - 1) / 4 + row(i) / 2 + row(i + 1) / 4;
  });
}

const DOWN = {
  max: (maps) => maxPool(maps),
  avg: averagePool,
  stride: (maps) => maps, // the convolution has done it
  maxblur: (maps) => blurPool(maxPool(maps, 1)),
};

const globalAverage = ({ channels, height, width, values }) =>
  Float32Array.from({ length: channels }, (_, c) => values.subarray(c * height * width, (c + 1) * height * width).reduce((a, b) => a + b, 0) / (height * width));

function dense(features, { shape: [classes, inputs], weight, bias }) {
  return Array.from({ length: classes }, (_, o) => {
    let total = bias[o];
    for (let n = 0; n < inputs; n++) total += weight[o * inputs + n] * features[n];
    return total;
  });
}

/** A network as it is stored (cnnlab.experiments.weights), ready to run. */
export function unpack({ down, head, layers }) {
  return {
    down, head,
    layers: layers.map(({ shape, weight, scale, bias }) => {
      const whole = Int8Array.from(atob(weight), (letter) => letter.charCodeAt(0));
      const each = whole.length / scale.length;
      return { shape, bias, weight: Float32Array.from(whole, (v, n) => v * scale[Math.floor(n / each)]) };
    }),
  };
}

/** What a network makes of an image: its maps after each stage, and the scores of the classes. */
export function run({ down, head, layers }, image) {
  const stages = [image];
  for (const n of [0, 1]) {
    const maps = convolve(stages[n], layers[n], down === "stride" ? 2 : 1);
    stages.push(DOWN[down](maps));
  }
  stages.push(convolve(stages[2], layers[2]));
  const features = head === "gap" ? globalAverage(stages[3]) : stages[3].values;
  return { stages, scores: dense(features, layers[3]) };
}

/** Probabilities from scores. */
export function softmax(scores) {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

export const answerOf = (scores) => scores.indexOf(Math.max(...scores));
