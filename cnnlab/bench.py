"""How fast is it? cnnlab against torch on this machine's processor, measured in turns. Chapter 10.

``python -m cnnlab.bench`` prints one table for each kind of layer and direction: the median time
of a call, its quartiles, and cnnlab's time over torch's, once for torch's default layout (NCHW in
memory) and once for channels-last (NHWC), which its processor kernels prefer. Nothing here fails
when a number is bad; the tables say what the aim is and what was reached.

Everything is measured in a process of its own, in which all libraries were told their number of
threads before they started: afterwards NumPy's matrix product does not listen any more.
"""

import argparse
import gc
import gzip
import json
import math
import multiprocessing
import os
import platform
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from cnnlab import datasets, nn, optim
from cnnlab._types import Array
from cnnlab.compare import to_torch
from cnnlab.nn.convolution import conv2d
from cnnlab.nn.convolution_back import conv2d_backward
from cnnlab.text import Table

try:
    import torch
except ImportError as missing:
    raise ImportError(
        'cnnlab.bench needs PyTorch. Install it with: pip install "cnnlab[torch]"'
    ) from missing

__all__ = ["Memory", "Report", "Row", "Target", "Timing", "geometric_mean", "main", "run"]

KINDS = ("conv", "maxpool", "avgpool", "training")
THREADS = (  # what the matrix products and loops of NumPy and torch look at when they start
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
)
LAYOUTS = (torch.contiguous_format, torch.channels_last)
BATCH, STEPS = 64, 15  # images in a training step; steps in one timed epoch

Calls = list[Callable[[], Any]]  # cnnlab, torch in its default layout, torch with channels last
Case = tuple[dict[str, Any], tuple[int, ...]]  # arguments of the layer, shape of its input


def _conv(
    shape: tuple[int, ...], out_channels: int, kernel_size: int, padding: int = 0, **options: int
) -> Case:
    sizes = {"in_channels": shape[1], "out_channels": out_channels, "kernel_size": kernel_size}
    return {**sizes, "padding": padding, **options}, shape


CONVOLUTIONS = [
    _conv((64, 1, 28, 28), 16, 3, padding=1),  # the two layers of the network in chapter 9
    _conv((64, 16, 14, 14), 32, 3, padding=1),
    _conv((64, 16, 28, 28), 16, 3, padding=1),
    _conv((64, 32, 14, 14), 32, 3, padding=1),
    _conv((64, 64, 7, 7), 64, 3, padding=1),
    _conv((16, 32, 32, 32), 32, 3, padding=1),
    _conv((16, 64, 56, 56), 64, 3, padding=1),
    _conv((64, 1, 28, 28), 16, 5),
    _conv((32, 16, 14, 14), 32, 5, padding=2),
    _conv((32, 64, 28, 28), 64, 1),
    _conv((32, 32, 28, 28), 64, 3, padding=1, stride=2),
    _conv((32, 32, 28, 28), 32, 3, padding=1, groups=32),  # depthwise
    _conv((32, 16, 28, 28), 16, 3, padding=2, dilation=2),
]
POOLINGS: list[Case] = [
    ({"kernel_size": 2}, (64, 16, 28, 28)),  # the two layers of the network in chapter 9
    ({"kernel_size": 2}, (64, 32, 14, 14)),
    ({"kernel_size": 2}, (16, 32, 56, 56)),
    ({"kernel_size": 2}, (8, 32, 112, 112)),
    ({"kernel_size": 2, "stride": 1}, (32, 16, 28, 28)),
    ({"kernel_size": 3, "stride": 2, "padding": 1}, (32, 16, 28, 28)),
    ({"kernel_size": 3, "stride": 2, "padding": 1}, (8, 32, 112, 112)),
]


# -- results --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Timing:
    """Time of one call, in milliseconds.

    Parameters
    ----------
    low, median, high : float
        Quartiles over the rounds.
    """

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        digits = 3 if self.median < 1 else 2 if self.median < 10 else 1
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}–{self.high:.{digits}f})"


@dataclass(frozen=True)
class Row:
    """One computation in cnnlab and in torch.

    Parameters
    ----------
    group : str
        A key of ``TARGETS``.
    what : str
        The layer.
    shape : tuple of int
        Of its input.
    ours, default, channels_last : Timing
        cnnlab, torch in its default layout, torch with channels last.
    """

    group: str
    what: str
    shape: tuple[int, ...]
    ours: Timing
    default: Timing
    channels_last: Timing

    @property
    def ratios(self) -> tuple[float, float]:
        """Time of cnnlab over that of torch in its default layout and with channels last."""
        ours = self.ours.median
        return ours / self.default.median, ours / self.channels_last.median


@dataclass(frozen=True)
class Memory:
    """Working memory of one convolution of cnnlab, beyond what comes in and goes out.

    Parameters
    ----------
    what : str
    shape : tuple of int
        Of the input.
    direction : {'forward', 'backward'}
    extra : int
        Peak, in bytes.
    patches : int
        The windows of one image side by side, in bytes: forward of the image, backward of the
        output's gradient.
    """

    what: str
    shape: tuple[int, ...]
    direction: str
    extra: int
    patches: int


@dataclass(frozen=True)
class Target:
    """What cnnlab aims at: its time over torch's, at most, as a geometric mean of the rows.

    Parameters
    ----------
    default : float
        Of torch in its default layout.
    channels_last : float, optional
        Of torch with channels last.
    """

    default: float
    channels_last: float | None = None


TARGETS = {
    "convolution, forward": Target(1.8),
    "convolution, forward and backward": Target(2.2),
    "max pooling, forward": Target(0.2, 2),
    "max pooling, forward and backward": Target(0.2, 2),
    "average pooling, forward": Target(0.5),
    "average pooling, forward and backward": Target(0.5),
    "training step": Target(1.3),
}


@dataclass(frozen=True)
class Report:
    """Everything that :func:`run` measured; shown as tables.

    Parameters
    ----------
    machine : str
        Processor and versions.
    threads : int
    rows : tuple of Row
    memory : tuple of Memory
    """

    machine: str
    threads: int
    rows: tuple[Row, ...]
    memory: tuple[Memory, ...] = ()

    def ratios(self, group: str) -> tuple[float, float]:
        """Geometric means of a group: cnnlab over torch's default layout, and channels-last."""
        default, last = zip(*(row.ratios for row in self.rows if row.group == group), strict=True)
        return geometric_mean(default), geometric_mean(last)

    def tables(self) -> list[Table]:
        """One table for each group, and one of the working memory."""
        groups = dict.fromkeys(row.group for row in self.rows)
        tables = [self._table(group) for group in groups]
        return [*tables, _memory_table(self.memory)] if self.memory else tables

    def _table(self, group: str) -> Table:
        rows: list[list[Any]] = [
            [row.what, _times(row.shape), str(row.ours), str(row.default), str(row.channels_last)]
            + [f"{ratio:.2f}" for ratio in row.ratios]
            for row in self.rows
            if row.group == group
        ]
        means = self.ratios(group)
        rows.append(["geometric mean", "", "", "", "", *(f"{mean:.2f}" for mean in means)])
        first = "data" if group == "training step" else "layer"
        columns = [
            first,
            "input",
            "cnnlab",
            "torch",
            "torch, channels last",
            "ratio",
            "ratio, c. l.",
        ]
        title = f"{group[0].upper()}{group[1:]}, in milliseconds: median (quartiles)."
        return Table(columns, rows, f"{title} {_verdict(TARGETS[group], means)}")

    @property
    def title(self) -> str:
        """Under which conditions this was measured."""
        return f"{self.machine}; float32, {self.threads} thread{'s' * (self.threads > 1)}"

    def __repr__(self) -> str:
        return "\n\n".join([self.title, *map(repr, self.tables())])

    def _repr_html_(self) -> str:
        tables = "".join(table._repr_html_() for table in self.tables())
        return f"<p>{escape(self.title)}</p>{tables}"


def geometric_mean(ratios: Sequence[float]) -> float:
    """Mean that treats twice as fast and twice as slow alike.

    Examples
    --------
    >>> geometric_mean([0.5, 2.0])
    1.0
    """
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def markdown(table: Table) -> str:
    """Write a table with bars and dashes.

    Examples
    --------
    >>> print(markdown(Table(["layer", "ms"], [["ReLU", 2]], "Time")))
    Time
    <BLANKLINE>
    | layer | ms |
    | --- | --- |
    | ReLU | 2 |
    """
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{table.caption}\n\n{body}"


def _verdict(target: Target, means: tuple[float, float]) -> str:
    """State the aim, and whether it is reached.

    Examples
    --------
    >>> _verdict(Target(0.2, 2), (0.15, 2.5))
    'Aim: at most 0.2 of torch (reached), at most 2 of channels last (not reached).'
    """
    aims = [
        f"at most {aim:g} of {name} ({'reached' if mean <= aim else 'not reached'})"
        for name, aim, mean in (
            ("torch", target.default, means[0]),
            ("channels last", target.channels_last, means[1]),
        )
        if aim is not None
    ]
    return f"Aim: {', '.join(aims)}."


def _memory_table(memory: Sequence[Memory]) -> Table:
    rows = [
        [
            row.what,
            _times(row.shape),
            row.direction,
            f"{row.extra / 1024:.0f}",
            f"{row.patches / 1024:.0f}",
            f"{row.extra / row.patches:.2f}",
        ]
        for row in memory
    ]
    columns = ["layer", "input", "direction", "extra memory", "patches of one image", "ratio"]
    return Table(columns, rows, "Working memory beyond input and output, in KiB.")


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


# -- measuring ------------------------------------------------------------------------------------


def time_in_turns(calls: Calls, rounds: int, seconds: float) -> list[Timing]:
    """Time some calls round by round, so that all of them meet the same conditions.

    Parameters
    ----------
    calls : list of callables without arguments
        Each is called twice before, to warm up.
    rounds : int
        How often each is timed.
    seconds : float
        Least length of one measurement: a short call is repeated until it fills it.

    Returns
    -------
    list of Timing
        One for each call.
    """
    repeats = []
    for call in calls:
        call()
        began = time.perf_counter()
        call()
        repeats.append(max(1, math.ceil(seconds / max(time.perf_counter() - began, 1e-7))))
    measured = np.empty((rounds, len(calls)))
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for position in range(len(calls)):
                chosen = (position + turn) % len(calls)  # nobody is always first
                began = time.perf_counter()
                for _ in range(repeats[chosen]):
                    calls[chosen]()
                measured[turn, chosen] = (time.perf_counter() - began) / repeats[chosen]
    finally:
        gc.enable()
    quartiles = 1e3 * np.quantile(measured, [0.25, 0.5, 0.75], axis=0)
    return [Timing(*map(float, column)) for column in quartiles.T]


def layer_calls(layer: nn.Module, shape: tuple[int, ...]) -> tuple[Calls, Calls]:
    """Forward passes, and forward and backward passes, of a layer in cnnlab and in torch.

    Backward means the gradients of the input and of all parameters.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, dtype=np.float32)
    grad = rng.standard_normal(layer(x).shape, dtype=np.float32)
    forward: Calls = [lambda: layer(x)]
    both: Calls = [lambda: (layer(x), layer.backward(grad))]
    for layout in LAYOUTS:
        module = _laid_out(layer, layout)
        image = torch.from_numpy(x).contiguous(memory_format=layout).requires_grad_()
        output_grad = torch.from_numpy(grad).contiguous(memory_format=layout)
        forward.append(_torch_forward(module, image))
        both.append(_torch_both(module, image, output_grad))
    return forward, both


def _laid_out(model: nn.Module, layout: torch.memory_format) -> torch.nn.Module:
    """Translate a layer or network, with its weights in a layout of torch's."""
    laid_out: torch.nn.Module
    laid_out = to_torch(model).to(memory_format=layout)  # type: ignore[call-overload]  # torch's gap
    return laid_out


def _torch_forward(module: torch.nn.Module, x: torch.Tensor) -> Callable[[], Any]:
    def call() -> None:
        with torch.no_grad():
            module(x)

    return call


def _torch_both(module: torch.nn.Module, x: torch.Tensor, grad: torch.Tensor) -> Callable[[], Any]:
    sources = [x, *module.parameters()]
    return lambda: torch.autograd.grad(module(x), sources, grad)


def network(size: int, *, rng: np.random.Generator) -> nn.Sequential:
    """Build the network of chapter 9, for grey images of `size` by `size` pixels."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same", rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding="same", rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * (size // 4) ** 2, 10, rng=rng),
    )


def training_calls(images: Array, labels: Array) -> Calls:
    """One epoch of training, from the same initial weights, in cnnlab and in torch."""
    model = network(images.shape[-1], rng=np.random.default_rng(0))
    data = list(datasets.batches(images, labels, BATCH))
    theirs = [_torch_epoch(_laid_out(model, layout), data, layout) for layout in LAYOUTS]
    return [_epoch(model, data), *theirs]


def _epoch(model: nn.Module, data: list[tuple[Array, Array]]) -> Callable[[], Any]:
    criterion, optimizer = nn.CrossEntropyLoss(), optim.Adam(model.parameters())

    def epoch() -> None:
        for x, y in data:
            criterion(model(x), y)
            optimizer.zero_grad()
            model.backward(criterion.backward())
            optimizer.step()

    return epoch


def _torch_epoch(
    module: torch.nn.Module, data: list[tuple[Array, Array]], layout: torch.memory_format
) -> Callable[[], Any]:
    tensors = [
        (torch.from_numpy(x).contiguous(memory_format=layout), torch.from_numpy(y)) for x, y in data
    ]
    criterion, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.Adam(module.parameters())

    def epoch() -> None:
        for x, y in tensors:
            loss = criterion(module(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return epoch


def _training_data() -> Iterator[tuple[str, Array, Array]]:
    """Digits as they are and in a black frame of 28 pixels, and MNIST where the reader has it."""
    data = datasets.digits(size=16)
    yield "digits", data.x_train, data.y_train
    frame = [(0, 0), (0, 0), (6, 6), (6, 6)]
    yield "digits, framed", np.pad(data.x_train, frame), data.y_train
    folder = Path(os.environ.get("CNNLAB_DATA", "")) / "mnist"
    if "CNNLAB_DATA" in os.environ:
        images, labels = (
            read_idx(folder / f"t10k-{name}-ubyte.gz") for name in ("images-idx3", "labels-idx1")
        )
        yield "MNIST", (images[:, None] / 255).astype(np.float32), labels.astype(np.int64)


def read_idx(path: Path) -> Array:
    """Read an array of bytes in the format of MNIST (gzip-compressed IDX)."""
    content = gzip.decompress(path.read_bytes())
    axes = content[3]
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)


def working_memory(layer: nn.Conv2d, shape: tuple[int, ...]) -> list[Memory]:
    """Peak memory of a convolution, forward and backward, beyond input and output."""
    x = np.ones(shape, dtype=np.float32)
    weight = layer.weight.data
    options = layer.stride, layer.padding, layer.dilation, layer.groups
    y = conv2d(x, weight, None, *options)
    forward = _extra(lambda: [conv2d(x, weight, None, *options)])
    backward = _extra(lambda: conv2d_backward(y, x, weight, *options))
    entries = math.prod(layer.kernel_size) * x.itemsize
    return [
        Memory(repr(layer), shape, "forward", forward, x.shape[1] * entries * y[0, 0].size),
        Memory(repr(layer), shape, "backward", backward, y.shape[1] * entries * x[0, 0].size),
    ]


def _extra(call: Callable[[], Sequence[Array]]) -> int:
    """Peak of the memory that NumPy takes during a call, without that of the results, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        results = call()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak - sum(array.nbytes for array in results)


# -- the whole run --------------------------------------------------------------------------------


def _measure(kind: str, quick: bool) -> tuple[list[Row], list[Memory]]:
    """Measure one kind of computation, in this process."""
    rounds, seconds = (3, 0.001) if quick else (15, 0.005)
    rows: list[Row] = []
    if kind == "training":
        for what, images, labels in _training_data():
            steps = 2 if quick else STEPS
            images, labels = images[: steps * BATCH], labels[: steps * BATCH]
            timings = time_in_turns(training_calls(images, labels), rounds, seconds)
            step = [Timing(t.low / steps, t.median / steps, t.high / steps) for t in timings]
            rows.append(Row("training step", what, (BATCH, *images.shape[1:]), *step))
        return rows, []
    cases = _cases(kind)[: 2 if quick else None]
    name = {"conv": "convolution", "maxpool": "max pooling", "avgpool": "average pooling"}[kind]
    for layer, shape in cases:
        directions = "forward", "forward and backward"
        for direction, calls in zip(directions, layer_calls(layer, shape), strict=True):
            timings = time_in_turns(calls, rounds, seconds)
            rows.append(Row(f"{name}, {direction}", repr(layer), shape, *timings))
    memory = [
        row
        for layer, shape in cases
        if isinstance(layer, nn.Conv2d)
        for row in working_memory(layer, shape)
    ]
    return rows, memory


def _cases(kind: str) -> list[tuple[nn.Module, tuple[int, ...]]]:
    """Layers of a kind, each with the shape of its input."""
    if kind == "conv":
        rng = np.random.default_rng(0)
        return [(nn.Conv2d(**options, rng=rng), shape) for options, shape in CONVOLUTIONS]
    pool = {"maxpool": nn.MaxPool2d, "avgpool": nn.AvgPool2d}[kind]
    return [(pool(**options), shape) for options, shape in POOLINGS]


def machine() -> str:
    """Name the processor, NumPy with its library for matrix products, and torch."""
    cpu = Path("/proc/cpuinfo")
    text = cpu.read_text("utf-8") if cpu.exists() else ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    processor = next(iter(names), platform.processor() or platform.machine())
    config: Any = np.show_config(mode="dicts")
    blas = config["Build Dependencies"]["blas"]["name"]
    return f"{processor}; NumPy {np.__version__} ({blas}), torch {torch.__version__}"


@contextmanager
def _process(threads: int) -> Iterator[ProcessPoolExecutor]:
    """Start a process whose libraries are told their number of threads before they start."""
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, context, torch.set_num_threads, (threads,)) as pool:
            yield pool
    finally:
        for name in THREADS:
            del os.environ[name]
        os.environ.update(before)


def run(
    only: str | None = None,
    *,
    quick: bool = False,
    threads: int = 1,
    show: Callable[[Report], Any] | None = None,
) -> Report:
    """Measure everything, or one kind of computation.

    Parameters
    ----------
    only : {'conv', 'maxpool', 'avgpool', 'training'}, optional
    quick : bool, default False
        A few cases, a few rounds: seconds instead of minutes, and rough numbers.
    threads : int, default 1
        For both libraries.
    show : callable, optional
        Called with a report of each kind as soon as it is measured.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if only is not None and only not in KINDS:
        raise ValueError(f"bench.run: only = {only!r}, needed one of {', '.join(KINDS)}, or None.")
    rows: list[Row] = []
    memory: list[Memory] = []
    name = machine()
    with _process(threads) as process:
        for kind in KINDS if only is None else (only,):
            new_rows, new_memory = process.submit(_measure, kind, quick).result()
            if show is not None:
                show(Report(name, threads, tuple(new_rows), tuple(new_memory)))
            rows += new_rows
            memory += new_memory
    return Report(name, threads, tuple(rows), tuple(memory))


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.bench",
        description="Time cnnlab against PyTorch on this machine's processor, float32.",
    )
    parser.add_argument("--quick", action="store_true", help="a few cases, rough numbers, seconds")
    parser.add_argument(
        "--all-threads", action="store_true", help="measure again with all processor threads"
    )
    parser.add_argument("--only", choices=KINDS, help="one kind of computation")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print Markdown tables")
    form.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers to a file")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    options = parse(arguments)
    counts = [1, os.cpu_count() or 1] if options.all_threads else [1]
    reports = []
    for threads in counts:
        print(Report(machine(), threads, ()).title, flush=True)
        reports.append(
            run(
                options.only,
                quick=options.quick,
                threads=threads,
                show=lambda report: print(_tables(report, options.markdown), flush=True),
            )
        )
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(report) for report in reports], indent=1))


def _tables(report: Report, as_markdown: bool) -> str:
    form = markdown if as_markdown else repr
    return "".join(f"\n{form(table)}\n" for table in report.tables())


if __name__ == "__main__":
    from cnnlab import bench  # the module by its name, so that results can pass between processes

    bench.main()
