"""Read the ledger's files, and put measured and counted numbers into the answers."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnnlab._extras import needed
from cnnlab.claims.numbers import numbers
from cnnlab.claims.rules import Rule
from cnnlab.claims.verdicts import Claim, Ledger, Part, Question

LEDGER = Path(__file__).with_name("ledger")

__all__ = ["LEDGER", "load_ledger"]


def _part(name: str, entry: Mapping[str, Any]) -> Part:
    settings = dict(entry)
    rule = settings.pop("rule", None)
    if rule is not None:
        rule = dict(rule)
        rule["arms"] = tuple(rule["arms"])
        if "splits" in rule:
            rule["splits"] = tuple(rule["splits"])
        rule = Rule(**rule)
    return Part(name=name, rule=rule, **settings)


_SLOT = re.compile(r"\{(?:number:(?P<number>[\w-]+)|(?P<claim>[\w-]+)/(?P<part>[\w-]+))\}")


def _filled(text: str, claims: Mapping[str, Claim]) -> str:
    """Put counted and measured numbers into an answer; leave out what was not measured yet."""

    def known(sentence: str) -> bool:
        slots = [slot for slot in _SLOT.finditer(sentence) if slot["claim"] in claims]
        return not any(
            part.rule is not None and part.finding.runs < 2
            for slot in slots
            for part in claims[slot["claim"]].parts
            if part.name == slot["part"]
        )

    def value(slot: re.Match[str]) -> str:
        counted, parts = numbers(), claims[slot["claim"]].parts if slot["claim"] in claims else ()
        if slot["number"] in counted:
            return counted[slot["number"]]
        for part in parts:
            if part.name == slot["part"]:
                return part.finding.quoted
        raise ValueError(f"load_ledger: nothing is known by the name {slot[0]}.")

    sentences = re.split(r"(?<=[.?!:]) (?=[A-Z])", text)
    told = [sentence for sentence in sentences if known(sentence)]
    if len(told) < len(sentences):
        what = "The rest of the answer" if told else "The answer"
        told.append(f"{what} waits for runs that are still to be recorded.")
    return _SLOT.sub(value, " ".join(told))


def load_ledger(folder: Path | None = None) -> Ledger:
    """Read the ledger.

    Parameters
    ----------
    folder : pathlib.Path, optional
        YAML files, one per chapter; the book's own by default.

    Returns
    -------
    Ledger
        Claims and questions, answers filled in.

    Raises
    ------
    ValueError
        If a recorded run that decides a claim was edited or made with other settings, a name comes
        twice, a file holds something else, or an answer has a slot that nothing fills.
    ModuleNotFoundError
        Without PyYAML: reading the ledger needs it, drawing what was read does not.
    """
    with needed("experiments", by="cnnlab.claims"):
        import yaml

    entries: dict[str, dict[str, Any]] = {"claims": {}, "questions": {}}
    for source in sorted((LEDGER if folder is None else folder).glob("*.yml")):
        contents = yaml.safe_load(source.read_text(encoding="utf-8"))
        if not isinstance(contents, dict) or set(contents) - set(entries):
            raise ValueError(f"load_ledger: {source.name} must hold claims and questions alone.")
        for kind, found in contents.items():
            for name, entry in found.items():
                if name in entries[kind]:
                    raise ValueError(f"load_ledger: {name} in {source.name} is there already.")
                entries[kind][name] = {"chapter": source.stem, **entry}
    claims = {}
    for name, entry in entries["claims"].items():
        settings = dict(entry)
        parts = tuple(_part(key, part) for key, part in settings.pop("parts", {}).items())
        sources = tuple(settings.pop("sources", ()))
        claims[name] = Claim(name=name, parts=parts, sources=sources, **settings)
    questions = {
        name: Question(
            name,
            entry["chapter"],
            entry["asks"],
            tuple(entry["claims"]),
            _filled(entry["answer"], claims),
        )
        for name, entry in entries["questions"].items()
    }
    return Ledger(claims, questions)
