"""The explorer of the ledger: every question, every claim, every verdict. Chapter 11."""

import html
from collections.abc import Mapping
from typing import Any

from cnnlab import claims
from cnnlab._extras import needed
from cnnlab.claims import Claim, Ledger, Question
from cnnlab.claims.cards import EVIDENCE, PROOFS, written
from cnnlab.claims.measured import Measured, evidence, measured, written_kind
from cnnlab.claims.scale import MARKS
from cnnlab.claims.verdicts import Part
from cnnlab.widgets.base import Checked, PageWidget, StateError
from cnnlab.widgets.values import choice

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

WHO = "LedgerExplorer"
VIEWS = ("questions", "claims", "guess")
GUESSES = tuple(MARKS)[:5]  # nobody has to guess what is off topic
EVIDENCES = ("proof", "recorded runs", "proof and recorded runs")
LONGEST = 60  # characters of a search


class LedgerExplorer(PageWidget):
    """All questions and claims of the book: to be filtered, searched, opened, and guessed.

    Parameters
    ----------
    view : {"questions", "claims", "guess"}, default "questions"
        The questions with their answers, the claims with their verdicts, or the claims one by one
        with the verdict hidden until the reader has guessed it.
    chapter : str, default "all"
        File name of a chapter, such as ``"02-why-pool"``: only what is settled there.
    verdict : str, default "all"
        Only claims with this verdict, and questions that rest on one.
    evidence : {"all", "proof", "recorded runs", "proof and recorded runs"}, default "all"
        Only claims that are decided in this way, and questions that rest on one.
    search : str, default ""
        Only what contains all of these words, in any order, small or capital; 60 characters.
    opened : str, default ""
        Number of a question or name of a claim that is unfolded.
    guesses : mapping of str to str, optional
        Verdicts that the reader has guessed, by claim.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be shown. It is a ``ValueError``, and also raised by an assignment such as
        ``explorer.view = "all"``, which then changes nothing.

    Notes
    -----
    In a running notebook all of them are traits: assign to them, or read what the reader has chosen
    and guessed. A page keeps the guesses in the reader's browser and sends them nowhere.

    Examples
    --------
    >>> LedgerExplorer(chapter="02-why-pool", search="backprop").shown()
    ['Q34']
    >>> LedgerExplorer("guess", guesses={"pooling-has-no-parameters": "holds"}).score()["right"]
    1
    """

    module = "ledger.js"

    ledger = Checked(None).tag(sync=True)
    view = Checked(None).tag(sync=True)
    chapter = Checked(None).tag(sync=True)
    verdict = Checked(None).tag(sync=True)
    evidence = Checked(None).tag(sync=True)
    search = Checked(None).tag(sync=True)
    opened = Checked(None).tag(sync=True)
    guesses = Checked(None).tag(sync=True)

    def __init__(
        self,
        view: str = "questions",
        *,
        chapter: str = "all",
        verdict: str = "all",
        evidence: str = "all",
        search: str = "",
        opened: str = "",
        guesses: Mapping[str, str] | None = None,
        anchor: str | None = None,
    ) -> None:
        self._content = _content(claims.ledger())
        super().__init__(
            ledger=self._content,
            view=view,
            chapter=chapter,
            verdict=verdict,
            evidence=evidence,
            search=search,
            opened=opened,
            guesses={} if guesses is None else guesses,
            anchor=anchor,
        )

    def __repr__(self) -> str:
        """One line: what is shown."""
        return f"{WHO}: {self.view}, {self.sentence()}"

    def shown(self) -> list[str]:
        """What passes the filter and the search.

        Returns
        -------
        list of str
            Numbers of questions, or names of claims, in the order of the page. For guessing the
            filter by verdict is ignored, since it would tell.
        """
        chosen = {claim["name"] for claim in self._content["claims"] if self._chosen(claim)}
        if self.view == "questions":
            return [
                question["name"]
                for question in self._content["questions"]
                if self.chapter in ("all", question["chapter"])
                and chosen & set(question["claims"])
                and self._found(_question_text(question, self._content))
            ]
        return [
            claim["name"]
            for claim in self._content["claims"]
            if claim["name"] in chosen
            and self.chapter in ("all", claim["chapter"])
            and self._found(_claim_text(claim))
            and (self.view == "claims" or claim["kind"] in GUESSES)
        ]

    def _chosen(self, claim: dict[str, Any]) -> bool:
        """Whether a claim has the verdict and the evidence that are asked for."""
        verdict = self.view == "guess" or self.verdict in ("all", claim["kind"])
        return verdict and self.evidence in ("all", claim["evidence"])

    def _found(self, text: str) -> bool:
        return all(word in text.lower() for word in self.search.lower().split())

    def score(self) -> dict[str, Any]:
        """How well the reader has guessed so far, over the whole ledger.

        Returns
        -------
        dict
            ``guessed`` and ``right``, numbers of claims; ``always``, the verdict that comes most
            often among the claims that were guessed, and ``baseline``, how many would be right if
            one had always said so; ``table``, by verdict and guess.
        """
        table = {kind: dict.fromkeys(GUESSES, 0) for kind in GUESSES}
        for claim in self._content["claims"]:
            if claim["name"] in self.guesses and claim["kind"] in GUESSES:
                table[claim["kind"]][self.guesses[claim["name"]]] += 1
        totals = {kind: sum(row.values()) for kind, row in table.items()}
        always = max(GUESSES, key=lambda kind: totals[kind])
        return {
            "guessed": sum(totals.values()),
            "right": sum(table[kind][kind] for kind in GUESSES),
            "always": always,
            "baseline": totals[always],
            "table": table,
        }

    def sentence(self) -> str:
        """Say what is shown, as the explorer does.

        Returns
        -------
        str
            One or two sentences.
        """
        names = self.shown()
        if self.view == "guess":
            score = self.score()
            left = sum(name not in self.guesses for name in names)
            said = f"{left} of {len(names)} {_plural('claim', len(names))} still to be guessed."
            if score["guessed"]:
                said += (
                    f" Guessed {score['guessed']}, right {score['right']}. Always saying "
                    f"“{score['always']}” would have made {score['baseline']} right."
                )
            return said
        total = len(self._content[self.view])
        what = f"{len(names)} of {total} {self.view}"
        if self.view == "questions":
            chosen = [q for q in self._content["questions"] if q["name"] in names]
            resting = {name for question in chosen for name in question["claims"]}
            what += f", resting on {len(resting)} {_plural('claim', len(resting))}"
        else:
            resting = set(names)
        kinds = [claim["kind"] for claim in self._content["claims"] if claim["name"] in resting]
        counts = [f"{kind} {kinds.count(kind)}" for kind in MARKS if kind in kinds]
        return f"{what}: {', '.join(counts)}." if counts else f"{what}."

    @traitlets.validate("ledger")
    def _check_ledger(self, proposal: Any) -> dict[str, Any]:
        if proposal["value"] != self._content:
            raise StateError(
                f"{WHO}(ledger): the explorer shows the ledger of the book, which cannot be set."
            )
        return self._content

    @traitlets.validate("view")
    def _check_view(self, proposal: Any) -> str:
        return choice(WHO, "view", proposal["value"], VIEWS)

    @traitlets.validate("chapter")
    def _check_chapter(self, proposal: Any) -> str:
        return choice(WHO, "chapter", proposal["value"], ("all", *self._content["chapters"]))

    @traitlets.validate("verdict")
    def _check_verdict(self, proposal: Any) -> str:
        return choice(WHO, "verdict", proposal["value"], ("all", *MARKS))

    @traitlets.validate("evidence")
    def _check_evidence(self, proposal: Any) -> str:
        return choice(WHO, "evidence", proposal["value"], ("all", *EVIDENCES))

    @traitlets.validate("search")
    def _check_search(self, proposal: Any) -> str:
        value = proposal["value"]
        if not isinstance(value, str) or len(value) > LONGEST:
            raise StateError(
                f"{WHO}(search={value!r}): needed a text of at most {LONGEST} characters."
            )
        return value

    @traitlets.validate("opened")
    def _check_opened(self, proposal: Any) -> str:
        value = proposal["value"]
        known = [entry["name"] for kind in ("questions", "claims") for entry in self._content[kind]]
        if not isinstance(value, str) or value not in ("", *known):
            raise StateError(
                f"{WHO}(opened={value!r}): needed the number of a question, such as 'Q34', the "
                "name of a claim, such as 'pooling-is-a-convolution', or '' for none."
            )
        return value

    @traitlets.validate("guesses")
    def _check_guesses(self, proposal: Any) -> dict[str, str]:
        value = proposal["value"]
        if not isinstance(value, Mapping):
            raise StateError(f"{WHO}(guesses={value!r}): needed a dict of claim to verdict.")
        known = [c["name"] for c in self._content["claims"] if c["kind"] in GUESSES]
        for name, guess in value.items():
            if name not in known:
                raise StateError(f"{WHO}(guesses): there is no claim {name!r} to be guessed.")
            choice(WHO, f"guesses[{name!r}]", guess, GUESSES)
        return dict(value)

    def fallback(self) -> str:
        """Every question with its answer, every claim with its verdict and what decides it."""
        chapters = "\n".join(
            f'<p class="cnn-title">{_chapter_words(chapter)}</p>\n'
            + _still_questions(chapter)
            + _still_claims(chapter)
            for chapter in self._content["chapters"]
        )
        return f'<div class="cnn-still-ledger">\n{chapters}\n</div>'


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _chapter_words(chapter: str) -> str:
    """Name a chapter as the page does.

    >>> _chapter_words("02-why-pool")
    '2 · why pool'
    """
    number, _, words = chapter.partition("-")
    return f"{int(number)} · {words.replace('-', ' ')}"


def _question_text(question: dict[str, Any], content: dict[str, Any]) -> str:
    """All words of a question that a search looks at."""
    says = [claim["says"] for claim in content["claims"] if claim["name"] in question["claims"]]
    return " ".join(
        [question["name"], question["asks"], question["answer"], *question["claims"], *says]
    )


def _claim_text(claim: dict[str, Any]) -> str:
    """All words of a claim that a search looks at."""
    told = [part["states"] for part in claim["parts"]]
    return " ".join([claim["name"], claim["says"], claim["sentence"], claim["clause"], *told])


def _content(ledger: Ledger) -> dict[str, Any]:
    """What the page has to know: plain values, in the order of the chapters."""
    every = sorted(ledger, key=lambda claim: claim.chapter)
    questions = sorted(ledger.questions.values(), key=lambda question: question.chapter)
    return {
        "chapters": sorted({claim.chapter for claim in every}),
        "marks": dict(MARKS),
        "evidences": list(EVIDENCES),
        "claims": [_claim(claim) for claim in every],
        "questions": [_question(question) for question in questions],
        "pages": {"rows": EVIDENCE, "proofs": PROOFS},
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "chapter": question.chapter,
        "asks": question.asks,
        "answer": question.answer,
        "claims": list(question.claims),
    }


def _claim(claim: Claim) -> dict[str, Any]:
    counting = {part.rule.experiment for part in claim.counting if part.rule is not None}
    return {
        "name": claim.name,
        "chapter": claim.chapter,
        "section": claim.section,
        "says": claim.says,
        "sentence": claim.sentence,
        "verdict": written(claim),
        "kind": written_kind(claim),
        "clause": claim.clause,
        "forecast": claim.forecast,
        "evidence": evidence(claim),
        "proofs": any(part.proof for part in claim.counting),
        "rows": [name for name in claim.experiments if name in counting],
        "asides": len(claim.asides),
        "parts": [_part(part) for part in claim.counting],
    }


def _part(part: Part) -> dict[str, Any]:
    found = measured(part)
    return {
        "found": part.finding.decision,
        "words": part.finding.words,
        "states": part.states,
        "told": "" if part.rule is None else part.told[len(part.states.rstrip(".")) :].strip(". "),
        "numbers": None if found is None else _numbers(found),
    }


def _numbers(found: Measured) -> dict[str, Any]:
    def short(*values: float) -> list[float]:
        return [float(f"{value:.4g}") for value in values]

    return {
        "at": short(found.estimate, found.low, found.high),
        "wide": None if found.wide is None else short(*found.wide),
        "nothing": short(found.nothing)[0],
        "edges": short(*found.edges),
        "direction": found.direction,
        "unit": found.unit,
        "ratio": found.ratio,
    }


# --- without scripts ------------------------------------------------------------------------------


def _still_questions(chapter: str) -> str:
    rows = []
    for question in claims.ledger().questions.values():
        if question.chapter != chapter:
            continue
        found = (claims.claim(name) for name in question.claims)
        resting = "; ".join(f"{claim.mark} {claim.name}" for claim in found)
        rows.append(
            f"<li><strong>{question.name} {_text(question.asks)}</strong> {_text(question.answer)} "
            f"<small>({resting})</small></li>\n"
        )
    return f"<ul>\n{''.join(rows)}</ul>\n" if rows else ""


def _still_claims(chapter: str) -> str:
    rows = []
    for claim in claims.ledger():
        if claim.chapter != chapter:
            continue
        parts = "".join(
            f"<li>{part.mark} {part.finding.words}: {_text(part.told)}</li>"
            for part in claim.counting
        )
        clause = f" {_text(claim.clause)}" if claim.clause else ""
        rows.append(
            f"<li><strong>{claim.mark} {written(claim)}: {_text(claim.sentence)}</strong>{clause}"
            f"{f'<ul>{parts}</ul>' if parts else ''}{_still_links(claim)}</li>\n"
        )
    return f"<ul>\n{''.join(rows)}</ul>\n" if rows else ""


def _still_links(claim: Claim) -> str:
    links = []
    if claim.section:
        shown = f"where {claim.name} is shown"
        links.append(f'<a href="{claim.chapter}.html#{claim.section}">{shown}</a>')
    if any(part.proof for part in claim.counting):
        links.append(f'<a href="{PROOFS}#proofs-of-{claim.name}">proofs of {claim.name}</a>')
    counting = dict.fromkeys(part.rule.experiment for part in claim.counting if part.rule)
    links += [
        f'<a href="{EVIDENCE}#{name.replace("_", "-")}">rows of {name}</a>' for name in counting
    ]
    return f"<p><small>{', '.join(links)}</small></p>" if links else ""


def _text(words: str) -> str:
    return html.escape(words, quote=False)
