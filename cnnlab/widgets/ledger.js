// Explorer of the ledger: all questions and claims of the book, to be filtered, searched, opened, and guessed.
//
// Hooks that stay as they are, for tests and for styles, besides those of toolkit.js:
//   .cnn-ledger                        root, role=group; data-view: what is shown
//   [data-control=NAME]                radios view; selects chapter, verdict, evidence; search field search
//   .cnn-tally [data-kind]             bar of the verdicts of what is shown, one piece for each
//   details.cnn-entry[data-name]       a question or a claim; its body is made when it is first opened
//   .cnn-part .cnn-forest              what was measured for one part of a claim: interval and margin
//   .cnn-card[data-name]               the claim to be guessed; .cnn-told the verdict, after the guess
//   [data-guess=N]                     the five verdicts to choose from, which the keys 1 to 5 choose, too
//   .cnn-score                         what the guesses came to

import { button, h, makeExplorer, number, oneOf, plural, same, say, svg, take, uniform } from "./toolkit.js";

const STORE = "cnnlab-ledger-guesses"; // in the reader's browser; nothing is sent
const KINDS = {
  "holds": "holds", "holds with conditions": "conditions", "does not hold": "fails", "ill-posed": "ill-posed",
  "undecided": "undecided", "off topic": "off-topic",
};

/** The verdicts that can be guessed, in the order of the keys. */
export const GUESSES = Object.keys(KINDS).slice(0, 5);

// ---------------------------------------------------------------------------------------------
// What passes the filter.

const claimText = (c) => [c.name, c.says, c.sentence, c.clause, ...c.parts.map((part) => part.states)].join(" ");

/** Numbers of questions or names of claims that pass filter and search. In guessing, no filter by verdict: it would tell. */
export function shown(ledger, { view, chapter, verdict, evidence, search }) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (text) => words.every((word) => text.toLowerCase().includes(word));
  const chosen = ledger.claims.filter((c) =>
    (view === "guess" || verdict === "all" || c.kind === verdict) && (evidence === "all" || c.evidence === evidence));
  const here = (entry) => chapter === "all" || entry.chapter === chapter;
  if (view !== "questions") {
    return chosen.filter((c) => here(c) && found(claimText(c)) && (view === "claims" || GUESSES.includes(c.kind))).map((c) => c.name);
  }
  const names = new Set(chosen.map((c) => c.name));
  const text = (q) => [q.name, q.asks, q.answer, ...q.claims,
    ...ledger.claims.filter((c) => q.claims.includes(c.name)).map((c) => c.says)].join(" ");
  return ledger.questions.filter((q) => here(q) && q.claims.some((name) => names.has(name)) && found(text(q))).map((q) => q.name);
}

/** How often each verdict stands behind what is shown: [[verdict, number], ...], and how many claims that are. */
export function tally(ledger, view, names) {
  const resting = view === "questions"
    ? new Set(ledger.questions.filter((q) => names.includes(q.name)).flatMap((q) => q.claims)) : new Set(names);
  const kinds = ledger.claims.filter((c) => resting.has(c.name)).map((c) => c.kind);
  const count = (kind) => kinds.filter((k) => k === kind).length;
  return { claims: resting.size, kinds: Object.keys(KINDS).map((kind) => [kind, count(kind)]).filter(([, n]) => n) };
}

/** What the guesses come to, over the whole ledger. */
export function score(ledger, guesses) {
  const table = Object.fromEntries(GUESSES.map((kind) => [kind, Object.fromEntries(GUESSES.map((guess) => [guess, 0]))]));
  for (const c of ledger.claims) if (guesses[c.name] && table[c.kind]) table[c.kind][guesses[c.name]] += 1;
  const total = (kind) => Object.values(table[kind]).reduce((sum, n) => sum + n, 0);
  const always = GUESSES.reduce((best, kind) => (total(kind) > total(best) ? kind : best));
  return {
    guessed: GUESSES.reduce((sum, kind) => sum + total(kind), 0),
    right: GUESSES.reduce((sum, kind) => sum + table[kind][kind], 0),
    always, baseline: total(always), table,
  };
}

/** Which verdict the reader missed most often, and what was said in its place; null without a miss. */
export function fooled({ table }) {
  const missed = (kind) => GUESSES.reduce((sum, guess) => sum + (guess === kind ? 0 : table[kind][guess]), 0);
  const worst = GUESSES.reduce((a, b) => (missed(b) > missed(a) ? b : a));
  if (!missed(worst)) return null;
  const said = GUESSES.filter((guess) => guess !== worst).reduce((a, b) => (table[worst][b] > table[worst][a] ? b : a));
  const of = GUESSES.reduce((sum, guess) => sum + table[worst][guess], 0);
  return { kind: worst, missed: missed(worst), of, said, times: table[worst][said] };
}

/** The sentence below the controls. */
export function sentence(ledger, s) {
  const names = shown(ledger, s);
  if (s.view === "guess") {
    const result = score(ledger, s.guesses);
    const left = names.filter((name) => !s.guesses[name]).length;
    const said = `${left} of ${plural(names.length, "claim")} still to be guessed.`;
    return result.guessed ? `${said} Guessed ${result.guessed}, right ${result.right}. Always saying “${result.always}” would have made ${result.baseline} right.` : said;
  }
  const { claims, kinds } = tally(ledger, s.view, names);
  const resting = s.view === "questions" ? `, resting on ${plural(claims, "claim")}` : "";
  const counts = kinds.map(([kind, n]) => `${kind} ${n}`).join(", ");
  return `${names.length} of ${ledger[s.view].length} ${s.view}${resting}${counts && ": "}${counts}.`;
}

/** The claims in the order of guessing: shuffled, always in the same way, so that neighbours tell nothing. */
export function guessing(names) {
  const key = (name) => uniform([...name].reduce((sum, c) => (Math.imul(sum, 31) + c.charCodeAt(0)) | 0, 7), 0);
  return [...names].sort((a, b) => key(a) - key(b));
}

// ---------------------------------------------------------------------------------------------
// The drawing of what was measured.

/** An axis for the numbers of some parts of one unit: place(v) from 0 to 100, and ticks. */
export function axis(list) {
  const ratio = list[0].ratio;
  const to = (v) => (ratio ? Math.log(v) : v);
  const all = list.flatMap((n) => [...n.at, ...(n.wide ?? []), n.nothing, ...n.edges]).map(to);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || 1) * 0.05;
  const place = (v) => (100 * (to(v) - low + room)) / (high - low + 2 * room);
  return { place, ticks: ratio ? powers(Math.exp(low), Math.exp(high)) : round(low, high) };
}

function round(low, high) {
  const raw = (high - low || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

function powers(low, high) {
  const every = [];
  for (let power = -4; power <= 6; power++) for (const m of [1, 2, 5]) every.push(Number((m * 10 ** power).toPrecision(2)));
  const inside = every.filter((v) => v >= low && v <= high);
  const tens = inside.filter((v) => Number.isInteger(Math.round(Math.log10(v) * 1e6) / 1e6));
  return inside.length > 5 && tens.length > 1 ? tens : inside.slice(0, 6);
}

const percentOf = (v) => `${number(v, 2).replace("−", "-")}%`;

function strip(numbers, found, { place }) {
  const line = (kind, a, b, y1, y2) => svg("line", { class: kind, x1: percentOf(place(a)), x2: percentOf(place(b)), y1, y2 });
  const [estimate, low, high] = numbers.at;
  const sign = { "holds": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z", "does not hold": "M-4.5 -4.5 4.5 4.5M-4.5 4.5 4.5 -4.5", "undecided": "M0 -5.5 5.5 0 0 5.5 -5.5 0Z" }[found];
  return svg("svg", { class: `cnn-forest is-${found.replaceAll(" ", "-")}`, "aria-hidden": "true" },
    line("cnn-nothing", numbers.nothing, numbers.nothing, 0, 26),
    ...numbers.edges.map((edge) => line("cnn-margin", edge, edge, 0, 26)),
    ...(numbers.wide ? [line("cnn-wide", ...numbers.wide, 13, 13)] : []),
    line("cnn-narrow", low, high, 13, 13),
    svg("svg", { x: percentOf(place(estimate)), y: 13, overflow: "visible" }, svg("path", { class: "cnn-estimate", d: sign })));
}

/** The parts of a claim, those of one unit on one axis. */
function forest(claim, marks) {
  const groups = new Map();
  for (const part of claim.parts) {
    const key = part.numbers ? part.numbers.unit : "";
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  const nodes = [];
  for (const [unit, parts] of groups) {
    const scale = unit || parts[0].numbers ? axis(parts.map((part) => part.numbers)) : null;
    for (const part of parts) {
      nodes.push(h("div", { class: "cnn-part" },
        h("p", {}, h("b", {}, `${marks[part.found]} ${part.words}: `), part.states),
        part.numbers ? strip(part.numbers, part.found, scale) : h("p", { class: "cnn-quiet" }, "by proof"),
        ...(part.told ? [h("p", { class: "cnn-quiet" }, part.told.replace(/^\(|\)$/g, ""))] : [])));
    }
    if (scale) {
      nodes.push(h("div", { class: "cnn-axis", "aria-hidden": "true" },
        ...scale.ticks.map((v) => h("span", { style: `left: ${percentOf(scale.place(v))}` }, number(v, 4))),
        h("i", {}, unit === "times" ? "times as much" : unit)));
    }
  }
  if (claim.parts.some((part) => part.numbers)) {
    nodes.push(h("p", { class: "cnn-help" },
      "Thick line: 95 % interval; thin line: for new images, where the runs split the same ones. Dashed: the margin, where the decision changes. Dotted: no effect."));
  }
  return nodes;
}

const link = (href, text) => h("a", { href }, text);

function links(claim, pages) {
  const list = [];
  if (claim.section) list.push(link(`${claim.chapter}.html#${claim.section}`, `where ${claim.name} is shown`));
  if (claim.proofs) list.push(link(`${pages.proofs}#proofs-of-${claim.name}`, `proofs of ${claim.name}`));
  for (const name of claim.rows) list.push(link(`${pages.rows}#${name.replaceAll("_", "-")}`, `rows and code of ${name}`));
  const by = claim.evidence === "none" ? [] : [`Decided by ${claim.evidence}: `];
  return h("p", { class: "cnn-links" }, ...by, ...list.flatMap((node, n) => (n ? [", ", node] : [node])),
    claim.asides ? `${list.length ? "; " : ""}${plural(claim.asides, "more comparison")} by the way, in the chapter.` : "");
}

const word = (claim, marks) => h("b", { class: `cnn-word is-${KINDS[claim.kind]}` }, `${marks[claim.kind]} ${claim.verdict}`);

function claimBody(claim, ledger) {
  const forecast = claim.forecast === claim.kind ? "as the verdict" : claim.forecast;
  return [
    ...(claim.sentence !== claim.says ? [h("p", {}, "Judged as: ", claim.sentence)] : []),
    ...(claim.clause ? [h("p", { class: "cnn-clause" }, claim.clause)] : []),
    ...forest(claim, ledger.marks),
    h("p", { class: "cnn-quiet" }, `Forecast before the runs: ${forecast}.`),
    links(claim, ledger.pages),
  ];
}

export const chapterWords = (chapter) => `${Number(chapter.slice(0, 2))} · ${chapter.slice(3).replaceAll("-", " ")}`;

// ---------------------------------------------------------------------------------------------

const freeText = { write: String, read: (text) => (text.length <= 60 ? text : undefined) };

function render({ model, el }) {
  const ledger = model.get("ledger");
  const byName = Object.fromEntries(ledger.claims.map((claim) => [claim.name, claim]));
  const marks = ledger.marks;
  const all = (label, values, words = (v) => v) => [["all", label], ...values.map((v) => [v, words(v)])];
  const chapters = all("all chapters", ledger.chapters, chapterWords);
  const verdicts = all("all verdicts", Object.keys(KINDS), (kind) => `${marks[kind]} ${kind}`);
  const evidences = all("all evidence", ledger.evidences);

  let told = null; // the claim whose verdict has just been shown
  const explorer = makeExplorer({ model, el }, {
    kind: "ledger",
    names: ["view", "chapter", "verdict", "evidence", "search", "opened", "guesses"],
    fixed: ["guesses"], // Reset leaves them: there is a button of its own
    codecs: {
      view: oneOf("questions", "claims", "guess"), chapter: oneOf(...chapters.map(([v]) => v)), verdict: oneOf(...verdicts.map(([v]) => v)),
      evidence: oneOf(...evidences.map(([v]) => v)), search: freeText,
      opened: oneOf("", ...ledger.questions.map((q) => q.name), ...ledger.claims.map((c) => c.name)),
    },
    draw,
  });
  const { update, state } = explorer;

  // --- the lists

  let printing = false; // on paper all rows are open, otherwise one at most

  const entry = (kind, name, summary, body) => {
    const inside = h("div", { class: "cnn-body" });
    const node = h("details", { class: "cnn-entry", "data-name": name, "data-kind": kind }, h("summary", {}, ...summary), inside);
    const fill = () => { if (!inside.childNodes.length) inside.append(...body()); };
    const clear = () => inside.replaceChildren(); // what is folded away is no stop on the way through the page
    node.addEventListener("toggle", () => {
      if (printing) return;
      if (node.open) fill();
      else clear();
      const now = state().opened;
      if (node.open && now !== name) update({ opened: name });
      if (!node.open && now === name) update({ opened: "" });
    });
    return { name, node, fill, clear };
  };
  const signs = (names) => h("span", { class: "cnn-signs" }, ...names.map((name) =>
    h("span", { class: `cnn-sign is-${KINDS[byName[name].kind]}`, title: byName[name].verdict },
      h("span", { "aria-hidden": "true" }, marks[byName[name].kind]), h("span", { class: "cnn-spoken" }, ` ${byName[name].verdict}; `))));
  const questionEntry = (q) => entry("question", q.name,
    [signs(q.claims), h("span", { class: "cnn-number" }, q.name), " ", h("span", { class: "cnn-asks" }, q.asks)],
    () => [h("p", { class: "cnn-answer" }, q.answer), ...q.claims.map((name) => {
      const claim = byName[name];
      return h("details", { class: "cnn-claim" },
        h("summary", {}, word(claim, marks), " ", claim.says), ...claimBody(claim, ledger));
    })]);
  const claimEntry = (claim) => entry("claim", claim.name,
    [signs([claim.name]), h("span", { class: "cnn-asks" }, claim.says), " "],
    () => [h("p", {}, word(claim, marks), ` · ${claim.name}`), ...claimBody(claim, ledger)]);
  const grouped = (entries, source) => ledger.chapters.flatMap((chapter) => {
    const those = entries.filter((_, n) => source[n].chapter === chapter).map((e) => e.node);
    return those.length ? [h("p", { class: "cnn-chapter", "data-chapter": chapter }, chapterWords(chapter)), ...those] : [];
  });
  const lists = {};
  for (const [view, make] of [["questions", questionEntry], ["claims", claimEntry]]) {
    const entries = ledger[view].map(make);
    lists[view] = { entries, node: h("div", { class: "cnn-list" }, ...grouped(entries, ledger[view])) };
  }
  const nothing = h("p", { class: "cnn-none" }, "Nothing in the ledger fits. Try fewer words, or Reset.");

  // --- guessing

  const card = h("div", { class: "cnn-card", tabindex: "-1" });
  const result = h("div", { class: "cnn-score" });
  const keep = (guesses) => {
    update({ guesses });
    try { localStorage.setItem(STORE, JSON.stringify(guesses)); } catch { /* a browser that keeps nothing */ }
  };
  const guess = (name, kind) => {
    told = name;
    keep({ ...state().guesses, [name]: kind });
    card.querySelector("[data-action=next]")?.focus();
  };
  const next = () => {
    told = null;
    drawCard(state());
    card.focus();
  };
  let really = false;
  const forget = button("forget", "Forget my guesses", () => {
    if (really) {
      told = null;
      keep({});
    }
    really = !really;
    say(forget, really ? "Really forget them all?" : "Forget my guesses");
  });
  forget.addEventListener("blur", () => { really = false; say(forget, "Forget my guesses"); });
  const answer = (event) => {
    const n = Number(event.key);
    const open = card.dataset.name;
    if (!open || told || event.ctrlKey || event.metaKey || event.altKey || !(n >= 1 && n <= GUESSES.length)) return;
    take(event);
    guess(open, GUESSES[n - 1]);
  };
  card.addEventListener("keydown", answer);

  let drawn = null;
  function drawCard(now) {
    const order = guessing(shown(ledger, now));
    if (told && !order.includes(told)) told = null;
    const name = told ?? order.find((n) => !now.guesses[n]) ?? "";
    const key = [name, told, order.length].join();
    if (key === drawn) return;
    drawn = key;
    card.dataset.name = name;
    if (!name) {
      const why = order.length ? "You have guessed all that pass the filter. The table below tells where you were right." : "Nothing in the ledger fits. Try fewer words, or Reset.";
      card.replaceChildren(h("p", { class: "cnn-asks" }, why));
      return;
    }
    const claim = byName[name];
    const said = now.guesses[name];
    const head = [h("p", { class: "cnn-help" }, `Chapter ${chapterWords(claim.chapter)}. People say:`),
      h("p", { class: "cnn-says-so" }, `“${claim.says}”`)];
    if (told) {
      const right = said === claim.kind;
      card.replaceChildren(...head,
        h("div", { class: "cnn-told", role: "status" },
          h("p", {}, h("b", {}, right ? "✓ Right. " : "✗ Not so. "), right ? "" : `You said “${said}”. `, "The verdict: ", word(claim, marks))),
        button("next", "Next claim", next), ...claimBody(claim, ledger));
    } else {
      card.replaceChildren(...head, h("div", { class: "cnn-choices", role: "group", "aria-label": "Your guess" },
        ...GUESSES.map((kind, n) => h("button", { type: "button", class: `cnn-button cnn-choice is-${KINDS[kind]}`, "data-guess": n + 1, onclick: () => guess(name, kind) },
          h("kbd", {}, String(n + 1)), ` ${marks[kind]} ${kind}`))));
    }
  }
  function drawScore(now) {
    const s = score(ledger, now.guesses);
    if (!s.guessed) {
      result.replaceChildren(h("p", { class: "cnn-help" }, "Choose with a click or with the keys 1 to 5. Guesses stay in this browser, also when you leave the page, and are sent nowhere."));
      return;
    }
    const most = fooled(s);
    const kinds = GUESSES.filter((kind) => Object.values(s.table[kind]).some(Boolean));
    result.replaceChildren(
      h("table", {}, h("caption", {}, "Your guesses, by verdict"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "it was"), ...GUESSES.map((kind) => h("th", { scope: "col", title: kind, "aria-label": `you said: ${kind}` }, marks[kind])))),
        h("tbody", {}, ...kinds.map((kind) => h("tr", {}, h("th", { scope: "row" }, `${marks[kind]} ${kind}`),
          ...GUESSES.map((g) => h("td", { class: g === kind ? "is-right" : undefined }, s.table[kind][g] ? String(s.table[kind][g]) : "·")))))),
      h("p", { class: "cnn-fooled" }, most
        ? `Claims with the verdict “${most.kind}” fooled you most: ${most.missed} of ${most.of} missed, ${most.times} of them taken for “${most.said}”.`
        : "None has fooled you so far."),
      forget);
  }

  // --- all together

  const search = h("input", {
    type: "search", id: explorer.id("search"), "data-control": "search", maxlength: 60, autocomplete: "off", spellcheck: "false",
    oninput: () => update({ search: search.value }), onkeydown: (event) => event.stopPropagation(), // a notebook has keys of its own
  });
  const bar = h("div", { class: "cnn-tally", "aria-hidden": "true" });
  const says = h("p", { class: "cnn-says", role: "status" });
  const verdictField = explorer.select("verdict", "Verdict", verdicts);
  const list = h("div", { class: "cnn-window" });
  const play = h("div", { class: "cnn-play" }, card, result);
  const views = explorer.radios("view", "Show", [["questions", "Questions"], ["claims", "Claims"], ["guess", "Guess"]]);
  views.addEventListener("keydown", (event) => { if (state().view === "guess") answer(event); }); // where the focus is after choosing Guess

  function draw(now) {
    root.dataset.view = now.view;
    if (search.value !== now.search) search.value = now.search;
    const names = shown(ledger, now);
    verdictField.hidden = now.view === "guess";
    say(says, sentence(ledger, now));
    const { kinds } = tally(ledger, now.view, names);
    bar.hidden = now.view === "guess";
    bar.replaceChildren(...kinds.map(([kind, n]) => h("span", { class: `is-${KINDS[kind]}`, "data-kind": kind, style: `flex-grow: ${n}`, title: `${kind}: ${n}` }, `${marks[kind]} ${n}`)));
    list.hidden = now.view === "guess";
    play.hidden = now.view !== "guess";
    if (now.view === "guess") {
      drawCard(now);
      drawScore(now);
      return;
    }
    const { entries, node } = lists[now.view];
    if (list.firstChild !== node) list.replaceChildren(node, nothing);
    nothing.hidden = names.length > 0;
    const passing = new Set(names);
    for (const { name, node: row, fill } of entries) {
      row.hidden = !passing.has(name);
      if (name === now.opened) fill();
      if (row.open !== (name === now.opened)) row.open = name === now.opened;
    }
    for (const head of node.querySelectorAll(".cnn-chapter")) {
      const here = ledger[now.view].filter((e) => e.chapter === head.dataset.chapter);
      head.hidden = !here.some((e) => passing.has(e.name));
    }
  }

  const root = h("div", { class: "cnn-explorer cnn-ledger", role: "group", "aria-label": "Explorer of the ledger" },
    h("div", { class: "cnn-bar" },
      views,
      h("div", { class: "cnn-field cnn-search" }, h("label", { for: explorer.id("search") }, "Search"), search),
      explorer.select("chapter", "Chapter", chapters), verdictField, explorer.select("evidence", "Decided by", evidences)),
    bar, says, list, play,
    h("div", { class: "cnn-foot" }, explorer.reset, explorer.link));

  const stop = explorer.run(root);
  if (same(state().guesses, {})) {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}");
      const known = Object.entries(kept).filter(([name, kind]) => byName[name] && KINDS[byName[name].kind] !== "off-topic" && GUESSES.includes(kind));
      if (known.length) update({ guesses: Object.fromEntries(known) });
    } catch { /* nothing kept, or nothing that can be read */ }
  }
  const rows = Object.values(lists).flatMap(({ entries }) => entries);
  const unfold = () => {
    printing = true;
    for (const { node, fill } of rows) {
      fill();
      for (const box of [node, ...node.querySelectorAll("details")]) box.open = true;
    }
  };
  const fold = () => {
    printing = false;
    for (const { name, node, clear } of rows) {
      node.open = name === state().opened;
      if (!node.open) clear();
    }
  };
  window.addEventListener("beforeprint", unfold);
  window.addEventListener("afterprint", fold);
  return () => {
    window.removeEventListener("beforeprint", unfold);
    window.removeEventListener("afterprint", fold);
    stop();
  };
}

export default { render };
