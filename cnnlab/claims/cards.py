"""How verdicts print: as text in a terminal, as cards on the page."""

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnlab.claims.scale import CLASSES, verdict_kind

if TYPE_CHECKING:
    from cnnlab.claims.verdicts import Claim, Part

EVIDENCE = "evidence.html"  # the book's page with the rows, code and command of every experiment
PROOFS = "proofs.html"  # and the one with the source of every proof

TIMED = "Times are those of one core of one machine."
BRACKETS = (
    "Numbers are means over the runs, with their 95 % intervals in brackets. A sentence holds if "
    "the whole interval lies beyond the margin, and does not hold if the whole interval stays "
    "short of it: not by that much, which need not mean the opposite."
)
NEW_IMAGES = (
    "The seeds split the same images, so their runs resemble one another; the wider interval “for "
    "new images” allows for that. What only the narrower one decides holds “on these data”."
)

__all__ = ["EVIDENCE", "PROOFS", "Box", "legend", "written"]


def written(claim: "Claim") -> str:
    """Give the verdict, restricted to these data where it has to be."""
    return claim.verdict + (" (on these data)" if claim.on_these_data else "")


def legend(claims: "tuple[Claim, ...]") -> list[str]:
    """Say once what the printed numbers mean."""
    rules = [part.rule for claim in claims for part in claim.parts if part.rule is not None]
    notes = {
        BRACKETS: bool(rules),
        NEW_IMAGES: any(rule.splits for rule in rules),
        TIMED: any(rule.counted == "repetitions" for rule in rules),
    }
    return [note for note, needed in notes.items() if needed]


@dataclass(frozen=True)
class Box:
    """The verdicts of a chapter: text in a terminal, a card for each claim on the page.

    Parameters
    ----------
    claims : tuple of Claim
        In the order of printing.
    caption : str
        What the box shows.
    chapter : str, default ""
        Where the box stands, if it is known: there a link stays on the page.
    """

    claims: "tuple[Claim, ...]"
    caption: str
    chapter: str = ""

    def __repr__(self) -> str:
        lines = [self.caption]
        for claim in self.claims:
            lines += ["", f"{claim.mark} {written(claim)}  ·  {claim.name}", f"  {claim.sentence}"]
            lines += [f"  {note}" for note in _notes(claim)]
            lines += [f"  {part.outcome}" for part in claim.counting]
            lines += [f"  by the way, {part.outcome}" for part in claim.asides]
        return "\n".join([*lines, "", *legend(self.claims)]).rstrip()

    def _repr_html_(self) -> str:
        caption = html.escape(self.caption)
        cards = "".join(self._card(claim) for claim in self.claims)
        notes = " ".join(legend(self.claims))
        note = f'<p class="cnn-verdicts__note">{notes}</p>' if notes else ""
        return (
            f'<section class="cnn-verdicts" aria-label="{caption}">'
            f'<p class="cnn-verdicts__caption">{caption}</p>{cards}{note}</section>'
        )

    def _card(self, claim: "Claim") -> str:
        sentence = html.escape(claim.sentence)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in _notes(claim))
        asides = ""
        if claim.asides:
            summary = f"By the way ({len(claim.asides)})"
            asides = f"<details><summary>{summary}</summary>{_listed(claim.asides)}</details>"
        return (
            f'<div class="cnn-verdict cnn-verdict--{CLASSES[verdict_kind(claim.verdict)]}">'
            f'<p class="cnn-verdict__head"><span class="cnn-verdict__word">'
            f'<span aria-hidden="true">{claim.mark}</span> {html.escape(written(claim))}</span> '
            f'<span class="cnn-verdict__claim">{sentence}</span></p>'
            f"{notes}{_listed(claim.counting) if claim.counting else ''}{asides}"
            f"{_sources(claim, self.chapter)}</div>"
        )


def _sources(claim: "Claim", chapter: str) -> str:
    """Lead from a chapter to what decided: a section, experiments with rows and code, proofs."""
    if not claim.counting:
        return ""
    links = []
    if claim.section:
        label = html.escape(f"where it is shown: {claim.sentence}")
        page = "" if claim.chapter == chapter else f"{claim.chapter}.html"
        address = f"{page}#{claim.section}"
        links.append(f'<a href="{address}" aria-label="{label}">where it is shown</a>')
    if claim.proofs:
        links.append(f'<a href="{PROOFS}#proofs-of-{claim.name}">the proofs of {claim.name}</a>')
    counting = {part.rule.experiment for part in claim.counting if part.rule is not None}
    links += [_rows(name) for name in claim.experiments if name in counting]
    aside = [_rows(name) for name in claim.experiments if name not in counting]
    by_the_way = f" By the way measured: {', '.join(aside)}." if aside else ""
    return f"<p>Decided by {claim.decided_by}: {', '.join(links)}.{by_the_way}</p>"


def _rows(name: str) -> str:
    """Lead to an experiment on the page of the evidence."""
    return f'<a href="{EVIDENCE}#{name.replace("_", "-")}">rows and code of {name}</a>'


def _notes(claim: "Claim") -> list[str]:
    """Condition or missing term, and a forecast that went wrong."""
    wrong = verdict_kind(claim.forecast) != verdict_kind(claim.verdict)
    forecast = f"Forecast before the runs: {claim.forecast}." if wrong else ""
    return [note for note in (claim.clause, forecast) if note]


def _listed(parts: "tuple[Part, ...]") -> str:
    """Write outcomes as a list, decisions in bold."""
    items = "".join(
        f'<li><span aria-hidden="true">{part.mark}</span> '
        f"<strong>{part.finding.words}:</strong> {html.escape(part.told)}</li>"
        for part in parts
    )
    return f"<ul>{items}</ul>"
