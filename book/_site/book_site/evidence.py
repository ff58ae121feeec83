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
COUNTS = "<!-- here stands how many claims have which verdict -->"
ORDER = ["holds", "holds with conditions", "does not hold", "ill-posed", "undecided", "off topic"]
BACK = "../"  # from the folder of the pages to the root of the repository


def fill(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put experiments, proofs and counts where the pages ask for them."""
    if any(mark in source[0] for mark in (EXPERIMENTS, PROOFS, COUNTS)):
        for path in inputs():
            app.env.note_dependency(str(path))
    if EXPERIMENTS in source[0]:
        source[0] = source[0].replace(EXPERIMENTS, all_experiments())
    if PROOFS in source[0]:
        proved = [claim for claim in claims.ledger() if claim.proofs]
        source[0] = source[0].replace(PROOFS, "\n\n".join(map(proofs_in_words, proved)))
    if COUNTS in source[0]:
        source[0] = source[0].replace(COUNTS, counts())


def inputs() -> list[Path]:
    """Files and folders that the text is made of."""
    proofs = {proof.split("::")[0] for claim in claims.ledger() for proof in claim.proofs}
    folders = [experiments.RUNS, Path(experiments.catalogue.__file__).parent, LEDGER]
    found = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    return sorted([*folders, *found, *(ROOT / proof for proof in proofs)])


def counts() -> str:
    """Say how many claims have which verdict.

    >>> "**does not hold**" in counts()
    True
    """
    verdicts = [
        claim.verdict.split(" with ")[0] if "undecided" in claim.verdict else claim.verdict
        for claim in claims.ledger()
    ]
    found = [f"**{word}**: {verdicts.count(word)}" for word in dict.fromkeys(ORDER + verdicts)]
    return f"The {len(verdicts)} claims stand like this today: {', '.join(found)}."


def all_experiments() -> str:
    """Write the recorded experiments, and after them those that are still to be recorded."""
    names = experiments.NAMES
    recorded = [name for name in names if _record(name) is not None]
    waiting = [name for name in names if name not in recorded]
    lines = [f"{len(recorded)} of {len(names)} experiments are recorded."]
    lines += [experiment_in_words(name) for name in recorded]
    if waiting:
        lines += ["## Still to be recorded", "No verdict rests on these yet."]
        lines += [waiting_in_words(name) for name in waiting]
    return "\n\n".join(lines)


def _record(name: str) -> Record | None:
    """Give the rows of an experiment, none where there are none."""
    try:
        record = experiments.load(name)
    except FileNotFoundError:
        return None
    return record if record.rows else None


def waiting_in_words(name: str) -> str:
    """Write the section of an experiment without rows, in Markdown."""
    experiment = experiments.get(name)
    lines = [
        f"### {name}",
        f"**{experiment.question}**",
        f"{_code(name)}; to record it:",
        f"```bash\n{_command('record', experiment)}\n```",
    ]
    return "\n\n".join(lines)


def _command(does: str, experiment: Experiment) -> str:
    """Write the command line that checks or records an experiment on the device it is about."""
    device = "" if experiment.device == "cpu" else f" --device {experiment.device}"
    return f"python -m cnnlab.experiments {does} {experiment.name}{device}"


def _code(name: str) -> str:
    return f"{{download}}`the code <{BACK}cnnlab/experiments/catalogue/{name}.py>`"


def experiment_in_words(name: str) -> str:
    """Write the section of a recorded experiment, in Markdown."""
    experiment, record = experiments.get(name), experiments.load(name)
    arms = "\n".join(f"| `{arm}` | {_cell(what)} |" for arm, what in experiment.arms.items())
    equal = "\n".join(f"- {what}" for what in experiment.held_equal)
    rows = f"{{download}}`the rows <{BACK}cnnlab/experiments/runs/{name}.jsonl>`"
    lines = [
        f"## {name}",
        f"**{experiment.question}**",
        f"| arm | what it is |\n| --- | --- |\n{arms}",
        f"The same in every arm:\n\n{equal}",
        medians(record),
        provenance(record),
        _used(name),
        f"Look at {rows} (text, one run a line) and {_code(name)}; repeat a part and compare, or "
        "record everything anew:",
        f"```bash\n{_command('check', experiment)}\n{_command('record', experiment)}\n```",
    ]
    return "\n\n".join(line for line in lines if line)


def medians(record: Record) -> str:
    """Write the median of each arm, for every quantity that a verdict uses; for all if none is."""
    name, told = record.header["experiment"], record.header["quantities"]
    rules = [part.rule for claim in claims.ledger() for part in claim.parts if part.rule]
    wanted = [rule.quantity.split("/") for rule in rules if rule.experiment == name]
    used = {quantity for quantities in wanted for quantity in quantities}
    lines = [
        f"- {quantity.replace('_', ' ')} ({unit['unit']}): "
        + ", ".join(
            f"`{arm}` {np.median(record.values(arm, quantity)):,.3g}" for arm in record.arms
        )
        for quantity, unit in told.items()
        if quantity in used or not used
    ]
    return "Medians of the arms:\n\n" + "\n".join(lines) if lines else ""


def provenance(record: Record) -> str:
    """Say how many runs there are, and where, when and with what they were made."""
    told = record.header
    device = told["device"]
    machine = device["processor"]
    if device.get("computed_on", "cpu") != "cpu":
        machine = f"{device['computed_on']}, {machine}"
    versions = ", ".join(f"{package} {number}" for package, number in told["versions"].items())
    return (
        f"{len(record.seeds(record.arms[0]))} runs of each arm, begun on "
        f"{told['started'][:10]} on {machine} ({versions}). "
        f"Data: {told['data']['name']}, SHA-256 `{told['data']['sha256'][:16]}…`."
    )


def _used(name: str) -> str:
    """Name the claims that rest on an experiment, and those that it only informs."""
    counting, aside = [], []
    for claim in claims.ledger():
        if name in {part.rule.experiment for part in claim.counting if part.rule}:
            counting.append(_link(claim))
        elif name in claim.experiments:
            aside.append(_link(claim))
    lines = [f"Counts for the verdict on: {', '.join(counting)}."] if counting else []
    lines += [f"Shown by the way for: {', '.join(aside)}."] if aside else []
    return " ".join(lines) or "Decides no verdict: a chapter shows it."


def _link(claim: claims.Claim) -> str:
    """Lead from the name of a claim to the place in its chapter where it is settled."""
    place = f"{claim.chapter}.html#{claim.section}".rstrip("#")  # Sphinx finds no headings there
    return f'{claim.mark} <a href="{place}">{claim.name}</a>'


def _cell(text: str) -> str:
    """Keep a text from ending its cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def proofs_in_words(claim: claims.Claim) -> str:
    """Write the section of a claim that proofs decide, in Markdown."""
    lines = [f"## Proofs of {claim.name}", f"*{claim.sentence}*", f"The verdict: {_link(claim)}."]
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
