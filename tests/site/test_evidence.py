"""The pages of the evidence lead from a verdict to rows, code, command and proof."""

import re
from pathlib import Path

import pytest
from book_site import evidence

from cnnlab import claims, experiments
from cnnlab.experiments import Record

ROOT = Path(__file__).parents[2]


def targets(text):
    """Files that a text offers for download, as paths in the repository."""
    return [ROOT / "book" / path for path in re.findall(r"\{download\}`[^<`]*<([^>]+)>`", text)]


RECORDED = [name for name in experiments.NAMES if (experiments.RUNS / f"{name}.jsonl").exists()]
WAITING = [name for name in experiments.NAMES if name not in RECORDED]


@pytest.mark.parametrize("name", RECORDED)
def test_an_experiment_is_told_with_rows_code_and_commands(name):
    text = evidence.experiment_in_words(name)
    assert text.startswith(f"## {name}\n")
    assert f"python -m cnnlab.experiments check {name}" in text
    assert f"python -m cnnlab.experiments record {name}" in text
    files = [path.resolve().relative_to(ROOT).as_posix() for path in targets(text)]
    assert f"cnnlab/experiments/catalogue/{name}.py" in files
    assert f"cnnlab/experiments/runs/{name}.jsonl" in files
    assert all(path.exists() for path in targets(text))


@pytest.mark.parametrize("name", RECORDED)
def test_every_arm_of_an_experiment_has_a_line_and_a_median(name):
    text = evidence.experiment_in_words(name)
    medians = evidence.medians(experiments.load(name))
    for arm in experiments.get(name).arms:
        assert f"\n| `{arm}` | " in text
        assert f"`{arm}` " in medians


def test_recorded_experiments_come_first_and_the_others_are_counted():
    text = evidence.all_experiments()
    assert text.startswith(f"{len(RECORDED)} of {len(experiments.NAMES)} experiments are recorded.")
    for name in experiments.NAMES:
        level = "##" if name in RECORDED else "###"
        assert f"\n{level} {name}\n" in text
    assert ("## Still to be recorded" in text) == bool(WAITING)


@pytest.mark.parametrize("name", experiments.NAMES)
def test_an_experiment_without_rows_has_its_code_and_the_command_to_record_it(name):
    text = evidence.waiting_in_words(name)
    assert f"python -m cnnlab.experiments record {name}" in text
    assert [path.name for path in targets(text)] == [f"{name}.py"]


def test_the_commands_name_the_device_that_an_experiment_is_about():
    text = evidence.waiting_in_words("throughput_gpu")
    assert "python -m cnnlab.experiments record throughput_gpu --device cuda\n" in text
    assert "--device" not in evidence.experiment_in_words("throughput")


def test_an_experiment_says_for_which_claims_it_counts_and_which_it_only_informs():
    text = evidence.experiment_in_words("pool_or_not")
    assert "Shown by the way for:" in text
    assert "pooling-only-downsamples" in text


def test_an_experiment_leads_back_to_the_place_where_a_claim_is_settled():
    text = evidence.experiment_in_words("pool_or_not")
    assert re.search(r'\S <a href="02-why-pool\.html#[\w-]+">pooling-only-downsamples</a>', text)


@pytest.mark.parametrize(
    "claim", [c for c in claims.ledger() if c.proofs], ids=lambda claim: claim.name
)
def test_a_proof_is_shown_with_its_source(claim):
    text = evidence.proofs_in_words(claim)
    assert text.startswith(f"## Proofs of {claim.name}\n")
    assert f'<a href="{claim.chapter}.html#{claim.section}">{claim.name}</a>' in text
    for proof in claim.proofs:
        assert f"def {proof.split('::')[1]}(" in text
    assert all(path.exists() for path in targets(text))


def test_the_source_of_a_test_brings_its_decorators():
    source = evidence.source_of(
        Path(__file__), "test_every_arm_of_an_experiment_has_a_line_and_a_median"
    )
    assert source.startswith("@pytest.mark.parametrize")
    assert source.endswith("in medians")


def test_a_function_that_is_not_there_is_missed():
    with pytest.raises(ValueError, match=r"source_of\(test_evidence\.py\): no function nothing"):
        evidence.source_of(Path(__file__), "nothing")


def test_a_bar_in_a_text_does_not_end_its_cell():
    assert evidence._cell("a|b\nc") == "a\\|b c"


def test_the_pages_are_made_anew_when_what_they_are_made_of_changes():
    made_of = [path.relative_to(ROOT).as_posix() for path in evidence.inputs()]
    assert "cnnlab/experiments/runs/pool_or_not.jsonl" in made_of
    assert "cnnlab/experiments/runs" in made_of
    assert "cnnlab/experiments/catalogue/pool_or_not.py" in made_of
    assert "cnnlab/claims/ledger/02-why-pool.yml" in made_of
    assert "tests/claims/test_proofs_ch02.py" in made_of


def test_a_record_made_on_a_gpu_names_it():
    record = experiments.load("pool_or_not")
    device = {**record.header["device"], "computed_on": "cuda (NVIDIA H200)"}
    there = Record({**record.header, "device": device}, record.rows)
    text = evidence.provenance(there)
    assert f"on cuda (NVIDIA H200), {record.header['device']['processor']}" in text
