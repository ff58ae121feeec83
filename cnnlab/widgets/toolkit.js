// What all explorers share: elements, grids of numbers, pictures, controls, and the state that a page, a
// notebook and a link hold in common. Explorers import from here; the file itself imports nothing.
//
// Hooks that stay as they are, for tests and for styles:
//   [data-control=NAME]                   a control of the state's NAME: fieldset of radio buttons, select,
//                                         input of type range or checkbox
//   [data-action=NAME]                    a button; every explorer has reset, and link where it has an anchor
//   .cnn-grid--KIND [role=gridcell]       cells of a grid; .cnn-value holds the number
//   .cnn-picture--KIND                    canvas with one pixel per value
//   .cnn-says                             the sentence about what is pointed at, role=status

// ---------------------------------------------------------------------------------------------
// Words.

/** Text of a number: at most `digits` digits after the point, a real minus sign, −∞ for padding. */
export function number(v, digits = 2) {
  if (v === -Infinity) return "−∞";
  const power = 10 ** digits;
  return String(Math.round(v * power) / power || 0).replace("-", "−");
}

/** "once", "twice", "3 times". */
export const times = (n) => (n === 1 ? "once" : n === 2 ? "twice" : `${n} times`);

/** "1 window", "2 windows"; `text` writes the number. */
export const plural = (n, word, text = String) => `${text(n)} ${word}${n === 1 ? "" : "s"}`;

/** 11418 as "11 418"; what is longer as "103 M", unless `exact`. */
export function count(n, exact = false) {
  const [power, letter] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([p]) => n >= 0.9995 * p) ?? [];
  if (!exact && n >= 1e5) return `${Number((n / power).toPrecision(3))}\u202f${letter}`;
  return String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** 0.333 as "33 %". */
export const percent = (share) => `${number(100 * share, 0)} %`;

/** "row 1, column 2" of the place (0, 1). */
export const place = ({ row, column }) => `row ${row + 1}, column ${column + 1}`;

/** Whether two plain values hold the same. */
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The nearest whole number from 0 to `high`. */
export const clamp = (v, high) => Math.max(0, Math.min(high, v));

// ---------------------------------------------------------------------------------------------
// Maps: arrays of rows.

/** The map of f(i, j). */
export const tabulate = (height, width, f) =>
  Array.from({ length: height }, (_, i) => Array.from({ length: width }, (_, j) => f(i, j)));

/** The map written as "1 2/3 4". */
export const rowsOf = (text) => text.split("/").map((row) => row.trim().split(" ").map(Number));

/** Number n, from 0, of the random numbers in [0, 1) that belong to a seed: mulberry32, as `uniforms` of values.py. */
export function uniform(seed, n) {
  const a = (seed + Math.imul(n + 1, 0x6d2b79f5)) | 0;
  let t = Math.imul(a ^ (a >>> 15), 1 | a);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

/** A handwritten seven, as SEVEN of values.py. */
export const SEVEN = rowsOf("0 0 0 0 0 0 0 0/0 3 7 9 9 8 2 0/0 2 4 4 5 9 3 0/0 0 0 1 6 8 1 0/"
  + "0 0 2 6 9 7 5 0/0 0 1 5 9 3 1 0/0 0 0 7 6 0 0 0/0 0 1 9 3 0 0 0");

// ---------------------------------------------------------------------------------------------
// Links. A codec says how one value of a state is written into a link and read from it; what cannot
// be read gives undefined, and then the whole link is refused.

/** One of a few values. */
export const oneOf = (...choices) => ({
  write: String,
  read: (text) => choices.find((choice) => String(choice) === text),
});

/** A number of the range, on a grid of steps. */
export const between = (low, high, step = 1) => ({
  write: String,
  read(text) {
    const v = Number(text);
    const steps = (v - low) / step;
    const whole = Math.abs(steps - Math.round(steps)) < 1e-6;
    return text !== "" && v >= low && v <= high && whole ? v : undefined;
  },
});

const LETTERS = "abcdefghijklmnopqrs";

/** A map of whole numbers from −9 to 9 with sides of the range: a cell is a letter, rows are joined by points. */
export const mapOf = (low, high) => ({
  write: (x) => x.map((row) => row.map((v) => LETTERS[v + 9]).join("")).join("."),
  read(text) {
    const x = text.split(".").map((row) => [...row].map((c) => LETTERS.indexOf(c) - 9));
    const side = (n) => n >= low && n <= high;
    const whole = x.every((row) => row.length === x[0].length && row.every((v) => v >= -9));
    return whole && side(x.length) && side(x[0].length) ? x : undefined;
  },
});

/** Text of a state: "mode=max&kernel=2". `codecs` names what it holds. */
export function encode(state, codecs) {
  return Object.entries(codecs)
    .map(([name, codec]) => `${name}=${encodeURIComponent(codec.write(state[name]))}`)
    .join("&");
}

/** State from the text of a link, or null if the text is not such a state. */
export function decode(text, codecs) {
  const fields = new Map(text.split("&").map((part) => part.split("=", 2)));
  const state = {};
  for (const [name, codec] of Object.entries(codecs)) {
    try {
      state[name] = codec.read(decodeURIComponent(fields.get(name) ?? ""));
    } catch {
      return null; // a damaged %-sequence
    }
    if (state[name] === undefined) return null;
  }
  return state;
}

// ---------------------------------------------------------------------------------------------
// Elements.

/** A new element. Attributes that begin with "on" are listeners; undefined ones are left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A new SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAll(node, attributes);
  node.append(...children);
  return node;
}

/** Give a node these attributes; undefined ones are left out. */
export function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name, value);
}

/** Give a node these CSS variables, named without their two hyphens. */
export function setVariables(node, values) {
  for (const [name, value] of Object.entries(values)) node.style.setProperty(`--${name}`, value);
}

/** Put a text into a node, without announcing the same text twice. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The mark of a pooling rule (max, average, stride, blur, none), in its colour. */
export const mark = (rule) => h("span", { class: `cnn-mark cnn-mark--${rule}`, "aria-hidden": "true" });

/** The same mark as the path of an SVG, around (0, 0) and up to `r` from it; that of none is lines. */
export const markPath = (rule, r) => ({
  max: `M0 ${-r} ${r} ${0.8 * r}H${-r}Z`,
  average: `M${-0.8 * r} 0a${0.8 * r} ${0.8 * r} 0 1 0 ${1.6 * r} 0a${0.8 * r} ${0.8 * r} 0 1 0 ${-1.6 * r} 0Z`,
  stride: `M${-0.7 * r} ${-0.7 * r}h${1.4 * r}v${1.4 * r}h${-1.4 * r}Z`,
  blur: `M0 ${-r} ${r} 0 0 ${r} ${-r} 0Z`,
  none: `M${-0.8 * r} ${-0.8 * r} ${0.8 * r} ${0.8 * r}M${-0.8 * r} ${0.8 * r} ${0.8 * r} ${-0.8 * r}`,
})[rule];

/** A button. */
export const button = (action, label, onclick, attributes = {}) =>
  h("button", { type: "button", class: "cnn-button", "data-action": action, onclick, ...attributes }, label);

export const STEPS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  Home: [0, -99], End: [0, 99], PageUp: [-99, 0], PageDown: [99, 0],
};

/** Keep a key that an explorer has taken from the page, and from a notebook, which has keys of its own. */
export function take(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** Where in a node a pointer is: [down, across], from 0 to 1 inside of it. */
export function spot(event, node) {
  const box = node.getBoundingClientRect();
  return [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
}

/** Dragging: `act(event, grip)` when a node is pressed and while the pointer is held down, also outside of the node.
`begin(event)` gives the grip, which is what the pointer has taken hold of, or null where there is nothing to take hold of. */
export function onDrag(node, act, { begin = () => true, end = () => {} } = {}) {
  let grip = null;
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || grip !== null) return; // one finger is enough
    grip = begin(event);
    if (grip === null) return;
    node.setPointerCapture(event.pointerId);
    act(event, grip);
  });
  node.addEventListener("pointermove", (event) => { if (node.hasPointerCapture(event.pointerId)) act(event, grip); });
  node.addEventListener("lostpointercapture", () => {
    grip = null;
    end();
  });
}

/** A grid of numbers with one tab stop; the arrow keys move inside it.

`on` may hold point(how, [i, j] or null) with how "hover" or "focus", key(key, i, j) which returns whether it took
the key, and press(i, j, shift) for a click or a tap. `largest` is the value with the deepest shade. */
export function makeGrid(kind, attributes, on, largest = 9) {
  const node = h("div", { class: `cnn-grid cnn-grid--${kind}`, role: "grid", ...attributes });
  let height = 0, width = 0, rebuilt = false;
  const grid = { node, at: [0, 0] };
  grid.cell = (i, j) => node.children[i]?.children[j];
  grid.each = (f) => [...node.children].forEach((row, i) => [...row.children].forEach((cell, j) => f(cell, i, j)));
  grid.go = (i, j, focus) => {
    grid.cell(...grid.at)?.setAttribute("tabindex", "-1");
    grid.at = [clamp(i, height - 1), clamp(j, width - 1)];
    const cell = grid.cell(...grid.at);
    cell.setAttribute("tabindex", "0");
    if (focus) cell.focus();
  };
  grid.fill = (values, dress) => {
    if (values.length !== height || values[0].length !== width) {
      [height, width] = [values.length, values[0].length];
      rebuilt = true;
      node.replaceChildren(...values.map((row) => h("div", { class: "cnn-row", role: "row" }, ...row.map(() =>
        h("div", { class: "cnn-cell", role: "gridcell", tabindex: "-1" },
          h("span", { class: "cnn-value" }), h("span", { class: "cnn-share" }))))));
      rebuilt = false;
      grid.go(...grid.at, false);
    }
    node.classList.toggle("is-long", values.flat().some((v) => number(v).length > 2));
    grid.each((cell, i, j) => {
      cell.firstChild.textContent = number(values[i][j]);
      cell.style.setProperty("--v", Math.max(-1, Math.min(1, values[i][j] / largest)));
      dress?.(cell, i, j);
    });
  };
  const where = (event) => {
    const cell = event.target.closest?.("[role=gridcell]");
    return cell && [[...node.children].indexOf(cell.parentNode), [...cell.parentNode.children].indexOf(cell)];
  };
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step) grid.go(grid.at[0] + step[0], grid.at[1] + step[1], true);
    else if (!on.key?.(event.key, ...grid.at)) return;
    take(event);
  });
  node.addEventListener("click", (event) => {
    const at = where(event);
    if (!at) return;
    grid.go(...at, true);
    on.press?.(...at, event.shiftKey);
  });
  node.addEventListener("focusin", (event) => on.point?.("focus", where(event)));
  node.addEventListener("focusout", () => {
    const leave = () => on.point?.("focus", null);
    if (rebuilt) queueMicrotask(leave); // the cell itself has gone: the drawing under way comes first
    else leave();
  });
  node.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") on.point?.("hover", where(event) ?? null);
  });
  node.addEventListener("pointerleave", () => on.point?.("hover", null));
  return grid;
}

/** Editing a map of whole numbers with keys and clicks.

`read()` gives the map, `write(map)` takes a changed copy, `show()` draws what waits. The result has key(key, i, j)
and press(i, j, back) for makeGrid, bump(i, j, by) for buttons, `waits` (a minus was typed on a zero and waits for its
digit), and forget(), to be called when the reader goes elsewhere. */
export function makeEditor({ read, write, show, low = -9, high = 9 }) {
  const editor = { waits: false };
  const set = (i, j, v) => {
    editor.waits = false;
    const values = read().map((row) => row.slice());
    values[i][j] = clamp(v - low, high - low) + low;
    write(values);
  };
  editor.forget = () => { editor.waits = false; };
  editor.bump = (i, j, by) => {
    const v = read()[i][j] + by;
    set(i, j, v > high || v < low ? 0 : v);
  };
  editor.press = (i, j, back) => editor.bump(i, j, back ? -1 : 1);
  editor.key = (key, i, j) => {
    const v = read()[i][j];
    if (/^[0-9]$/.test(key)) set(i, j, editor.waits ? 0 - Number(key) || 0 : Number(key));
    else if (key === "-" || key === "−") {
      if (v !== 0) set(i, j, -v);
      else editor.waits = !editor.waits;
      show();
    } else if (key === "Enter" || key === " ") editor.bump(i, j, 1);
    else if (key === "Delete" || key === "Backspace") set(i, j, 0);
    else return false;
    return true;
  };
  return editor;
}

/** Buttons −1 and +1, named by what they change: the result has `node`, and `which` for that name. */
export function makeStepper(id, bump, ...name) {
  const which = h("span", { class: "cnn-which", id }, ...name);
  return { which, node: h("div", { class: "cnn-stepper", role: "group", "aria-labelledby": id }, which,
    button("lower", "−1", () => bump(-1)), button("raise", "+1", () => bump(1))) };
}

/** An outline that travels over the cells of a plate: put([i, j]) moves it. */
export function makeFrame(kind) {
  const node = h("div", { class: `cnn-frame${kind ? ` cnn-frame--${kind}` : ""}`, "aria-hidden": "true" });
  return { node, put: ([i, j]) => setVariables(node, { i, j }) };
}

/** The cells around a map, for a grid below it: `before` and `after` are how many lie beside its rows and its columns,
and dress(i, j) gives the text of one and its class, if any. */
export function ringCells([height, width], before, after, dress) {
  const cells = [];
  for (let i = -before[0]; i < height + after[0]; i++) {
    for (let j = -before[1]; j < width + after[1]; j++) {
      if (i >= 0 && i < height && j >= 0 && j < width) continue;
      const [text, kind] = dress(i, j);
      cells.push(h("div", { class: `cnn-pad-cell${kind ? ` ${kind}` : ""}`, "data-value": text,
        style: `grid-area: ${i + before[0] + 1} / ${j + before[1] + 1}` }));
    }
  }
  return cells;
}

/** A canvas with one pixel per value, from 0 (black) to 255. With `on.point`, pointer and arrow keys choose one. */
export function makePicture(kind, attributes, on) {
  const node = h("canvas", { class: `cnn-picture cnn-picture--${kind}`, ...attributes });
  const picture = { node, at: [0, 0] };
  picture.fill = (values, tint) => {
    const [height, width] = [values.length, values[0].length];
    if (node.height !== height || node.width !== width) [node.height, node.width] = [height, width];
    const context = node.getContext("2d");
    const pixels = context.createImageData(width, height);
    values.flat().forEach((v, n) => pixels.data.set([...(tint?.(n, v) ?? [v, v, v]), 255], 4 * n));
    context.putImageData(pixels, 0, 0);
    picture.at = [clamp(picture.at[0], height - 1), clamp(picture.at[1], width - 1)];
  };
  if (!on) return picture;
  node.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    picture.at = [clamp(picture.at[0] + step[0], node.height - 1), clamp(picture.at[1] + step[1], node.width - 1)];
    on.point("focus", picture.at);
    take(event);
  });
  const aim = (event) => {
    const [down, across] = spot(event, node);
    return [clamp(Math.floor(down * node.height), node.height - 1), clamp(Math.floor(across * node.width), node.width - 1)];
  };
  node.addEventListener("focus", () => on.point("focus", picture.at));
  node.addEventListener("blur", () => on.point("focus", null));
  node.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") on.point("hover", aim(event));
  });
  node.addEventListener("pointerleave", () => on.point("hover", null));
  node.addEventListener("click", (event) => {
    picture.at = aim(event);
    node.focus();
    on.point("focus", picture.at);
  });
  return picture;
}

/** A picture that dx and dy of the state move, each from −`most` to `most` pixels: it is dragged, or nudged with the arrow
keys; Home brings it back. `what` names it for a screen reader. The result has `node` and fill(values) as of makePicture,
move(dy, dx) for other controls, and `buttons`, four that do what the arrow keys do. */
export function makeMovable(kind, what, { id, state, update }, most) {
  const picture = makePicture(kind, {
    role: "application", tabindex: "0", "aria-roledescription": `movable ${what}`, "aria-describedby": id("help"),
  });
  const { node } = picture;
  const within = (v) => clamp(v + most, 2 * most) - most;
  const move = (dy, dx) => {
    const now = state();
    const next = { dy: within(dy), dx: within(dx) };
    if (next.dy !== now.dy || next.dx !== now.dx) update(next);
  };
  const nudge = (dy, dx) => { const now = state(); move(now.dy + dy, now.dx + dx); };
  onDrag(node, (event, grip) => {
    const [down, across] = spot(event, node);
    move(grip.dy + Math.round((down - grip.down) * node.height), grip.dx + Math.round((across - grip.across) * node.width));
  }, {
    begin(event) {
      node.focus({ preventScroll: true });
      event.preventDefault(); // no selection of what lies around
      const { dx, dy } = state();
      const [down, across] = spot(event, node);
      return { dy, dx, down, across };
    },
  });
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Home") move(0, 0);
    else if (event.key.startsWith("Arrow")) nudge(...STEPS[event.key]);
    else return;
    take(event);
  });
  const buttons = [["left", "←", 0, -1], ["up", "↑", -1, 0], ["down", "↓", 1, 0], ["right", "→", 0, 1]].map(([name, arrow, dy, dx]) =>
    button(name, arrow, () => nudge(dy, dx), { "aria-label": `one pixel ${name}` }));
  return { node, fill: picture.fill, move, buttons };
}

// ---------------------------------------------------------------------------------------------
// The state of an explorer, and its controls.

/** A number for each explorer of a page; in a notebook every widget has a copy of this file. */
const nextNumber = () => (globalThis.cnnlabExplorers = (globalThis.cnnlabExplorers ?? 0) + 1);

/** Options "1", "2", ... for radio buttons and selects. */
export const numbered = (low, high) =>
  Array.from({ length: high - low + 1 }, (_, n) => [String(low + n), String(low + n)]);

/** What every explorer does: a state that page and notebook share, Reset, and a link that leads back.

* `kind`: names the explorer in ids, as in "pooling".
* `names`: the traits of the Python class; all are read, and all but `fixed` are put back by Reset.
* `codecs`: how the values that a link carries are written (see `encode`).
* `settle(changes, next)`: optional; returns the changes with what has to follow from them, so that the state is whole.
* `draw(state)`: draws; called once at first, and whenever something of the state has changed.

The result holds `id(name)`, `start`, `state()`, `update(changes)`, the makers of controls (`radios`, `select`, `menu`,
`slider`, `checkbox`), the buttons `reset` and `link`, and `run(root)`, which render returns the value of. */
export function makeExplorer({ model, el }, { kind, names, fixed = [], codecs, settle = (changes) => changes, draw }) {
  if (!el.closest(".cnnlab-widget")) el.classList.add("cnnlab-widget"); // in a page, the host has it
  const anchor = el.closest(".cnnlab-widget").id; // a page names its explorers, a notebook does not
  const prefix = `cnn-${kind}-${nextNumber()}`;
  const id = (name) => `${prefix}-${name}`;
  const state = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const start = state();
  const shows = []; // one for each control: put what the state says into it

  let updating = false;
  const update = (changes) => {
    changes = settle(changes, { ...state(), ...changes });
    updating = true; // half a change may be no valid state: draw when all of it is there
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    updating = false;
    model.save_changes();
    redraw();
  };
  const redraw = () => {
    if (updating) return;
    const now = state();
    for (const show of shows) show(now);
    link.textContent = "Copy link";
    draw(now);
  };

  // A control of the page carries texts; the value is that of the option written so, or its number where the state has one.
  const meant = (name, options, text) =>
    (typeof start[name] === "number" ? Number(text) : options.find(([value]) => String(value) === text)[0]);

  /** Radio buttons as one row of keys. `options` are [value, label, mark or undefined]; `allowed(value, state)` may
  refuse some. */
  const radios = (name, title, options, { allowed = () => true } = {}) => {
    const row = h("div", { class: "cnn-radio-row" });
    for (const [value, label, rule] of options) {
      const input = h("input", { type: "radio", name: id(name), value, onchange: () => update({ [name]: meant(name, options, input.value) }) });
      row.append(h("label", { class: "cnn-radio" }, input, h("span", {}, ...(rule ? [mark(rule), " "] : []), label)));
    }
    shows.push((now) => {
      for (const input of row.querySelectorAll("input")) {
        input.checked = input.value === String(now[name]);
        input.disabled = !allowed(meant(name, options, input.value), now);
      }
    });
    return h("fieldset", { class: "cnn-radios", "data-control": name }, h("legend", {}, title), row);
  };

  /** A select of what is no value of the state by itself, such as start patterns: pick(value) gets what was chosen.
  `options` are [value, label], or [label, options] for a group; `own`, if given, is the label of all that is none of
  them. The result has `field`, the select with its label, show(value), with undefined for the own, and fill(options). */
  const menu = (name, title, options, pick, own) => {
    const choose = () => { if (node.value !== "own") pick(node.value); };
    const node = h("select", { id: id(name), "data-control": name, onchange: choose });
    const last = own ? [h("option", { value: "own" }, own)] : [];
    const option = ([value, label]) =>
      (Array.isArray(label) ? h("optgroup", { label: value }, ...label.map(option)) : h("option", { value }, label));
    const fill = (options) => node.replaceChildren(...options.map(option), ...last);
    fill(options);
    const show = (value) => {
      node.value = value ?? "own";
      for (const option of last) option.hidden = value !== undefined;
    };
    return { field: h("div", { class: "cnn-field" }, h("label", { for: id(name) }, title), node), show, fill };
  };

  /** A select with its label. `options` are [value, label]. */
  const select = (name, title, options) => {
    const { field, show } = menu(name, title, options, (text) => update({ [name]: meant(name, options, text) }));
    shows.push((now) => show(String(now[name])));
    return field;
  };

  /** A slider with its label and its value in words, which a screen reader says too. `toPlace(value)` and its inverse
  `fromPlace(place)` are for a slider that does not run evenly; then min, max and step are places. */
  const slider = (name, title, { min, max, step = 1, words = String, toPlace = (v) => v, fromPlace = (v) => v }) => {
    const said = h("output", { class: "cnn-slider-value", for: id(name) });
    const node = h("input", {
      type: "range", id: id(name), "data-control": name, min, max, step,
      oninput: () => update({ [name]: fromPlace(Number(node.value)) }),
      onkeydown: (event) => event.stopPropagation(), // a notebook has keys of its own
    });
    shows.push((now) => {
      node.value = String(toPlace(now[name]));
      const text = words(now[name], now);
      say(said, text);
      node.setAttribute("aria-valuetext", text);
    });
    return h("div", { class: "cnn-slider" }, h("label", { for: id(name) }, title), node, said);
  };

  /** A checkbox with its label. */
  const checkbox = (name, title) => {
    const node = h("input", { type: "checkbox", "data-control": name, onchange: () => update({ [name]: node.checked }) });
    shows.push((now) => { node.checked = now[name]; });
    return h("label", { class: "cnn-check" }, node, h("span", {}, title));
  };

  const reset = button("reset", "Reset", () =>
    update(Object.fromEntries(names.filter((name) => !fixed.includes(name)).map((name) => [name, start[name]]))));
  const link = button("link", "Copy link", () => {
    history.replaceState(null, "", `#${anchor}&${encode(state(), codecs)}`);
    const done = (text) => { link.textContent = text; };
    const copied = navigator.clipboard?.writeText(location.href) ?? Promise.reject(new Error("no clipboard"));
    copied.then(() => done("Link copied"), () => done("Link is in the address bar"));
  });
  link.hidden = !anchor;
  const restore = () => {
    if (!anchor || !location.hash.startsWith(`#${anchor}&`)) return false;
    const saved = decode(location.hash.slice(anchor.length + 2), codecs);
    if (saved) update(saved);
    return saved !== null;
  };

  const run = (root) => {
    const events = names.map((name) => `change:${name}`);
    for (const event of events) model.on(event, redraw);
    window.addEventListener("hashchange", restore);
    redraw();
    el.append(root);
    if (restore()) el.scrollIntoView({ block: "nearest" });
    return () => {
      for (const event of events) model.off(event, redraw);
      window.removeEventListener("hashchange", restore);
    };
  };
  return { id, start, state, update, radios, select, menu, slider, checkbox, reset, link, run };
}
