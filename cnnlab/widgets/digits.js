// Digit explorer: draw a digit or take one of the test set, drag it over the canvas, and watch trained networks read it.
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-digits[data-ready]               root, role=group; "true" when the networks have read what lies there
//   [data-control=NAME]                   radio buttons: source, trained, mode, maps
//   [data-action=NAME]                    buttons; NAME: sweep, left, up, down, right, middle, corner, undo, clear, reset, link
//   [data-key=DIGIT]                      the ten keys: take a test digit, or say what was meant
//   .cnn-picture--canvas, .cnn-paper      what is dragged; what one draws on. Both take keys
//   .cnn-net[data-network=NAME]           one network: .cnn-net-answer, .cnn-net-sign, .cnn-net-share, .cnn-map
//   .cnn-sweep .cnn-count, .cnn-note      what the small maps show; of a drawing, what to expect and what the marks mean
//   .cnn-inside                           the chosen network: .cnn-picture--stage, and .cnn-odds [data-digit]

import { load, whenNear } from "./data.js";
import { answerOf, run, softmax, unpack } from "./networks.js";
import {
  STEPS, between, button, clamp, decode, encode, h, makeExplorer, makeMovable, makePicture, mark, onDrag, oneOf, percent, plural, say,
  setAll, setVariables, spot, svg, tabulate, take,
} from "./toolkit.js";

// ---------------------------------------------------------------------------------------------
// From a drawing to the canvas of 28 × 28 pixels: what Python does in digits.py.

export const MOST = 6; // pixels from the middle, in each direction
const CANVAS = 28, PLACES = 2 * MOST + 1, PAPER = 64, POINTS = 800;
const SIDE = 32, BOX = [20, 32], PEN = 2.5, DISTORTION = 2;
const LETTERS = "0123456789abcdefg"; // values of a pixel of 8 × 8, 0 to 16

/** Strokes, drawn again as the data set's digits were: 32 × 32 pixels of 0 and 1. */
export function bitmap(strokes) {
  const points = strokes.flat();
  const axes = [0, 1].map((axis) => {
    const along = points.map((point) => point[axis]);
    const [low, high] = [Math.min(...along), Math.max(...along)];
    return { middle: (low + high) / 2, fit: high > low ? (BOX[axis] - 2 * PEN) / (high - low) : Infinity };
  });
  const scales = axes.map(({ fit }, n) => Math.min(fit, DISTORTION * axes[1 - n].fit));
  const scale = scales.includes(Infinity) ? [1, 1] : scales; // a single dot
  const put = (point) => point.map((v, n) => SIDE / 2 + (v - axes[n].middle) * scale[n]);
  const lines = strokes.flatMap((stroke) => stroke.map((point, n) => [put(stroke[Math.max(n - 1, 0)]), put(point)]));
  return tabulate(SIDE, SIDE, (i, j) => (lines.some(([a, b]) => isNear(j + 0.5, i + 0.5, a, b)) ? 1 : 0));
}

function isNear(x, y, [ax, ay], [bx, by]) {
  const [across, down] = [bx - ax, by - ay];
  const length = across * across + down * down;
  const t = length > 0 ? Math.max(0, Math.min(1, ((x - ax) * across + (y - ay) * down) / length)) : 0;
  const [right, below] = [x - ax - t * across, y - ay - t * down];
  return right * right + below * below <= PEN * PEN;
}

/** Lit pixels of each block of 4 × 4: 8 × 8 numbers from 0 to 16. */
export const counted = (pixels) => tabulate(8, 8, (i, j) =>
  pixels.slice(4 * i, 4 * i + 4).reduce((total, row) => total + row.slice(4 * j, 4 * j + 4).reduce((a, b) => a + b), 0));

/** The map at twice the side, by bilinear interpolation. */
export function enlarge(x) {
  const doubled = (line, mix) => line.flatMap((v, n) => [mix(v, line[Math.max(n - 1, 0)]), mix(v, line[Math.min(n + 1, line.length - 1)])]);
  const mix = (here, there) => 0.75 * here + 0.25 * there;
  return doubled(x, (row, other) => row.map((v, j) => mix(v, other[j]))).map((row) => doubled(row, mix));
}

/** Class of a test digit, and its 8 × 8 numbers. */
export const sampleOf = (text) => ({ digit: Number(text[0]), values: tabulate(8, 8, (i, j) => LETTERS.indexOf(text[1 + 8 * i + j])) });

/** What lies on the canvas: 8 × 8 numbers from 0 to 16. */
export const valuesOf = (s) => (s.source === "test" ? sampleOf(s.samples[s.digit]).values : counted(bitmap(s.strokes)));

/** The canvas with a digit of 16 × 16 pixels, ready for the networks. */
export function canvasOf(fine, dy, dx) {
  const values = new Float32Array(CANVAS * CANVAS);
  fine.forEach((row, i) => values.set(row, (i + MOST + dy) * CANVAS + MOST + dx));
  return { channels: 1, height: CANVAS, width: CANVAS, values };
}

export const imageOf = (s) => canvasOf(enlarge(valuesOf(s).map((row) => row.map((v) => v / 16))), s.dy, s.dx);

// ---------------------------------------------------------------------------------------------
// Networks and sentences.

const RULES = { max: "max", avg: "average", stride: "stride", maxblur: "blur" };
const HEADS = { "": "flatten", _gap: "global average" };

/** The eight networks: name, rule and head. */
export const NETWORKS = Object.entries(RULES).flatMap(([down, rule]) =>
  Object.entries(HEADS).map(([ending, head]) => ({ name: down + ending, rule, head })));

/** File and ending of the networks' names there, by what they were trained on. */
const TRAINED = { centred: ["shift_curve", ""], anywhere: ["positions", "_redrawn"] };

/** The networks of a file, ready to run, by the names above. */
export function networksOf(file, trained) {
  const ending = TRAINED[trained][1];
  return Object.fromEntries(NETWORKS.filter(({ name }) => name + ending in file.networks)
    .map(({ name }) => [name, unpack(file.networks[name + ending])]));
}

const a = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

/** "in the middle", "moved 4 pixels right, 3 down". */
export function where({ dx, dy }) {
  const parts = [[dx, dx < 0 ? "left" : "right"], [dy, dy < 0 ? "up" : "down"]].filter(([d]) => d);
  if (!parts.length) return "in the middle";
  return `moved ${parts.map(([d, name], n) => `${n ? Math.abs(d) : plural(Math.abs(d), "pixel")} ${name}`).join(", ")}`;
}

/** Whether somebody has said which digit it is: the data set, or who drew it. */
const isKnown = (s) => s.source === "test" || s.meant !== null;

const share = (part, of) => (part === of ? (of === 2 ? "both" : `all ${of}`) : part ? `${part} of ${of}` : of === 2 ? "neither" : `none of ${of}`);

// "max and blur read a 1; stride reads a 7"
function readings(networks, answers) {
  const digits = [...new Set(networks.map(({ name }) => answers[name]))];
  return digits.map((digit) => {
    const rules = networks.filter(({ name }) => answers[name] === digit).map(({ rule }) => rule);
    return `${list(rules)} read${rules.length > 1 ? "" : "s"} ${a(digit)}`;
  }).join("; ");
}

/** What one sees: how many networks are right, or agree. `answers` holds the digit that each network reads; `wanted` the
one that it should: the digit that it is or, where nobody has said it, the network's own answer in the middle. */
export function sentence(s, answers, wanted) {
  const readers = NETWORKS.filter(({ name }) => name in answers);
  const known = isKnown(s);
  const still = !known && !s.dx && !s.dy; // in the middle there is nothing to compare
  const truth = wanted[readers[0].name];
  const begin = `${s.source === "test" ? capital(a(truth)) : known ? `Your ${truth}` : "Your drawing"}, ${where(s)}`;
  const isGood = ({ name }) => answers[name] === wanted[name];
  const agree = (networks) => new Set(networks.map(({ name }) => answers[name])).size === 1;
  if (readers.every(isGood) && (!still || agree(readers))) {
    return `${begin}: all ${readers.length} networks read ${known || still ? a(truth) : "it as in the middle"}.`;
  }
  const parts = Object.values(HEADS).map((head, n) => {
    const all = readers.filter((network) => network.head === head);
    const wrong = all.filter((network) => !isGood(network));
    const right = all.length - wrong.length;
    const verb = known ? `${right > 1 ? "are" : "is"} right` : n ? (right > 1 ? "do" : "does") : `read${right > 1 ? "" : "s"} it as in the middle`;
    const text = !still ? `${share(right, all.length)} ${verb}${wrong.length ? ": " : ""}${readings(wrong, answers)}`
      : agree(all) ? `${share(right, right)} read ${a(answers[all[0].name])}` : readings(all, answers);
    return ` With a ${head}, ${text}.`;
  });
  return `${begin}.${parts.join("")}`;
}

/** At how many of the places each group of networks is right. `counts` is by network. */
export function sweepSentence(counts, known) {
  const parts = Object.values(HEADS).map((head) => {
    const found = NETWORKS.filter((network) => network.head === head && network.name in counts).map(({ name }) => counts[name]);
    const [low, high] = [Math.min(...found), Math.max(...found)];
    return `at ${low === high ? low : `${low} to ${high}`} with a ${head}`;
  });
  return `Of ${PLACES * PLACES} places, the networks ${known ? "are right" : "answer as in the middle"} ${parts.join(", ")}.`;
}

/** What the marks beside the answers stand for. */
const marksOf = (s) => (s.meant === null
  ? "Moved: = the network’s own answer in the middle, ≠ another. Press what you meant for ✓ right, ✗ wrong."
  : `✓ the ${s.meant} that you meant, ✗ another digit. Press ${s.meant} again for = as in the middle, ≠ not.`);

// ---------------------------------------------------------------------------------------------
// Links.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const strokesCodec = { // two letters a point; strokes are joined by points
  write: (strokes) => strokes.map((stroke) => stroke.flat().map((v) => ALPHABET[v]).join("")).join("."),
  read(text) {
    if (text === "") return [];
    if (!/^([\w-]{2})+(\.([\w-]{2})+)*$/.test(text) || text.length > 2 * POINTS + 99) return undefined;
    return text.split(".").map((stroke) => stroke.match(/../g).map((two) => [...two].map((letter) => ALPHABET.indexOf(letter))));
  },
};
const NAMES = ["digit", "samples", "dx", "dy", "trained", "network", "sweep", "source", "strokes", "meant", "mode", "maps"];
const LINK = {
  digit: between(0, 29), dx: between(-MOST, MOST), dy: between(-MOST, MOST), trained: oneOf(...Object.keys(TRAINED)),
  network: oneOf(...NETWORKS.map(({ name }) => name)), sweep: oneOf(true, false), source: oneOf("test", "drawing"),
  strokes: strokesCodec, meant: oneOf(null, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), mode: oneOf("move", "draw"), maps: oneOf("digit", "mean"),
};
export const encodeState = (state) => encode(state, LINK);
export const decodeState = (text) => decode(text, LINK);

// ---------------------------------------------------------------------------------------------
// Parts of the page.

// The canvas on which the digit is dragged.
function makeCanvas(ui) {
  const picture = makeMovable("canvas", "digit", ui, MOST);
  const { node, move } = picture;
  const corner = () => { // one after the other, clockwise from the upper left
    const { dx, dy } = ui.state();
    const next = { "-6,-6": [-6, 6], "-6,6": [6, 6], "6,6": [6, -6] }[[dy, dx]] ?? [-6, -6];
    move(...next);
  };
  const keys = h("div", { class: "cnn-pad-keys", role: "group", "aria-label": "Move the digit" },
    ...picture.buttons, button("middle", "middle", () => move(0, 0)), button("corner", "corner", corner, { "aria-label": "next corner" }));
  const fill = (image, s) => {
    picture.fill(tabulate(CANVAS, CANVAS, (i, j) => 255 * image.values[i * CANVAS + j]));
    node.setAttribute("aria-label", `Digit, ${where(s)}`);
  };
  return { node: h("div", { class: "cnn-canvas" }, node, h("div", { class: "cnn-home", "aria-hidden": "true" })), keys, fill };
}

// The paper on which one draws: with the pointer; or with keys, point by point.
function makePaper({ id, state, update }) {
  const SCALE = 4, STEP = 4;
  const node = h("canvas", {
    class: "cnn-paper", width: SCALE * PAPER, height: SCALE * PAPER, role: "application", tabindex: "0",
    "aria-roledescription": "drawing paper", "aria-describedby": id("help"),
  });
  let pen = [PAPER / 2, PAPER / 2]; // for keys
  let down = false; // whether the next point goes on with the last stroke
  const add = (point) => {
    const { strokes } = state();
    if (strokes.flat().length >= POINTS) return;
    const last = down && strokes.length ? strokes.at(-1) : [];
    const rest = last.length ? strokes.slice(0, -1) : strokes;
    down = true;
    update({ strokes: [...rest, [...last, point]] });
  };
  const undo = () => { down = false; update({ strokes: state().strokes.slice(0, -1) }); };
  const clear = () => { down = false; update({ strokes: [], meant: null }); };
  const at = (event) => spot(event, node).reverse().map((v) => clamp(Math.floor(PAPER * v), PAPER - 1));
  onDrag(node, (event) => {
    const [x, y] = at(event);
    const [u, v] = (down && state().strokes.at(-1)?.at(-1)) || [-9, -9];
    if (Math.hypot(x - u, y - v) >= 1.5) add([x, y]);
  }, {
    begin(event) {
      node.focus({ preventScroll: true });
      event.preventDefault();
      down = false;
      return true;
    },
    end() { down = false; },
  });
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      const [y, x] = STEPS[event.key];
      pen = [clamp(pen[0] + STEP * x, PAPER - 1), clamp(pen[1] + STEP * y, PAPER - 1)];
      draw(state().strokes);
    } else if (event.key === " ") add([...pen]);
    else if (event.key === "Enter") { down = false; draw(state().strokes); }
    else if (event.key === "Backspace" || event.key === "Delete") undo();
    else return;
    take(event);
  });
  for (const event of ["focus", "blur"]) node.addEventListener(event, () => draw(state().strokes));
  function draw(strokes) {
    const context = node.getContext("2d");
    context.setTransform(SCALE, 0, 0, SCALE, SCALE / 2, SCALE / 2);
    context.fillStyle = "#000";
    context.fillRect(-1, -1, PAPER + 1, PAPER + 1);
    Object.assign(context, { strokeStyle: "#fff", lineWidth: 6, lineCap: "round", lineJoin: "round" });
    for (const stroke of strokes) {
      context.beginPath();
      for (const [x, y] of [stroke[0], ...stroke]) context.lineTo(x, y);
      context.stroke();
    }
    if (node.matches(":focus-visible")) { // the pen of the keyboard
      Object.assign(context, { strokeStyle: down ? "#ff9b50" : "#62bdf2", lineWidth: 1 });
      context.strokeRect(pen[0] - 2.5, pen[1] - 2.5, 5, 5);
    }
    node.setAttribute("aria-label", `Paper with ${plural(strokes.length, "stroke")}, pen ${down ? "down" : "up"} at ${Math.round((100 * pen[0]) / PAPER)} % across, ${Math.round((100 * pen[1]) / PAPER)} % down`);
  }
  const keys = h("div", { class: "cnn-pad-keys" }, button("undo", "undo stroke", undo), button("clear", "clear", clear));
  return { node, keys, draw };
}

// The ten keys: a test digit of that class, the next one when pressed again; or what was meant by the drawing.
function makeKeys({ id, state, update }) {
  const title = h("p", { class: "cnn-caption", id: id("keys") });
  const press = (digit) => {
    const s = state();
    if (s.source === "drawing") return update({ meant: s.meant === digit ? null : digit });
    const mine = s.samples.map((text, n) => n).filter((n) => Number(s.samples[n][0]) === digit);
    return update({ digit: mine[(mine.indexOf(s.digit) + 1) % mine.length] });
  };
  const keys = Array.from({ length: 10 }, (_, digit) =>
    h("button", { type: "button", class: "cnn-button", "data-key": digit, onclick: () => press(digit) }, String(digit)));
  const fill = (s) => {
    const now = s.source === "drawing" ? s.meant : Number(s.samples[s.digit][0]);
    say(title, s.source === "drawing" ? "You meant" : "Another test digit");
    keys.forEach((key, digit) => key.setAttribute("aria-pressed", digit === now));
  };
  return { node: h("div", { class: "cnn-keys" }, title, h("div", { class: "cnn-ten", role: "group", "aria-labelledby": id("keys") }, ...keys)), fill };
}

const cell = (n) => `M${n % PLACES} ${Math.floor(n / PLACES)}h1v1h-1Z`;

// One network: what it reads here, and a map of the places where it is right.
function makeNet({ name, rule, head }, choose) {
  const [answer, sign, share] = ["answer", "sign", "share"].map((part) => h("span", { class: `cnn-net-${part}` }));
  const shades = Array.from({ length: 11 }, (_, n) => // the places known, and on them where it is right: in one case of ten, in two, ...
    svg("path", { class: `cnn-map-${n ? (n < 10 ? "partly" : "right") : "known"}`, "fill-opacity": n / 10 || 1 }));
  const here = svg("rect", { class: "cnn-map-here", width: 1, height: 1 });
  const map = svg("svg", { class: "cnn-map", viewBox: `0 0 ${PLACES} ${PLACES}`, "aria-hidden": "true" }, ...shades, here);
  const count = h("span", { class: "cnn-net-count" });
  let said = "";
  const node = h("button", { type: "button", class: "cnn-net", "data-network": name, "data-rule": rule, onclick: () => choose(name) },
    h("span", { class: "cnn-net-name" }, mark(rule), ` ${rule}`),
    h("span", { class: "cnn-net-read" }, answer, sign, share), h("span", { class: "cnn-net-bar" }), count, map);
  const fill = (s, odds, wanted) => {
    const digit = odds && answerOf(odds);
    const known = isKnown(s);
    const good = odds && digit === wanted[name];
    const judged = odds && (known || s.dx || s.dy);
    node.classList.toggle("is-right", Boolean(good && known));
    node.classList.toggle("is-absent", !odds);
    node.disabled = !odds;
    node.setAttribute("aria-pressed", s.network === name);
    say(answer, odds ? String(digit) : "–");
    say(sign, judged ? "≠=✗✓"[2 * known + good] : "");
    say(share, odds ? percent(odds[digit]) : s.trained === "anywhere" ? "not run" : "");
    setVariables(node, { share: odds ? odds[digit] : 0 });
    setAll(here, { x: s.dx + MOST, y: s.dy + MOST });
    const verdict = judged ? (known ? (good ? "right, " : "wrong, ") : `${good ? "" : "not "}as in the middle, `) : "";
    said = `${rule}, ${head}: reads ${odds ? `${digit}, ${verdict}probability ${percent(odds[digit])}` : "nothing"}`;
    if (!odds) fillMap([], "", "");
  };
  /** `levels` has for each place from 0, wrong, to 10, right; -1 where it is not known yet. */
  const fillMap = (levels, text, spoken) => {
    const paths = shades.map(() => "");
    levels.forEach((level, n) => {
      if (level >= 0) paths[0] += cell(n);
      if (level > 0) paths[level] += cell(n);
    });
    shades.forEach((path, n) => path.setAttribute("d", paths[n]));
    say(count, text);
    node.setAttribute("aria-label", said + spoken);
  };
  return { name, node, fill, fillMap };
}

// What happens inside of one network: its maps after each stage, and the ten probabilities.
function makeInside() {
  const title = h("p", { class: "cnn-caption" });
  const stages = ["input", "first stage", "second stage", "third convolution"].map((name) => {
    const picture = makePicture("stage", { role: "img", "aria-label": name });
    const label = h("figcaption", {});
    return { name, picture, label, node: h("figure", { class: "cnn-stage-of" }, picture.node, label) };
  });
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const share = h("span", { class: "cnn-odds-share" });
    return { share, node: h("li", { "data-digit": digit }, h("span", {}, String(digit)), h("span", { class: "cnn-odds-bar" }), share) };
  });
  const node = h("div", { class: "cnn-inside", role: "group", "aria-label": "Inside the chosen network" }, title,
    h("div", { class: "cnn-stages" }, ...stages.map((stage) => stage.node), h("ol", { class: "cnn-odds", start: "0" }, ...rows.map((row) => row.node))));
  const fill = ({ rule, head }, found, odds, truth) => {
    node.dataset.rule = rule;
    title.replaceChildren(`Inside: `, mark(rule), ` ${rule}, ${head}`);
    stages.forEach(({ name, picture, label }, n) => {
      const maps = found[n];
      const across = maps.channels === 1 ? 1 : maps.channels > 16 ? 6 : 4;
      const most = Math.max(1e-9, ...maps.values);
      const [tall, wide] = [maps.height + 1, maps.width + 1];
      picture.fill(tabulate(tall * Math.ceil(maps.channels / across) - 1, wide * across - 1, (i, j) => {
        const [row, column] = [i % tall, j % wide];
        const channel = Math.floor(i / tall) * across + Math.floor(j / wide);
        return row === maps.height || column === maps.width ? -1 : (255 * maps.values[(channel * maps.height + row) * maps.width + column]) / most;
      }), (_, v) => (v < 0 ? [112, 120, 130] : undefined));
      setVariables(picture.node, { w: picture.node.width, h: picture.node.height, pixel: n === 0 ? 4 : n === 1 ? 3 : across === 4 ? 6 : 4 });
      const size = `${maps.height}×${maps.width}`;
      say(label, n === 0 ? size : `${maps.channels} maps, ${size}`);
      picture.node.setAttribute("aria-label", n === 0 ? `Input, ${size}` : `After the ${name}: ${maps.channels} maps of ${size}`);
    });
    rows.forEach(({ node: row, share }, digit) => {
      setVariables(row, { share: odds[digit] });
      row.classList.toggle("is-truth", digit === truth);
      say(share, percent(odds[digit]));
    });
  };
  return { node, fill };
}

// ---------------------------------------------------------------------------------------------
// The explorer.

const placeOf = ({ dx, dy }) => (dy + MOST) * PLACES + dx + MOST;
const FRAME = 30; // milliseconds of work between two pictures of the page
const SPIRAL = Array.from({ length: PLACES * PLACES }, (_, n) => n)
  .map((n) => ({ n, far: Math.hypot((n % PLACES) - MOST, Math.floor(n / PLACES) - MOST) }))
  .sort((p, q) => p.far - q.far || p.n - q.n).map(({ n }) => n);

// What is known of the digit that lies there: what each network reads at each place. At any time, all have tried the same places.
function makeReader() {
  let fine, networks = {}, seen = {}, tried = 0;
  const names = () => Object.keys(networks);
  const each = (f) => Object.fromEntries(names().map((name) => [name, f(name)]));
  const isNew = (place) => seen[names()[0]][place] < 0;
  const look = (place) => {
    if (isNew(place)) tried += 1;
    const image = canvasOf(fine, Math.floor(place / PLACES) - MOST, (place % PLACES) - MOST);
    return each((name) => {
      const found = run(networks[name], image);
      seen[name][place] = answerOf(found.scores);
      return found;
    });
  };
  const answers = (place) => {
    if (isNew(place)) look(place);
    return each((name) => seen[name][place]);
  };
  const begin = (values, those) => {
    fine = enlarge(values.map((row) => row.map((v) => v / 16)));
    [networks, tried] = [those, 0];
    seen = each(() => new Int8Array(PLACES * PLACES).fill(-1));
  };
  /** Try places for a while, from the middle outwards; false when all are known. */
  const sweep = (milliseconds) => {
    const until = performance.now() + milliseconds;
    for (const place of SPIRAL.filter(isNew)) {
      if (performance.now() > until) return true;
      look(place);
    }
    return false;
  };
  return { look, answers, begin, sweep, each, seen: (name) => seen[name], tried: () => tried };
}

function render({ model, el }) {
  const settle = (changes, next) => {
    const more = { ...changes };
    if (next.source === "test") more.mode = "move";
    else if (changes.source && !next.strokes.length) Object.assign(more, { mode: "draw", dx: 0, dy: 0 });
    if (next.trained === "anywhere") more.network = next.network.replace(/^(avg|maxblur)/, "max");
    return more;
  };
  const ui = makeExplorer({ model, el }, { kind: "digits", names: NAMES, fixed: ["samples"], codecs: LINK, settle, draw });
  const { id, state, update } = ui;
  const [canvas, paper, keys, inside, reader] = [makeCanvas(ui), makePaper(ui), makeKeys(ui), makeInside(), makeReader()];
  const nets = NETWORKS.map((network) => makeNet(network, (name) => update({ network: name })));
  const sweep = button("sweep", `Try all ${PLACES * PLACES} places`, () => update({ sweep: !state().sweep, maps: "digit" }));
  const says = h("p", { class: "cnn-says", role: "status", id: id("says") });
  const swept = h("p", { class: "cnn-count" });
  const marks = h("p", {});
  const note = h("div", { class: "cnn-note" }, h("p", {}, "Your drawing is brought to the size and thickness of the 1000 digits these networks know. If it still looks unlike them, such as a 7 without a bar, they may fail wherever it lies."), marks);
  const mode = ui.radios("mode", "Pointer", [["draw", "draws"], ["move", "moves"]]);
  const root = h("div", { class: "cnn-explorer cnn-digits", role: "group", "aria-label": "Digit explorer" },
    h("div", { class: "cnn-bar" },
      ui.radios("trained", "Networks trained on digits", [["centred", "in the middle"], ["anywhere", "at random places"]]),
      ui.radios("source", "Digit", [["test", "of the test set"], ["drawing", "drawn by you"]]), mode),
    h("div", { class: "cnn-stage" },
      h("div", { class: "cnn-side" }, canvas.node, paper.node, canvas.keys, paper.keys, keys.node),
      says,
      h("div", { class: "cnn-nets" },
        ...Object.values(HEADS).map((head) => h("p", { class: "cnn-caption" }, head)), ...nets.map((net) => net.node)),
      note),
    h("div", { class: "cnn-sweep" }, sweep, ui.radios("maps", "Small maps", [["digit", "this digit"], ["mean", "200 test digits"]]), swept),
    inside.node,
    h("div", { class: "cnn-foot" }, ui.reset, ui.link),
    h("p", { class: "cnn-help", id: id("help") },
      "Drag the digit, or use the arrow keys on it (Home: middle). On the paper, draw; or move the pen with the arrow keys, Space joins the last point with this one, Enter lifts the pen, Backspace takes a stroke back."));

  const loaded = {}; // networks, by what they were trained on
  let near = false, failed = "", waits = 0, known = [], values;
  const ask = ({ trained, maps }) => {
    const need = (name, file, make) => {
      if (!near || loaded[name]) return;
      load(file, model).then((found) => {
        loaded[name] ??= make(found);
        failed = "";
        later();
      }, (error) => { failed = error.message; later(); });
    };
    need(trained, TRAINED[trained][0], (file) => networksOf(file, trained));
    if (maps === "mean") need("mean", "digits_by_place", (file) => file);
  };
  const later = () => {
    cancelAnimationFrame(waits); // also that of a sweep: it goes on after the reading
    waits = requestAnimationFrame(() => { waits = 0; read(); });
  };

  // At once: what lies there. The networks follow with the next picture of the page, however many moves have come by then.
  function draw(s) {
    values = valuesOf(s);
    root.dataset.mode = s.mode;
    root.dataset.trained = s.trained;
    mode.hidden = note.hidden = s.source === "test";
    say(marks, marksOf(s));
    canvas.node.hidden = canvas.keys.hidden = s.mode === "draw";
    paper.node.hidden = paper.keys.hidden = s.mode === "move";
    canvas.fill(imageOf(s), s);
    paper.draw(s.strokes);
    keys.fill(s);
    sweep.setAttribute("aria-pressed", s.sweep);
    ask(s);
    later();
  }

  let wanted; // by network, what it should read
  function read() {
    const s = state();
    const networks = loaded[s.trained];
    const blank = s.source === "drawing" && !s.strokes.length;
    say(swept, "");
    if (!networks || blank) {
      for (const net of nets) net.fill(s);
      say(says, blank ? "Draw a digit, as large as you like." : failed || "The networks are on their way …");
      root.dataset.ready = String(blank);
      return;
    }
    const those = [networks, JSON.stringify(values)];
    if (those.some((v, n) => v !== known[n])) reader.begin(values, networks);
    known = those;
    const found = reader.look(placeOf(s));
    const odds = reader.each((name) => softmax(found[name].scores));
    const truth = s.source === "test" ? sampleOf(s.samples[s.digit]).digit : s.meant;
    wanted = isKnown(s) ? reader.each(() => truth) : reader.answers(placeOf({ dx: 0, dy: 0 }));
    for (const net of nets) net.fill(s, odds[net.name], wanted);
    const shown = NETWORKS.find(({ name }) => name === s.network && name in found) ?? NETWORKS[0];
    inside.fill(shown, found[shown.name].stages, odds[shown.name], truth);
    say(says, sentence(s, reader.answers(placeOf(s)), wanted));
    fillMaps(s);
    if (s.sweep) tryMore();
    else root.dataset.ready = "true";
  }

  const hits = (name) => reader.seen(name).filter((digit) => digit === wanted[name]).length;

  function fillMaps(s) {
    const [tried, all, means] = [reader.tried(), PLACES * PLACES, loaded.mean];
    for (const net of nets.filter(({ name }) => reader.seen(name))) {
      if (s.maps === "mean") {
        const counts = means ? [...atob(means.right[net.name + TRAINED[s.trained][1]])].map((letter) => letter.charCodeAt(0)) : [];
        const text = means ? `${percent(counts[placeOf(s)] / means.digits)} here` : "";
        net.fillMap(counts.map((n) => Math.round((10 * n) / means.digits)), text, text && `; of ${means.digits} test digits, ${text}`);
      } else {
        const text = tried > 1 ? `${hits(net.name)} of ${tried}` : "";
        const levels = Array.from(reader.seen(net.name), (digit) => (digit < 0 ? -1 : digit === wanted[net.name] ? 10 : 0));
        net.fillMap(levels, text, text && `; ${isKnown(s) ? "right" : "as in the middle"} at ${text} places tried`);
      }
    }
    say(swept, s.maps === "mean" ? "At each place: how many of 200 test digits a network reads right, from none (pale) to all (full colour)."
      : tried === all ? sweepSentence(reader.each(hits), isKnown(s))
      : `${tried} of ${all} places tried; coloured where the answer is ${isKnown(s) ? "right" : "as in the middle"}.`);
  }

  // Other places, a few of them between two pictures of the page.
  function tryMore() {
    const goesOn = reader.sweep(FRAME);
    fillMaps(state());
    root.dataset.ready = String(!goesOn);
    if (goesOn) waits = requestAnimationFrame(() => { waits = 0; tryMore(); });
  }

  const stop = ui.run(root);
  const callOff = whenNear(root, () => { near = true; ask(state()); });
  return () => { stop(); callOff(); cancelAnimationFrame(waits); };
}

export default { render };
