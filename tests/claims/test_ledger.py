"""The ledger says what the rules give, the proofs exist, the sources can be looked up."""

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
from docutils.nodes import make_id

from cnnlab import claims, experiments
from cnnlab.claims import __main__ as command
from cnnlab.claims.numbers import numbers
from cnnlab.claims.verdicts import CLASSES, MARKS, Claim, Finding, Part, Rule, verdict_kind
from cnnlab.experiments import Record
from cnnlab.statistics import Interval

ROOT = Path(__file__).parents[2]
LEDGER = claims.ledger()
SOURCE = (ROOT / "cnnlab/claims/claims.yml").read_text(encoding="utf-8")
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

ROWS_OF_CHAPTER_2 = (
    "Q01 Q03 Q06 Q08 Q17 Q20 Q24 Q34 Q36 Q37 Q39 Q40 Q43 Q45 Q47 V1 V2 B5 B7 B11 B12"
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
    record = experiments.load(rule.experiment)
    assert set(rule.arms) <= set(record.arms)
    assert min(len(record.seeds(arm)) for arm in rule.arms) >= 10


@pytest.mark.parametrize("rule", RULES)
def test_only_times_are_repeated_and_what_shares_images_says_so(rule):
    if rule.counted == "repetitions":
        assert experiments.get(rule.experiment).alone
        assert rule.splits is None
    else:
        assert (rule.splits is None) == (rule.threshold is not None)


def test_every_training_for_time_reached_its_goal():
    record = experiments.load("training_speed")
    for arm in record.arms:
        assert record.values(arm, "reached").min() == 1, arm


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_experiment_decides_something(name):
    rules = [part.rule for claim in LEDGER for part in claim.parts if part.rule]
    assert name in {rule.experiment for rule in rules}


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
    notebook = nbformat.read(ROOT / f"book/{claim.chapter}.ipynb", as_version=4)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    assert claim.section in {make_id(heading) for heading in headings}


@EACH_CLAIM
def test_every_source_is_in_the_bibliography(claim):
    assert set(claim.sources) - set(bibliography()) == set()


@pytest.mark.parametrize("key", list(bibliography()))
def test_every_work_has_authors_title_year_and_an_identifier(key):
    entry = bibliography()[key]
    assert {"author", "title", "year"} <= set(entry)
    doi, arxiv = entry.get("doi", ""), entry.get("eprint", "")
    assert re.fullmatch(r"10\.\d{4,}/\S+", doi) or re.fullmatch(r"\d{4}\.\d{4,5}", arxiv)
    if arxiv and doi.startswith("10.48550"):
        assert doi == f"10.48550/arXiv.{arxiv}"


# --- questions -----------------------------------------------------------------------------------


def test_the_questions_of_chapter_2_are_all_answered():
    there = [q.name for q in LEDGER.questions.values() if q.chapter == "02-why-pool"]
    assert there == ROWS_OF_CHAPTER_2.split()


@EACH_QUESTION
def test_an_answer_rests_on_claims_and_has_no_empty_slot(question):
    assert question.asks.endswith("?")
    assert question.answer.endswith(".")
    assert question.claims
    assert set(question.claims) <= set(LEDGER.claims)
    assert "{" not in question.answer


def test_measured_numbers_are_filled_in_and_not_typed():
    step = next(p for p in claims.claim("pooling-speeds-up-training").parts if p.name == "step")
    assert step.finding.effect in claims.question("B11").answer
    assert step.finding.effect not in SOURCE
    assert not re.search(r"\d\.\d+ (?:times|points|percent|minutes)|\d million|\d billion", SOURCE)


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


def test_a_difference_is_judged_seed_by_seed():
    rule = Rule("toy", "score", ("a", "b"), "greater", 0.5, scale=100, unit="points")
    found = rule.apply(record_of(a=[2.0, 3.1, 4.0], b=[1.0, 2.0, 3.1]))
    assert (found.decision, found.runs) == ("holds", 3)
    assert found.effect == "+100.00 points [+75.16, +124.84]"
    assert found.measured == "+100.00 points [+75.16, +124.84], n = 3 seeds"


def test_negative_numbers_have_a_true_minus_sign():
    rule = Rule("toy", "score", ("a", "b"), "less", 0.5, unit="points", splits=(1000, 797))
    found = rule.apply(record_of(a=[1.0, 2.0, 3.0], b=[2.0, 3.0, 3.9]))
    assert found.effect == "−0.97 points [−1.11, −0.82]"
    held = Rule("toy", "score", ("a",), "less", 0, threshold=0.0, unit="points")
    assert held.apply(record_of(a=[-0.5, -0.5])).effect == "−0.50 points [−0.50, −0.50]"
    assert not re.search(r"(?<!\w)-\d", repr(claims.box("02-why-pool")))


def test_a_quantity_may_be_the_quotient_of_two():
    rows = [
        {"arm": arm, "seed": seed, "seconds": seconds, "steps": steps}
        for arm, runs in {"a": [(1.0, 10), (3.0, 30)], "b": [(4.0, 20), (2.0, 10)]}.items()
        for seed, (seconds, steps) in enumerate(runs)
    ]
    header = {"experiment": "toy", "arms": {"a": "", "b": ""}, "quantities": {"seconds": {}}}
    rule = Rule("toy", "seconds/steps", ("a", "b"), "less", 1.1, ratio=True)
    found = rule.apply(Record(header, tuple(rows)))
    assert (found.decision, found.effect) == ("holds", "0.50 times [0.50, 0.50]")


def test_arms_without_the_same_seeds_are_refused():
    for ratio in (False, True):
        rule = Rule("toy", "score", ("a", "b"), "less", 1.1, ratio=ratio)
        with pytest.raises(ValueError, match="3 and 2 seeds"):
            rule.apply(record_of(a=[1.0, 2.0, 3.0], b=[1.0, 2.0]))


def test_repetitions_are_not_called_seeds():
    rule = Rule("toy", "score", ("a", "b"), "less", 1.1, ratio=True, counted="repetitions")
    found = rule.apply(record_of(a=[1.0, 2.0], b=[2.0, 4.0]))
    assert found.measured == "0.50 times [0.50, 0.50], n = 2 repetitions"


def test_a_ratio_is_judged_on_logarithms():
    rule = Rule("toy", "score", ("a", "b"), "less", 1.1, ratio=True)
    found = rule.apply(record_of(a=[1.0, 2.0, 4.0], b=[2.0, 4.0, 8.0]))
    assert (found.decision, found.effect) == ("holds", "0.50 times [0.50, 0.50]")
    assert rule.apply(record_of(a=[2.0, 2.0], b=[2.1, 2.1])).decision == "does not hold"


def test_a_single_arm_is_held_against_a_threshold():
    rule = Rule("toy", "score", ("a",), "greater", 0, threshold=0.2, scale=100, unit="percent")
    found = rule.apply(record_of(a=[0.5, 0.6, 0.55]))
    assert found.decision == "holds"
    assert found.effect == "55 percent [43, 67]"


def test_overlapping_splits_mark_what_holds_on_these_data_only():
    values = {"a": [1.0, 1.2, 0.8, 1.1, 0.9], "b": [0.0] * 5}
    rule = Rule("toy", "score", ("a", "b"), "greater", 0.7, unit="mm", splits=(1000, 797))
    found = rule.apply(record_of(**values))
    assert (found.words, found.on_these_data) == ("holds on these data", True)
    assert found.measured == "+1.00 mm [+0.80, +1.20]; for new images [+0.56, +1.44], n = 5 seeds"
    firm = Rule("toy", "score", ("a", "b"), "greater", 0.1, splits=(1000, 797))
    assert not firm.apply(record_of(**values)).on_these_data


def test_rules_that_cannot_be_applied_are_refused():
    with pytest.raises(ValueError, match=r"1 arms came, needed two, or one with a threshold"):
        Rule("toy", "score", ("a",), "greater", 0.5)
    with pytest.raises(ValueError, match=r"the margin of a ratio is 0\.1, needed a factor above 1"):
        Rule("toy", "score", ("a", "b"), "less", 0.1, ratio=True)


def test_a_part_has_a_rule_or_a_proof_and_not_both():
    with pytest.raises(ValueError, match="either a rule or a proof"):
        Part("bare", "Nothing decides this.", "holds")


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
        html = claim_of(parts=parts)._repr_html_()
        link = 'href="#a-toy" aria-label="where it is shown: A toy is a toy."'
        assert f"Decided by {how}: <a {link}>where it is shown</a>." in html


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


def test_the_command_line_lists_every_verdict_and_answer(capsys):
    assert command.main([]) == 0
    printed = capsys.readouterr().out
    assert all(claim.name in printed for claim in LEDGER)
    assert all(question.answer in printed for question in LEDGER.questions.values())


def test_the_command_line_shows_a_claim_or_a_question(capsys):
    assert command.main(["show", "pooling-cuts-parameters"]) == 0
    assert "holds with conditions" in capsys.readouterr().out
    assert command.main(["show", "Q34"]) == 0
    assert "backward pass" in capsys.readouterr().out
    assert command.main(["show", "Q99"]) == 1
    assert "no such claim" in capsys.readouterr().err
