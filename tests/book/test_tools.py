"""What `make` calls: notebooks stored without noise, an environment that says what it needs."""

import shutil
import subprocess
import sys
from pathlib import Path

import alone
import chromium
import nbformat
import notebooks
import pytest
from nbformat import v4

TOOLS = Path(__file__).parents[2] / "tools"


def test_storing_leaves_out_the_state_of_widgets_and_all_times():
    shown = {"text/html": "<b>8</b>", "application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    cell = v4.new_code_cell("w", outputs=[v4.new_output("display_data", shown)])
    cell.metadata = nbformat.from_dict({"tags": ["remove-input"], "execution": {"start": "12:00"}})
    tidy = notebooks.tidy(v4.new_notebook(cells=[cell], metadata={"widgets": {"1": {}}}))
    assert set(tidy.metadata) == {"kernelspec", "language_info"}
    assert tidy.cells[0].metadata == {"tags": ["remove-input"]}
    assert tidy.cells[0].outputs[0].data == {"text/html": "<b>8</b>"}


def test_storing_runs_a_notebook_and_keeps_its_cell_ids(tmp_path):
    path = tmp_path / "two.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("1 + 1", id="sum")]), path)
    notebooks.main([path])
    stored = nbformat.read(path, as_version=4).cells[0]
    assert (stored.id, stored.execution_count) == ("sum", 1)
    assert stored.outputs[0].data == {"text/plain": "2"}


def test_storing_twice_changes_nothing(tmp_path):
    path = tmp_path / "two.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("1 + 1", id="sum")]), path)
    notebooks.main([path])
    once = path.read_bytes()
    notebooks.main([path])
    assert path.read_bytes() == once


if sys.platform != "win32":  # tools/environment.sh is for a POSIX shell

    def test_a_browser_that_does_not_start_does_not_count(tmp_path):
        broken = tmp_path / "chromium"
        broken.write_text("#!/bin/sh\nexit 127\n", "utf-8")
        broken.chmod(0o755)
        assert not chromium.starts(str(broken))

    def test_a_python_that_is_too_old_is_refused_with_what_to_do(tmp_path, monkeypatch):
        monkeypatch.setenv("PYTHON", "false")
        monkeypatch.setenv("VENV", ".venv")
        for name in ("requirements.txt", "pyproject.toml"):
            shutil.copy(TOOLS.parent / name, tmp_path)
        done = run_environment(tmp_path)
        assert done.returncode == 1
        assert done.stderr.startswith(
            "PYTHON=false does not run, or is older than 3.11: name Python"
        )

    def test_an_environment_that_is_up_to_date_is_left_alone(tmp_path, monkeypatch):
        monkeypatch.setenv("PYTHON", "false")
        monkeypatch.setenv("VENV", ".venv")
        for name in ("requirements.txt", "pyproject.toml"):
            shutil.copy(TOOLS.parent / name, tmp_path)
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        (tmp_path / ".venv" / "bin" / "python").symlink_to("/bin/sh")
        state = subprocess.run(
            "{ pwd -P; cat requirements.txt pyproject.toml; } | cksum",
            shell=True,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        (tmp_path / ".venv" / "installed").write_text(state.stdout, "utf-8")
        assert run_environment(tmp_path).returncode == 0

    @pytest.mark.parametrize("changed", ["requirements.txt", "pyproject.toml"])
    def test_a_change_of_what_is_needed_makes_the_environment_again(tmp_path, monkeypatch, changed):
        test_an_environment_that_is_up_to_date_is_left_alone(tmp_path, monkeypatch)
        with (tmp_path / changed).open("a") as file:
            file.write("# changed\n")
        assert run_environment(tmp_path).returncode == 1


def run_environment(folder):
    """Run tools/environment.sh as if `folder` were the repository."""
    command = ["sh", str(TOOLS / "environment.sh")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_a_notebook_that_runs_alone_installs_this_repository(monkeypatch, tmp_path):
    monkeypatch.setattr(alone, "ROOT", tmp_path)
    source = '%pip install -q "cnnlab[book] @ git+https://github.com/reader/book@main"'
    notebook = alone.from_here(v4.new_notebook(cells=[v4.new_code_cell(source)]))
    address = f"git+file://localhost{tmp_path.as_posix()}"
    assert notebook.cells[0].source == f'%pip install -q "cnnlab[book] @ {address}"'


def test_a_notebook_that_installs_nothing_cannot_run_alone():
    with pytest.raises(SystemExit, match="names 0 addresses"):
        alone.from_here(v4.new_notebook(cells=[v4.new_code_cell("import cnnlab")]))


def test_running_alone_finds_a_figure_that_is_missing_and_a_new_warning():
    figure = v4.new_output("display_data", {"image/png": "", "text/plain": ""})
    warning = v4.new_output("stream", name="stderr", text="old")
    stored, run = (v4.new_code_cell("f()", outputs=[one]) for one in (figure, warning))
    (found,) = alone.other_outputs(v4.new_notebook(cells=[stored]), v4.new_notebook(cells=[run]))
    assert found == "cell 0 shows ['stderr'], stored are ['image/png+text/plain']"


def test_running_alone_takes_a_text_in_two_parts_for_one():
    parts = [v4.new_output("stream", name="stdout", text=text) for text in "ab"]
    assert alone.kinds(v4.new_code_cell("f()", outputs=parts)) == ["stdout"]


def test_running_alone_names_each_package_that_was_changed():
    before, after = {"numpy": "2.0", "torch": "2.9", "tqdm": "4"}, {"numpy": "2.1", "tqdm": "4"}
    found = alone.changed(before, after)
    assert found == ["numpy was 2.0, is 2.1", "torch was 2.9, is gone"]
