"""The benchmark: its arithmetic, its words, and one short run of the real thing."""

import gzip
import json
import os
import re
import time

import numpy as np
import pytest
import torch

from cnnlab import bench, nn
from cnnlab.bench import Memory, Report, Row, Target, Timing, geometric_mean


def timing(median):
    return Timing(0.9 * median, median, 1.1 * median)


def row(group, ours, default, last):
    return Row(group, "ReLU()", (1, 2, 3, 4), timing(ours), timing(default), timing(last))


REPORT = Report(
    "A processor",
    1,
    (
        row("convolution, forward", 0.5, 1.0, 0.25),
        row("convolution, forward", 8.0, 1.0, 1.0),
        row("max pooling, forward", 1.0, 10.0, 0.25),
    ),
    (Memory("Conv2d", (1, 2), "forward", 3072, 2048),),
)


# --- arithmetic and words ------------------------------------------------------------------------


def test_the_geometric_mean_treats_halves_and_doubles_alike():
    assert geometric_mean([0.25, 1, 4]) == pytest.approx(1)
    assert geometric_mean([8.0, 2.0]) == pytest.approx(4)


def test_a_group_has_the_geometric_means_of_its_ratios():
    assert REPORT.ratios("convolution, forward") == pytest.approx((2, 4))
    assert REPORT.ratios("max pooling, forward") == pytest.approx((0.1, 4))


@pytest.mark.parametrize(
    ("median", "text"),
    [(0.5, "0.500 (0.450–0.550)"), (2, "2.00 (1.80–2.20)"), (40, "40.0 (36.0–44.0)")],
)
def test_times_are_shown_with_three_digits(median, text):
    assert str(timing(median)) == text


def test_each_group_says_what_was_aimed_at_and_reached():
    captions = [table.caption for table in REPORT.tables()]
    assert "Aim: at most 1.8 of torch (not reached)." in captions[0]
    assert "at most 0.2 of torch (reached), at most 2 of channels last (not rea" in captions[1]
    assert "Working memory" in captions[2]


def test_the_last_row_of_a_group_is_its_mean():
    assert REPORT.tables()[0].rows[-1] == ["geometric mean", "", "", "", "", "2.00", "4.00"]


def test_working_memory_is_given_in_patches_of_one_image():
    assert REPORT.tables()[2].rows == [["Conv2d", "1×2", "forward", "3", "2", "1.50"]]


def test_a_report_shows_all_its_tables():
    assert repr(REPORT).startswith(
        "A processor; float32, 1 thread\n\nConvolution, forward, in mill"
    )
    assert REPORT._repr_html_().count("<table") == 3


def test_markdown_has_as_many_cells_in_each_line():
    lines = bench.markdown(REPORT.tables()[0]).splitlines()[2:]
    assert len(lines) == 5
    assert {line.count("|") for line in lines} == {8}


def test_every_group_has_a_target():
    assert {r.group for r in REPORT.rows} <= set(bench.TARGETS)
    assert all(isinstance(target, Target) for target in bench.TARGETS.values())


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        ([], "quick", False),
        (["--quick"], "quick", True),
        (["--all-threads"], "all_threads", True),
        (["--only", "conv"], "only", "conv"),
        (["--markdown"], "markdown", True),
        (["--device", "cuda"], "device", "cuda"),
        ([], "device", "cpu"),
        (["--record"], "record", True),
    ],
)
def test_the_command_line_is_read(arguments, name, value):
    assert getattr(bench.parse(arguments), name) == value


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=re.escape("only = 'relu', needed one of conv, maxpool")):
        bench.run("relu")


# --- what is measured ----------------------------------------------------------------------------


def test_longer_work_takes_longer():
    short, long = bench.time_in_turns(
        [lambda: time.sleep(0.0005), lambda: time.sleep(0.02)], rounds=3, seconds=0.002
    )
    assert short.low <= short.median <= short.high < long.median
    assert long.median >= 20


@pytest.mark.parametrize("kind", ["conv", "maxpool", "avgpool"])
def test_both_libraries_compute_the_same_thing(kind):
    for layer, (_, *shape) in bench._cases(kind):
        theirs = bench._laid_out(layer, torch.channels_last)
        x = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
        with torch.no_grad():
            expected = theirs(torch.from_numpy(x)).numpy()
        np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


def test_an_epoch_trains_both_libraries_alike():
    rng = np.random.default_rng(0)
    images, labels = rng.random((128, 1, 8, 8), dtype=np.float32), rng.integers(0, 10, 128)
    ours, default, last = bench.training_calls(images, labels)
    networks = [call.__closure__ for call in (ours, default, last)]
    models = [cell.cell_contents for cells in networks for cell in cells if is_network(cell)]
    before = models[0].state_dict()
    for call in (ours, default, last):
        call()
    for name, array in models[0].state_dict().items():
        assert not np.array_equal(array, before[name])
        for theirs in models[1:]:
            np.testing.assert_allclose(array, theirs.state_dict()[name].numpy(), atol=1e-4)


def is_network(cell):
    return isinstance(cell.cell_contents, (nn.Module, torch.nn.Module)) and list(
        cell.cell_contents.parameters()
    )


def test_working_memory_sees_what_numpy_takes():
    assert bench._extra(lambda: [np.zeros(1000) + np.zeros(1000)]) >= 16000 - 8000
    assert bench._extra(lambda: [np.zeros(1000)]) < 4000


def test_a_convolution_needs_little_more_than_the_patches_of_one_image():
    layer = nn.Conv2d(8, 8, 3, padding=1)
    for row in bench.working_memory(layer, (16, 8, 32, 32)):
        assert row.patches == 8 * 9 * 32 * 32 * 4
        assert row.extra < 2 * row.patches


def test_files_of_mnist_are_read(tmp_path):
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    header = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in images.shape)
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(header + images.tobytes()))
    np.testing.assert_array_equal(bench.read_idx(path), images)


def test_a_quick_run_measures_everything_in_a_process_of_its_own(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("CNNLAB_DATA", raising=False)
    environment, file = dict(os.environ), tmp_path / "bench.json"
    bench.main(["--quick", "--json", str(file)])
    assert dict(os.environ) == environment
    (report,) = json.loads(file.read_text("utf-8"))
    assert {row["group"] for row in report["rows"]} == set(bench.TARGETS)
    assert all(row["ours"]["median"] > 0 for row in report["rows"])
    assert {row["direction"] for row in report["memory"]} == {"forward", "backward"}
    printed = capsys.readouterr().out
    assert "Training step, in milliseconds: median (quartiles). Aim: at most 1.3" in printed
    assert report["threads"] == 1


# --- other devices -------------------------------------------------------------------------------


class FakeModule:
    """Stands for torch.cuda: notes for which device somebody waits."""

    def __init__(self):
        self.waited = []

    def synchronize(self, device):
        self.waited.append(str(device))


def test_the_clock_of_a_gpu_waits_before_it_is_read(monkeypatch):
    fake = FakeModule()
    monkeypatch.setattr(torch, "get_device_module", lambda device: fake)
    read = bench.clock("cuda")
    assert fake.waited == []
    assert read() <= read()
    assert fake.waited == ["cuda", "cuda"]


def test_on_one_thread_the_time_of_others_does_not_count():
    read = bench.clock("cpu", threads=1)
    began = read()
    time.sleep(0.05)
    assert read() - began < 0.04
    wall = bench.clock("cpu", threads=2)
    began = wall()
    time.sleep(0.05)
    assert wall() - began >= 0.05


@pytest.mark.parametrize("kind", ["conv", "training"])
def test_everything_is_measured_on_another_device(kind, monkeypatch):
    monkeypatch.delenv("CNNLAB_DATA", raising=False)
    rows, _ = bench._measure(kind, True, "cpu:0")
    assert all(row.default.median > 0 for row in rows)


def test_weights_and_images_go_to_the_device(monkeypatch):
    asked = []
    to = torch.Tensor.to

    def spy(self, *arguments, **options):
        asked.extend(str(a) for a in (*arguments, *options.values()))
        return to(self, *arguments, **options)

    monkeypatch.setattr(torch.Tensor, "to", spy)
    bench.layer_calls(nn.MaxPool2d(2), (1, 1, 4, 4), device="cpu:0")
    assert asked.count("cpu:0") == 4  # image and gradient, in two layouts


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="device = 'nonsense': torch finds none here"):
        bench.run("maxpool", quick=True, device="nonsense")


def test_on_a_gpu_nothing_is_aimed_at():
    report = Report("A processor", 1, REPORT.rows, (), "cuda (A card)")
    assert "Aim" not in repr(report)
    assert report.title == "A processor; float32, 1 thread; torch on cuda (A card)"


def test_a_report_that_was_kept_comes_back(tmp_path):
    report = Report("A processor", 1, REPORT.rows, REPORT.memory, "cpu", "2026-01-02")
    bench._keep(report, "cpu", tmp_path)
    again = bench.recorded("cpu", tmp_path)
    assert again == report
    assert again.title.endswith("1 thread; 2026-01-02")


def test_what_was_not_kept_is_said_with_the_command():
    with pytest.raises(FileNotFoundError, match=r"python -m cnnlab\.bench --device mps --record"):
        bench.recorded("mps")


def test_the_summary_has_one_line_for_each_group():
    assert REPORT.summary().rows == [
        ["convolution, forward", "2", "2.00", "4.00"],
        ["max pooling, forward", "1", "0.10", "4.00"],
    ]


def test_the_book_s_own_report_is_there_and_complete():
    report = bench.recorded()
    assert {row.group for row in report.rows} == set(bench.TARGETS)
    assert (report.device, report.threads) == ("cpu", 1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", report.date)


def test_record_keeps_the_report(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "RECORDS", tmp_path)
    monkeypatch.setattr(bench, "run", lambda *arguments, **options: REPORT)
    bench.main(["--record"])
    assert "kept in bench_cpu.json" in capsys.readouterr().out
    assert bench.recorded("cpu", tmp_path).rows == REPORT.rows
