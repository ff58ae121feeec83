"""The pages of the evidence: every experiment with rows, code and command, and every proof.

The text is made from the experiments and the ledger themselves while Sphinx reads the pages
``book/evidence.md`` and ``book/proofs.md``, in the place of a comment that says so.
"""

import ast
from pathlib import Path

import numpy as np
from cnnlab import claims, experiments
from cnnlab.claims.loading import LEDGER
from cnnlab.experiments import Experiment, Record
from sphinx.application import Sphinx

ROOT = Path(__file__).parents[3]
EXPERIMENTS = "<!-- here stand all experiments -->"
PROOFS = "<!-- here stand all proofs -->"
BACK = "../"  # from the folder of the pages to the root of the repository


def fill(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put experiments and proofs where the pages ask for them."""
    if EXPERIMENTS in source[0] or PROOFS in source[0]:
        for path in inputs():
            app.env.note_dependency(str(path))
    if EXPERIMENTS in source[0]:
        parts = "\n\n".join(experiment_in_words(name) for name in experiments.NAMES)
        source[0] = source[0].replace(EXPERIMENTS, parts)
    if PROOFS in source[0]:
        proved = [claim for claim in claims.ledger() if claim.proofs]
        source[0] = source[0].replace(PROOFS, "\n\n".join(map(proofs_in_words, proved)))


def inputs() -> list[Path]:
    """Files and folders that the text is made of."""
    proofs = {proof.split("::")[0] for claim in claims.ledger() for proof in claim.proofs}
    folders = [experiments.RUNS, Path(experiments.catalogue.__file__).parent, LEDGER]
    found = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    return sorted([*folders, *found, *(ROOT / proof for proof in proofs)])


def experiment_in_words(name: str) -> str:
    """Write the section of an experiment, in Markdown."""
    experiment = experiments.get(name)
    try:
        record = experiments.load(name)
    except FileNotFoundError:
        record = None
    equal = "\n".join(f"- {what}" for what in experiment.held_equal)
    code = f"{{download}}`the code <{BACK}cnnlab/experiments/catalogue/{name}.py>`"
    record_it = f"python -m cnnlab.experiments record {name}"
    if record is None or not record.rows:
        made = "Nothing was recorded yet."
        repeat = [f"Read {code}, or record it:", f"```bash\n{record_it}\n```"]
    else:
        made = provenance(record)
        rows = f"{{download}}`the rows <{BACK}cnnlab/experiments/runs/{name}.jsonl>`"
        check_it = f"python -m cnnlab.experiments check {name}"
        repeat = [
            f"Read {rows} and {code}, repeat a part of it, or record it anew:",
            f"```bash\n{check_it}\n{record_it}\n```",
        ]
    lines = [
        f"## {name}",
        f"**{experiment.question}**",
        _arms(experiment, record),
        f"The same in every arm:\n\n{equal}",
        made,
        _used(name),
        *repeat,
    ]
    return "\n\n".join(line for line in lines if line)


def _arms(experiment: Experiment, record: Record | None) -> str:
    """Write a table of the arms, with the median of the first quantity where there are rows."""
    if record is None or not record.rows:
        lines = ["| arm | what it is |", "| --- | --- |"]
        lines += [f"| `{arm}` | {_cell(what)} |" for arm, what in experiment.arms.items()]
        return "\n".join(lines)
    first, quantity = next(iter(experiment.quantities.items()))
    head = f"{first.replace('_', ' ')} ({quantity.unit})"
    lines = [f"| arm | what it is | {head} |", "| --- | --- | ---: |"]
    for arm, what in experiment.arms.items():
        median = np.median(record.values(arm, first))
        lines.append(f"| `{arm}` | {_cell(what)} | {median:.3g} |")
    return "\n".join(lines)


def provenance(record: Record) -> str:
    """Say how many runs there are, and where, when and with what they were made."""
    told = record.header
    device = told["device"]
    machine = device["processor"]
    if device.get("computed_on", "cpu") != "cpu":
        machine = f"{device['computed_on']}, {machine}"
    versions = ", ".join(f"{package} {number}" for package, number in told["versions"].items())
    others = [name.replace("_", " ") for name in list(told["quantities"])[1:]]
    also = f"The rows also hold: {', '.join(others)}. " if others else ""
    return (
        f"Medians over {len(record.seeds(record.arms[0]))} runs of each arm, begun on "
        f"{told['started'][:10]} on {machine} ({versions}). {also}"
        f"Data: {told['data']['name']}, SHA-256 `{told['data']['sha256'][:16]}…`."
    )


def _used(name: str) -> str:
    """Name the claims that rest on an experiment."""
    names = [claim.name for claim in claims.ledger() if name in claim.experiments]
    return f"It speaks for or against: {', '.join(names)}." if names else ""


def _cell(text: str) -> str:
    """Keep a text from ending its cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def proofs_in_words(claim: claims.Claim) -> str:
    """Write the section of a claim that proofs decide, in Markdown."""
    lines = [f"## Proofs of {claim.name}", f"*{claim.sentence}*"]
    for part in claim.parts:
        if part.proof is not None:
            file, test = part.proof.split("::")
            link = f"{{download}}`{Path(file).name} <{BACK}{file}>`"
            lines += [
                f"{part.mark} **{part.finding.words}**: {part.states} The whole file: {link}.",
                f"```python\n{source_of(ROOT / file, test)}\n```",
            ]
    return "\n\n".join(lines)


def source_of(path: Path, name: str) -> str:
    """Give the source of a function, decorators included.

    Raises
    ------
    ValueError
        If the file has no such function.
    """
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    raise ValueError(f"source_of({path.name}): no function {name} there.")
