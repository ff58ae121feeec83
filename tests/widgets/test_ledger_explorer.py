"""The Python side of the explorer of the ledger."""

import re

import pytest

from cnnlab import claims
from cnnlab.widgets import LedgerExplorer, StateError
from cnnlab.widgets.ledger import GUESSES

LEDGER = claims.ledger()


def test_every_question_and_every_claim_is_shown_at_first():
    assert sorted(LedgerExplorer().shown()) == sorted(LEDGER.questions)
    assert sorted(LedgerExplorer("claims").shown()) == sorted(LEDGER.claims)


def test_what_is_off_topic_is_not_to_be_guessed():
    assert set(LEDGER.claims) - set(LedgerExplorer("guess").shown()) == {"off-topic-pools"}


def test_a_chapter_shows_what_is_settled_there():
    explorer = LedgerExplorer("claims", chapter="02-why-pool")
    assert explorer.shown() == [c.name for c in LEDGER if c.chapter == "02-why-pool"]


@pytest.mark.parametrize("verdict", GUESSES)
def test_a_verdict_shows_the_claims_that_have_it(verdict):
    found = {c.name for c in LEDGER if re.sub(r" with \d+ runs$", "", c.verdict) == verdict}
    assert set(LedgerExplorer("claims", verdict=verdict).shown()) == found


def test_a_verdict_shows_the_questions_that_rest_on_a_claim_with_it():
    for name in LedgerExplorer(verdict="ill-posed").shown():
        verdicts = [claims.claim(c).verdict for c in claims.question(name).claims]
        assert "ill-posed" in verdicts


def test_guessing_is_not_filtered_by_verdict_which_would_tell():
    every = LedgerExplorer("guess").shown()
    assert LedgerExplorer("guess", verdict="holds").shown() == every


def test_the_evidence_may_be_asked_for():
    for name in LedgerExplorer("claims", evidence="proof").shown():
        assert claims.claim(name).decided_by == "proof"


def test_all_words_of_a_search_have_to_be_there_in_any_order_and_size():
    found = LedgerExplorer(search="SLOW max").shown()
    assert "Q39" in found
    assert LedgerExplorer(search="max slow").shown() == found
    assert LedgerExplorer(search="max slow zebra").shown() == []


def test_the_sentence_counts_what_is_shown():
    assert LedgerExplorer("claims", verdict="holds").sentence() == (
        f"{len(LedgerExplorer('claims', verdict='holds').shown())} of 54 claims: holds "
        f"{sum(c.verdict == 'holds' for c in LEDGER)}."
    )
    assert LedgerExplorer(search="zebra").sentence() == "0 of 63 questions, resting on 0 claims."


def test_the_score_says_what_one_verdict_for_all_would_have_got():
    guesses = {"pooling-has-no-parameters": "holds", "pooling-needs-no-backprop": "holds",
               "pooling-only-downsamples": "does not hold"}  # fmt: skip
    score = LedgerExplorer("guess", guesses=guesses).score()
    assert (score["guessed"], score["right"]) == (3, 2)
    assert (score["always"], score["baseline"]) == ("does not hold", 2)
    assert score["table"]["does not hold"]["holds"] == 1


def test_undecided_is_right_whatever_the_number_of_runs():
    name = next(c.name for c in LEDGER if c.verdict.startswith("undecided"))
    assert LedgerExplorer("guess", guesses={name: "undecided"}).score()["right"] == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"view": "all"}, "needed 'questions', 'claims' or 'guess'"),
        ({"chapter": "99"}, "needed 'all'"),
        ({"verdict": "true"}, "needed 'all'"),
        ({"evidence": "hearsay"}, "needed 'all'"),
        ({"search": 3}, "a text of at most 60"),
        ({"search": "x" * 61}, "a text of at most 60"),
        ({"opened": "Q99"}, "the number of a question"),
        ({"guesses": ["holds"]}, "a dict of claim to verdict"),
        ({"guesses": {"off-topic-pools": "holds"}}, "no claim 'off-topic-pools' to be guessed"),
        ({"guesses": {"pooling-has-no-parameters": "yes"}}, "needed 'holds'"),
    ],
)
def test_what_cannot_be_shown_is_refused(settings, message):
    with pytest.raises(StateError, match=re.escape(message)):
        LedgerExplorer(**settings)


def test_a_refused_assignment_changes_nothing():
    explorer = LedgerExplorer()
    with pytest.raises(StateError):
        explorer.view = "all"
    with pytest.raises(StateError, match="cannot be set"):
        explorer.ledger = {}
    assert explorer.view == "questions"


def test_without_scripts_every_row_is_there_with_answer_verdict_effect_and_links():
    html = LedgerExplorer().fallback()
    text = re.sub(r"<[^>]+>", "", html).replace("&lt;", "<").replace("&gt;", ">")
    text = text.replace("&amp;", "&")
    for question in LEDGER.questions.values():
        assert f"{question.name} {question.asks}" in text
        assert question.answer in text
    for claim in LEDGER:
        assert claim.sentence in text
        assert claim.clause in text
        assert all(part.told in text for part in claim.counting)
        if claim.section:
            assert f'href="{claim.chapter}.html#{claim.section}"' in html


def test_the_same_state_gives_the_same_text():
    assert LedgerExplorer(anchor="a").to_html() == LedgerExplorer(anchor="a").to_html()
