"""The ledger says what the rules give, the proofs exist, the sources can be looked up."""

import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from docutils.nodes import make_id

from cnnlab import claims, experiments
from cnnlab.claims import __main__ as command
from cnnlab.claims import verdicts
from cnnlab.claims.loading import load_ledger
from cnnlab.claims.numbers import numbers
from cnnlab.claims.rules import ENOUGH, Finding, Rule
from cnnlab.claims.scale import CLASSES, MARKS, verdict_kind
from cnnlab.claims.verdicts import Claim, Part
from cnnlab.experiments import Record
from cnnlab.statistics import Interval

ROOT = Path(__file__).parents[2]
LEDGER = claims.ledger()
SOURCES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "cnnlab/claims/ledger").glob("*.yml"))
}
PARTS = [
    pytest.param(part, id=f"{claim.name}/{part.name}") for claim in LEDGER for part in claim.parts
]
RULES = [
    pytest.param(part.rule, id=f"{claim.name}/{part.name}")
    for claim in LEDGER
    for part in claim.parts
    if part.rule
]
EACH_CLAIM = pytest.mark.parametrize("claim", list(LEDGER), ids=lambda claim: claim.name)
EACH_QUESTION = pytest.mark.parametrize(
    "question", list(LEDGER.questions.values()), ids=lambda question: question.name
)


def bibliography():
    """Fields of every entry of references.bib, by key."""
    text = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{([^,]+),\n(.*?)^\}", text, flags=re.MULTILINE | re.DOTALL)
    return {
        key: dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},$", body, flags=re.MULTILINE))
        for key, body in entries
    }


# --- what is written is what the rules give ------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
def test_what_was_found_is_what_the_rule_gives(part):
    assert part.found == part.finding.decision


@EACH_CLAIM
def test_the_written_verdict_is_the_computed_one(claim):
    assert claim.verdict == claim.compute()


@EACH_CLAIM
def test_the_verdict_and_the_forecast_are_on_the_scale(claim):
    assert verdict_kind(claim.verdict) in MARKS
    assert claim.forecast in MARKS


@EACH_CLAIM
def test_a_condition_is_named_where_the_verdict_needs_one_and_only_there(claim):
    conditional = "holds with conditions" in (claim.verdict, claim.repaired)
    assert bool(claim.condition) == conditional


@EACH_CLAIM
def test_an_ill_posed_claim_names_what_is_missing(claim):
    assert bool(claim.missing) == (claim.verdict == "ill-posed")


@pytest.mark.parametrize("rule", RULES)
def test_recorded_runs_fit_to_the_rules(rule):
    experiment = experiments.get(rule.experiment)
    assert set(rule.arms) <= set(experiment.arms)
    assert set(rule.quantity.split("/")) <= {*experiment.quantities, "run_seconds"}
    found = rule.apply(verdicts.recorded(rule.experiment))
    assert found.runs >= ENOUGH or found.decision == "undecided"


@pytest.mark.parametrize("rule", RULES)
def test_only_times_are_repeated(rule):
    assert (rule.counted == "repetitions") <= experiments.get(rule.experiment).alone


def concerns_new_images(quantity):
    """Whether a quantity says how well a network does on images it has not seen."""
    return not re.search(r"train|fitted|memorised|gradient|choices|(fit|search)_seconds", quantity)


@pytest.mark.parametrize("rule", RULES)
def test_rules_on_splits_of_the_same_images_say_so(rule):
    header = verdicts.recorded(rule.experiment).header
    shared = "digits" in header.get("data", {}).get("name", "")
    paired = rule.threshold is None and rule.counted == "seeds"
    if header["arms"]:
        assert (rule.splits is not None) == (
            shared and paired and concerns_new_images(rule.quantity)
        )


@pytest.mark.parametrize("name", ["training_speed", "cifar_speed"])
def test_every_training_for_time_reached_its_goal(name):
    record = verdicts.recorded(name)
    for arm in record.arms:
        assert record.values(arm, "reached").min() == 1, arm


@cache
def words_of_the_chapters():
    """Every word that stands in a cell of a chapter."""
    chapters = [nbformat.read(path, as_version=4) for path in (ROOT / "book").glob("*.ipynb")]
    sources = [cell.source for chapter in chapters for cell in chapter.cells]
    return {word for source in sources for word in re.findall(r"\w+", source)}


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_experiment_decides_something_or_is_shown_in_a_chapter(name):
    rules = [part.rule for claim in LEDGER for part in claim.parts if part.rule]
    shown = name in words_of_the_chapters()
    assert shown or name in {rule.experiment for rule in rules}


def test_the_networks_fitted_their_training_images():
    record = experiments.load("pool_or_not")
    for arm in record.arms:
        assert record.values(arm, "train_accuracy").min() >= 0.98, arm


# --- proofs and sources exist --------------------------------------------------------------------


def test_every_proof_is_a_test_that_is_collected():
    proofs = {part.proof for claim in LEDGER for part in claim.parts if part.proof}
    files = sorted({proof.split("::")[0] for proof in proofs})
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    nodes = {line.split("[")[0] for line in collected.splitlines() if "::" in line}
    assert proofs - nodes == set()


@EACH_CLAIM
def test_the_section_of_a_claim_is_a_heading_of_its_chapter(claim):
    chapter = ROOT / f"book/{claim.chapter}.ipynb"
    headings = [""]  # a chapter that is not written yet has no place to lead to
    if chapter.exists():
        cells = nbformat.read(chapter, as_version=4).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        headings = [make_id(h) for h in re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)]
    assert claim.section in headings


@EACH_CLAIM
def test_every_source_is_in_the_bibliography(claim):
    assert set(claim.sources) - set(bibliography()) == set()


@pytest.mark.parametrize("key", list(bibliography()))
def test_every_work_has_authors_title_year_and_an_identifier(key):
    entry = bibliography()[key]
    assert {"author", "title", "year"} <= set(entry)
    doi, arxiv = entry.get("doi", ""), entry.get("eprint", "")
    if not (doi or arxiv):  # some journals and proceedings give neither, and a lasting address
        assert re.fullmatch(r"https://(jmlr\.org|icml\.cc|inria\.hal\.science)/\S+", entry["url"])
        return
    assert re.fullmatch(r"10\.\d{4,}/\S+", doi) or re.fullmatch(r"\d{4}\.\d{4,5}", arxiv)
    if arxiv and doi.startswith("10.48550"):
        assert doi == f"10.48550/arXiv.{arxiv}"


# --- questions -----------------------------------------------------------------------------------


def test_every_question_is_there():
    numbers = [f"Q{i:02d}" for i in range(1, 49)] + ["V1", "V2", "V3"]
    numbers += [f"B{i}" for i in range(1, 13)]
    assert sorted(LEDGER.questions) == sorted(numbers)


def test_every_claim_is_there():
    assert len(LEDGER.claims) == 54


@EACH_QUESTION
def test_an_answer_rests_on_claims_and_has_no_empty_slot(question):
    assert question.asks.endswith("?")
    assert question.answer.endswith(".")
    assert set(question.claims) <= set(LEDGER.claims)
    assert "{" not in question.answer


def test_measured_numbers_are_filled_in_and_not_typed():
    step = next(p for p in claims.claim("pooling-speeds-up-training").parts if p.name == "step")
    assert step.finding.effect in claims.question("B11").answer
    assert step.finding.effect not in SOURCES["02-why-pool"]


@pytest.mark.parametrize("chapter", SOURCES)
def test_no_measured_number_is_typed_into_the_ledger(chapter):
    typed = r"\d\.\d+ (?:times|points|percent|minutes)|\d million|\d billion"
    assert not re.search(typed, SOURCES[chapter])


def test_counted_numbers_are_the_known_ones():
    known = numbers()
    assert known["n3-pooled-parameters"] == "11 418"
    assert known["vgg-parameters"] == "138 million"
    assert known["vgg-bare-first-dense"] == "105 billion"
    assert known["vgg-bare-macs-factor"] == "48"
    assert known["lenet-convolution-macs-share"] == "86 %"


# --- rules ---------------------------------------------------------------------------------------


def record_of(**arms):
    rows = tuple(
        {"arm": arm, "seed": seed, "score": value}
        for arm, values in arms.items()
        for seed, value in enumerate(values)
    )
    return Record({"experiment": "toy", "arms": dict(arms), "quantities": {"score": {}}}, rows)


def rule_of(*arms, **settings):
    """A rule on the toy's score that two runs can decide."""
    return Rule("toy", settings.pop("quantity", "score"), arms, enough=2, **settings)


def test_a_difference_is_judged_seed_by_seed():
    rule = rule_of("a", "b", direction="greater", margin=0.5, scale=100, unit="points")
    found = rule.apply(record_of(a=[2.0, 3.1, 4.0], b=[1.0, 2.0, 3.1]))
    assert (found.decision, found.runs) == ("holds", 3)
    assert found.effect == "+100.00 points [+75.16, +124.84]"
    assert found.measured == "+100.00 points [+75.16, +124.84], n = 3 seeds"


def test_negative_numbers_have_a_true_minus_sign():
    rule = rule_of("a", "b", direction="less", margin=0.5, unit="points", splits=(1000, 797))
    found = rule.apply(record_of(a=[1.0, 2.0, 3.0], b=[2.0, 3.0, 3.9]))
    assert found.effect == "−0.97 points [−1.11, −0.82]"
    held = rule_of("a", direction="less", margin=0, threshold=0.0, unit="points")
    assert held.apply(record_of(a=[-0.5, -0.5])).effect == "−0.50 points [−0.50, −0.50]"
    assert not re.search(r"(?<!\w)-\d", repr(claims.box("02-why-pool")))


def test_a_quantity_may_be_the_quotient_of_two():
    rows = [
        {"arm": arm, "seed": seed, "seconds": seconds, "steps": steps}
        for arm, runs in {"a": [(1.0, 10), (3.0, 30)], "b": [(4.0, 20), (2.0, 10)]}.items()
        for seed, (seconds, steps) in enumerate(runs)
    ]
    header = {"experiment": "toy", "arms": {"a": "", "b": ""}, "quantities": {"seconds": {}}}
    rule = rule_of("a", "b", direction="less", margin=1.1, ratio=True, quantity="seconds/steps")
    found = rule.apply(Record(header, tuple(rows)))
    assert (found.decision, found.effect) == ("holds", "0.50 times [0.50, 0.50]")


def test_arms_without_the_same_seeds_are_refused():
    for ratio in (False, True):
        rule = rule_of("a", "b", direction="less", margin=1.1, ratio=ratio)
        with pytest.raises(ValueError, match="3 and 2 seeds"):
            rule.apply(record_of(a=[1.0, 2.0, 3.0], b=[1.0, 2.0]))


def test_repetitions_are_not_called_seeds():
    rule = rule_of("a", "b", direction="less", margin=1.1, ratio=True, counted="repetitions")
    found = rule.apply(record_of(a=[1.0, 2.0], b=[2.0, 4.0]))
    assert found.measured == "0.50 times [0.50, 0.50], n = 2 repetitions"


def test_a_ratio_is_judged_on_logarithms():
    rule = rule_of("a", "b", direction="less", margin=1.1, ratio=True)
    found = rule.apply(record_of(a=[1.0, 2.0, 4.0], b=[2.0, 4.0, 8.0]))
    assert (found.decision, found.effect) == ("holds", "0.50 times [0.50, 0.50]")
    assert rule.apply(record_of(a=[2.0, 2.0], b=[2.1, 2.1])).decision == "does not hold"


def test_a_single_arm_is_held_against_a_threshold():
    rule = rule_of("a", direction="greater", margin=0, threshold=0.2, scale=100, unit="percent")
    found = rule.apply(record_of(a=[0.5, 0.6, 0.55]))
    assert found.decision == "holds"
    assert found.effect == "55 percent [43, 67]"


def test_overlapping_splits_mark_what_holds_on_these_data_only():
    values = {"a": [1.0, 1.2, 0.8, 1.1, 0.9], "b": [0.0] * 5}
    rule = rule_of("a", "b", direction="greater", margin=0.7, unit="mm", splits=(1000, 797))
    found = rule.apply(record_of(**values))
    assert (found.words, found.on_these_data) == ("holds on these data", True)
    assert found.measured == "+1.00 mm [+0.80, +1.20]; for new images [+0.56, +1.44], n = 5 seeds"
    firm = rule_of("a", "b", direction="greater", margin=0.1, splits=(1000, 797))
    assert not firm.apply(record_of(**values)).on_these_data


def test_an_effect_whose_sign_hangs_on_these_data_is_quoted_so():
    rule = rule_of("a", "b", direction="greater", margin=0.7, unit="mm", splits=(200, 1597))
    found = rule.apply(record_of(a=[0.3, 0.9, 0.6, 0.2, 0.8], b=[0.0] * 5))
    assert not found.on_these_data  # undecided by both intervals
    assert found.quoted == f"{found.effect} (on these data)"


def test_a_percentage_never_reaches_beyond_the_whole():
    rule = rule_of("a", direction="greater", margin=0, threshold=0.9, scale=100, unit="percent")
    found = rule.apply(record_of(a=[1.0, 1.0, 0.5]))
    assert found.effect == "83 percent [12, 100]"


def test_rules_that_cannot_be_applied_are_refused():
    with pytest.raises(ValueError, match=r"1 arms came, needed two, or four for an interaction"):
        rule_of("a", direction="greater", margin=0.5)
    with pytest.raises(ValueError, match=r"3 arms came"):
        rule_of("a", "b", "c", direction="greater", margin=0.5)
    with pytest.raises(ValueError, match=r"margin that is a factor above 1.*the margin is 0\.1"):
        rule_of("a", "b", direction="less", margin=0.1, ratio=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"direction": "bigger", "margin": 1}, "direction = 'bigger', needed 'greater'"),
        ({"direction": "equal", "margin": 0}, "margin = 0, needed at least 0, and above 0"),
        ({"direction": "less", "margin": -1}, "margin = -1, needed at least 0"),
    ],
)
def test_rules_that_say_nothing_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        rule_of("a", "b", **settings)


def test_a_misspelt_way_of_judging_is_refused():
    with pytest.raises(ValueError, match="judged = 'togethr', needed 'together' or 'separately'"):
        claim_of("holds", judged="togethr")


CLAIM = """
claims:
  toy:
    says: Toys are toys.
    falsifiable: A toy is a toy.
    forecast: holds
    verdict: holds
    parts:
      one:
        states: A sentence.
        proof: tests/test_toys.py::test_a_toy
        found: holds
"""


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["claims: {}", "rules: {}"], "1.yml must hold claims and questions alone"),
        ([""], "0.yml must hold claims and questions alone"),
        ([CLAIM, CLAIM], "toy in 1.yml is there already"),
        (
            [CLAIM + "questions: {Q1: {asks: 'So?', claims: [toy], answer: 'By {toy/two}.'}}"],
            "nothing is known by the name {toy/two}",
        ),
        (
            [CLAIM + "questions: {Q1: {asks: 'So?', claims: [toy], answer: '{number:none}.'}}"],
            "nothing is known by the name {number:none}",
        ),
    ],
)
def test_a_ledger_that_cannot_be_read_says_why(tmp_path, files, message):
    for number, text in enumerate(files):
        (tmp_path / f"{number}.yml").write_text(text)
    with pytest.raises(ValueError, match=re.escape(message)):
        load_ledger(tmp_path)


def test_a_verdict_is_restricted_to_these_data_only_where_they_make_it():
    firm = Part("firm", "A sentence.", "does not hold", proof="a test")
    rule = Rule("toy", "score", ("a", "b"), "greater", 0.5)
    narrow = Part("narrow", "A sentence.", "does not hold", rule=rule)
    narrow.__dict__["finding"] = Finding("does not hold", "-1.0", runs=10, on_these_data=True)
    assert claim_of(parts=(narrow,)).on_these_data
    assert claim_of(parts=(narrow, firm)).on_these_data
    assert not claim_of(parts=(narrow, firm), judged="together").on_these_data
    assert not claim_of(parts=(narrow,), missing="a word").on_these_data
    open_part = Part("open", "A sentence.", "undecided", rule=rule)
    open_part.__dict__["finding"] = Finding("undecided", "+0.1", runs=10)
    assert not claim_of(parts=(narrow, open_part)).on_these_data


def test_a_part_has_a_rule_or_a_proof_and_not_both():
    with pytest.raises(ValueError, match="either a rule or a proof"):
        Part("bare", "Nothing decides this.", "holds")


def test_an_interaction_is_a_difference_of_differences():
    values = {"a": [5.0, 6.1], "b": [1.0, 2.0], "c": [3.0, 3.0], "d": [2.0, 2.1]}
    rule = rule_of("a", "b", "c", "d", direction="greater", margin=0.5, unit="points")
    assert rule.apply(record_of(**values)).effect.startswith("+3.10 points")


def test_too_few_runs_decide_nothing_however_clear():
    rule = Rule("toy", "score", ("a", "b"), "greater", 0.5)
    found = rule.apply(record_of(a=[2.0, 2.1, 2.2], b=[0.0, 0.0, 0.0]))
    assert (found.decision, found.runs) == ("undecided", 3)
    assert found.effect.startswith("+2.10")


def test_what_was_not_recorded_decides_nothing():
    rule = Rule("toy", "score", ("a", "b"), "greater", 0.5)
    for record in (record_of(), record_of(a=[1.0], b=[0.0])):
        found = rule.apply(record)
        assert (found.decision, found.effect) == ("undecided", "not yet recorded")


@pytest.mark.parametrize("direction", ["greater", "less", "equal"])
@pytest.mark.parametrize("center", np.linspace(-1.2, 1.2, 9))
def test_the_p_value_is_below_five_percent_where_the_interval_decides(direction, center):
    values = center + np.array([-0.3, -0.1, 0.0, 0.1, 0.3])
    rule = rule_of("a", "b", direction=direction, margin=0.5)
    found = rule.apply(record_of(a=values, b=np.zeros(5)))
    assert (found.p < 0.05) == (found.decision != "undecided")


def test_effects_without_spread_have_no_p_value():
    rule = rule_of("a", "b", direction="greater", margin=0.5)
    assert rule.apply(record_of(a=[1.0, 1.0], b=[0.0, 0.0])).p is None


# --- the verdict that follows from the parts -----------------------------------------------------


def claim_of(*decisions, **settings):
    parts = tuple(
        Part(f"part-{i}", "A sentence.", decision, proof="a test")
        for i, decision in enumerate(decisions)
    )
    defaults = {
        "name": "toy",
        "chapter": "02-why-pool",
        "section": "a-toy",
        "says": "Toys are toys.",
        "falsifiable": "A toy is a toy.",
        "forecast": "holds",
        "verdict": "holds",
        "parts": parts,
    }
    return Claim(**(defaults | settings))


@pytest.mark.parametrize(
    ("decisions", "separately", "together"),
    [
        (["holds", "holds"], "holds", "holds"),
        (["holds", "does not hold"], "holds with conditions", "does not hold"),
        (["does not hold", "does not hold"], "does not hold", "does not hold"),
        (["holds", "undecided"], "undecided with 0 runs", "undecided with 0 runs"),
        (["does not hold", "undecided"], "undecided with 0 runs", "does not hold"),
        (["holds", "does not hold", "undecided"], "holds with conditions", "does not hold"),
    ],
)
def test_parts_are_combined_into_a_verdict(decisions, separately, together):
    assert claim_of(*decisions, judged="separately").compute() == separately
    assert claim_of(*decisions, judged="together").compute() == together


def test_an_aside_does_not_count():
    aside = Part("aside", "By the way.", "does not hold", proof="a test", aside=True)
    claim = claim_of("holds")
    assert claim_of(parts=(*claim.parts, aside)).compute() == "holds"


def test_undecided_says_how_many_runs():
    rule = Rule("toy", "score", ("a", "b"), "greater", 0.5)
    part = Part("measured", "A sentence.", "undecided", rule=rule)
    part.__dict__["finding"] = Finding("undecided", "+0.5 [-1.0, +2.0]", runs=10)
    assert claim_of(parts=(part,)).compute() == "undecided with 10 runs"


def test_a_condition_is_told_as_a_sentence():
    claim = claim_of("holds", "does not hold", condition="it is a toy")
    assert claim.clause == "Holds if it is a toy."
    assert claim_of("holds").clause == ""


def test_a_missing_term_makes_a_claim_ill_posed():
    claim = claim_of("holds", "does not hold", missing="the layout", condition="it is contiguous")
    assert claim.compute() == "ill-posed"
    assert claim.sentence == "Toys are toys."
    assert claim.clause == (
        "Missing: the layout. Read as “A toy is a toy”: holds with conditions, if it is contiguous."
    )


# --- printing ------------------------------------------------------------------------------------


def test_effects_print_with_two_digits_that_count():
    ratio = Rule("toy", "score", ("a", "b"), "less", 1.1, ratio=True)
    assert ratio.in_words(Interval(np.log(0.25), np.log(0.1), np.log(0.5), 5)) == (
        "0.25 times [0.10, 0.50]"
    )
    assert ratio.in_words(Interval(np.log(500), np.log(400), np.log(625), 5)) == (
        "500 times [400, 625]"
    )


def test_the_box_is_the_same_text_every_time():
    box = claims.box("02-why-pool")
    assert repr(box) == repr(claims.box("02-why-pool"))
    assert len(box.claims) == 12
    for claim in box.claims:
        assert f"{claim.mark} {claim.verdict}" in repr(box)


class Page(HTMLParser):
    """Collects tags, classes and attributes; refuses tags that are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_box_is_a_well_formed_section_with_a_card_for_each_claim():
    page = Page()
    page.feed(claims.box("02-why-pool")._repr_html_())
    assert page.open == []
    assert page.seen[0] == (
        "section",
        {"class": "cnn-verdicts", "aria-label": "Verdicts of this chapter"},
    )
    claimed = [a for _, a in page.seen if a.get("class") == "cnn-verdict__claim"]
    assert len(claimed) == len(claims.box("02-why-pool").claims)
    assert all("style" not in attributes for _, attributes in page.seen)


def test_a_verdict_has_a_sign_and_a_word_and_a_class():
    html = claims.box("02-why-pool")._repr_html_()
    for claim in claims.box("02-why-pool").claims:
        kind = verdict_kind(claim.verdict)
        assert f'class="cnn-verdict cnn-verdict--{CLASSES[kind]}"' in html
        assert f'aria-hidden="true">{MARKS[kind]}</span> {claim.verdict}' in html


def test_a_card_says_which_part_failed_and_what_is_said_by_the_way():
    aside = Part("aside", "By & by.", "undecided", proof="a test", aside=True)
    claim = claim_of("holds", "does not hold", verdict="holds with conditions", condition="x")
    box = claims.Box((replace(claim, parts=(*claim.parts, aside)),), "Toy")
    assert repr(box).splitlines()[-3:] == [
        "  ✓ holds: A sentence.",
        "  ✗ does not hold: A sentence.",
        "  by the way, … undecided: By & by.",
    ]
    html = box._repr_html_()
    assert '<li><span aria-hidden="true">✗</span> <strong>does not hold:</strong> A sent' in html
    folded = html[html.index("<details>") : html.index("</details>")]
    assert "<summary>By the way (1)</summary>" in folded
    assert "<strong>undecided:</strong> By &amp; by.</li>" in folded


def test_a_card_says_what_decided_and_where_it_is_shown():
    rule = Rule("toy", "score", ("a", "b"), "greater", 0.5)
    measured = Part("measured", "A sentence.", "holds", rule=rule)
    measured.__dict__["finding"] = Finding("holds", "+1.0", runs=10)
    proved = claim_of("holds").parts
    for parts, how in [
        (proved, "proof"),
        ((measured,), "recorded runs"),
        ((measured, *proved), "proof and recorded runs"),
    ]:
        claim = claim_of(parts=parts)
        html = claims.Box((claim,), "Toy", claim.chapter)._repr_html_()
        link = 'href="#a-toy" aria-label="where it is shown: A toy is a toy."'
        assert f"Decided by {how}: <a {link}>where it is shown</a>, " in html


def test_a_claim_printed_alone_leads_to_the_page_of_its_chapter():
    claim = claim_of("holds")
    assert f'href="{claim.chapter}.html#a-toy"' in claim._repr_html_()


def test_a_card_leads_to_the_rows_and_to_the_proofs():
    rule = Rule("pool_or_not", "test_accuracy", ("max", "avg"), "greater", 0.5)
    measured = Part("measured", "A sentence.", "undecided", rule=rule)
    html = claim_of(parts=(measured, *claim_of("holds").parts))._repr_html_()
    assert '<a href="evidence.html#pool-or-not">rows and code of pool_or_not</a>' in html
    assert '<a href="proofs.html#proofs-of-toy">the proofs of toy</a>' in html


def test_a_claim_of_an_unwritten_chapter_has_no_place_to_lead_to():
    html = claim_of("holds", section="")._repr_html_()
    assert "where it is shown" not in html


def test_what_is_off_topic_says_what_the_word_means_there():
    claim = claim_of(elsewhere="A swimming pool is a pool to swim in.", verdict="off topic")
    assert claim.compute() == "off topic"
    assert "A swimming pool is a pool to swim in." in claim._repr_html_()
    assert "Decided by" not in claim._repr_html_()


def test_a_claim_that_nothing_repairs_says_only_what_is_missing():
    claim = claim_of(missing="a measure of ease", verdict="ill-posed")
    assert claim.compute() == "ill-posed"
    assert claim.clause == "Missing: a measure of ease."


def test_numbers_are_explained_once_and_only_where_there_are_some():
    box = claims.box("02-why-pool")
    for text in (repr(box), box._repr_html_()):
        assert text.count("one core of one machine") == 1
        assert text.count("with their 95 % intervals in brackets") == 1
    assert "brackets" not in repr(claims.Box((claims.claim("pooling-has-no-parameters"),), "One"))


def test_marks_and_classes_cover_the_scale_and_differ():
    assert set(MARKS) == set(CLASSES)
    assert len(set(MARKS.values())) == len(set(CLASSES.values())) == len(MARKS)


def test_a_wrong_forecast_is_admitted():
    claim = claim_of("does not hold", verdict="does not hold")
    box = claims.Box((claim,), "Toy")
    assert "Forecast before the runs: holds." in repr(box)
    assert "Forecast before the runs: holds." in box._repr_html_()
    right = claims.Box((claim_of("holds"),), "Toy")
    assert "Forecast" not in repr(right)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"claim\('pooling-is-fun'\).*pooling-shrinks-maps"):
        claims.claim("pooling-is-fun")
    with pytest.raises(ValueError, match=r"question\('Q99'\).*Q01"):
        claims.question("Q99")
    with pytest.raises(ValueError, match=r"box\('99-nowhere'\).*02-why-pool"):
        claims.box("99-nowhere")


def printed(capsys, *words):
    assert command.main(words) == 0
    return capsys.readouterr().out


def test_the_command_line_lists_every_verdict(capsys):
    listed = printed(capsys, "list")
    for claim in LEDGER:
        assert f"{claim.verdict:<24}{claim.name}\n" in listed


def test_the_command_line_lists_a_selection(capsys):
    chapter = printed(capsys, "list", "--chapter", "02-why-pool")
    assert len(chapter.splitlines()) == 12
    failed = printed(capsys, "list", "--verdict", "does not hold")
    assert "pooling-needs-no-backprop" in failed
    assert "pooling-has-no-parameters" not in failed
    measured = printed(capsys, "list", "--experiment", "pooling_cost")
    assert measured.split()[-1] == "max-pooling-is-slow"


def test_the_command_line_answers_every_question(capsys):
    answers = printed(capsys, "questions")
    assert all(question.answer in answers for question in LEDGER.questions.values())
    assert "Q34" not in printed(capsys, "questions", "--chapter", "01-convolution")


def test_the_command_line_explains_a_claim_with_its_rules_and_checks(capsys):
    told = printed(capsys, "explain", "pooling-only-downsamples")
    assert "in pool_or_not, test_accuracy of max minus stride is between -0.005 and 0.005" in told
    assert "python -m cnnlab.experiments check pool_or_not" in told
    assert "python -m pytest tests/claims/test_proofs_ch02.py::" in told


def test_the_command_line_explains_a_question(capsys):
    assert "backward pass" in printed(capsys, "explain", "Q34")
    assert command.main(["explain", "Q99"]) == 1
    assert "no such claim" in capsys.readouterr().err


def test_the_command_line_prints_the_comparisons(capsys):
    assert "p (Holm)" in printed(capsys, "comparisons")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"direction": "greater"}, "score of a minus b is greater than 0.5"),
        ({"direction": "less"}, "score of a minus b is less than -0.5"),
        ({"direction": "equal"}, "score of a minus b is between -0.5 and 0.5"),
        (
            {"direction": "less", "margin": 1.25, "ratio": True},
            "score of a over b is less than 0.8",
        ),
        ({"direction": "greater", "margin": 1.25, "ratio": True}, "a over b is greater than 1.25"),
        ({"direction": "equal", "margin": 1.25, "ratio": True}, "between 0.8 and 1.25"),
    ],
)
def test_a_rule_says_what_it_compares(settings, sentence):
    rule = rule_of("a", "b", **{"margin": 0.5, **settings})
    assert rule.in_a_sentence().endswith(sentence)


def test_a_rule_on_four_arms_and_one_on_a_single_arm_say_what_they_compare():
    four = rule_of("a", "b", "c", "d", direction="greater", margin=0)
    assert four.in_a_sentence().endswith("score of (a minus b) minus (c minus d) is greater than 0")
    single = rule_of("a", direction="greater", margin=0, threshold=0.2)
    assert single.in_a_sentence().endswith("score of a minus 0.2 is greater than 0")


def test_a_part_names_the_margin_it_is_held_against():
    for settings, limit in [
        ({"margin": 0.005, "scale": 100}, "margin 0.5"),
        ({"margin": 1.1, "ratio": True}, "margin a factor of 1.1"),
        ({"margin": 0}, ""),
    ]:
        assert rule_of("a", "b", direction="greater", **settings).limit == limit
    single = rule_of("a", direction="less", margin=0.01, threshold=0.2, scale=100)
    assert single.limit == "held against 20, margin 1"


def test_a_sentence_without_its_number_is_left_out_of_an_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(verdicts, "recorded", lambda _: record_of())
    rule = "{experiment: toy, quantity: score, arms: [a, b], direction: less, margin: 0}"
    ledger = CLAIM.replace("proof: tests/test_toys.py::test_a_toy", f"rule: {rule}")
    answer = "It is a toy. Its score changed by {toy/one}."
    questions = f"questions: {{Q1: {{asks: 'So?', claims: [toy], answer: '{answer}'}}}}"
    (tmp_path / "toy.yml").write_text(ledger + questions)
    answered = load_ledger(tmp_path).questions["Q1"].answer
    assert answered == (
        "It is a toy. The rest of the answer waits for runs that are still to be recorded."
    )


def test_comparisons_are_adjusted_for_their_number():
    lines = repr(LEDGER.comparisons()).splitlines()[2:]
    counting = [part for claim in LEDGER for part in claim.counting]
    assert len(lines) == sum(part.finding.p is not None for part in counting)
