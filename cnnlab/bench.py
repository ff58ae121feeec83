"""How fast is it? cnnlab against torch on this machine, measured in turns. Chapter 10.

``python -m cnnlab.bench`` prints one table for each kind of layer and direction: the median time
of a call, its quartiles, and cnnlab's time over torch's, once for torch's default layout (NCHW in
memory) and once for channels-last (NHWC), which its processor kernels prefer. Nothing here fails
when a number is bad; the tables say what the aim is and what was reached.

With ``--device cuda`` torch computes on the GPU, and cnnlab on the processor as ever. Images and
weights are brought there before the clock starts, the clock is read when the GPU has finished, and
float32 is float32: the factors of products are not rounded to TF32.

Everything is measured in a process of its own, in which all libraries were told their number of
threads before they started: afterwards NumPy's matrix product does not listen any more. With one
thread, and no GPU to wait for, it is the processor's time that counts: what others do on the same
machine then hardly enters.

``--record`` keeps the numbers beside this file, for chapter 10.
"""

import argparse
import datetime
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
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.compare import tf32, to_torch
from cnnlab.nn.convolution import conv2d
from cnnlab.nn.convolution_back import conv2d_backward
from cnnlab.text import Table

with needed("torch", by="cnnlab.bench"):
    import torch

__all__ = [
    "Memory",
    "Report",
    "Row",
    "Target",
    "Timing",
    "geometric_mean",
    "main",
    "recorded",
    "run",
]

KINDS = ("conv", "maxpool", "avgpool", "training")
THREADS = (  # what the matrix products and loops of NumPy and torch look at when they start
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
)
LAYOUTS = (torch.contiguous_format, torch.channels_last)
RECORDS = Path(__file__).parent
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
    device : str, default "cpu"
        Where torch computed; of a GPU also its name.
    date : str, default ""
        Day of the measurement.
    """

    machine: str
    threads: int
    rows: tuple[Row, ...]
    memory: tuple[Memory, ...] = ()
    device: str = "cpu"
    date: str = ""

    def ratios(self, group: str) -> tuple[float, float]:
        """Geometric means of a group: cnnlab over torch's default layout, and channels-last."""
        default, last = zip(*(row.ratios for row in self.rows if row.group == group), strict=True)
        return geometric_mean(default), geometric_mean(last)

    def summary(self) -> Table:
        """One line for each group: how many cases, and cnnlab's time over torch's."""
        groups = dict.fromkeys(row.group for row in self.rows)
        rows: list[list[Any]] = [
            [
                group,
                sum(row.group == group for row in self.rows),
                *(f"{mean:.2f}" for mean in self.ratios(group)),
            ]
            for group in groups
        ]
        columns = ["", "cases", "of torch", "of torch, channels last"]
        return Table(columns, rows, f"Time of cnnlab in parts of torch's. {self.title}")

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
        if self.device != "cpu":
            return Table(columns, rows, title)  # what cnnlab aims at is torch on a processor
        return Table(columns, rows, f"{title} {_verdict(TARGETS[group], means)}")

    @property
    def title(self) -> str:
        """Under which conditions this was measured."""
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        where = "" if self.device == "cpu" else f"; torch on {self.device}"
        return f"{self.machine}; float32, {threads}{where}" + (self.date and f"; {self.date}")

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


def clock(device: str = "cpu", threads: int = 1) -> Callable[[], float]:
    """Give a clock that fits: it returns seconds, of which only differences mean something.

    Parameters
    ----------
    device : str, default "cpu"
        Where torch computes. The clock of a GPU waits until it has finished.
    threads : int, default 1
        With one, on the CPU, the processor's time of this process is counted.
    """
    if torch.device(device).type == "cpu":
        return time.process_time if threads == 1 else time.perf_counter

    def on_the_wall() -> float:
        torch.get_device_module(device).synchronize(device)
        return time.perf_counter()

    return on_the_wall


def time_in_turns(
    calls: Calls, rounds: int, seconds: float, clock: Callable[[], float] = time.perf_counter
) -> list[Timing]:
    """Time some calls round by round, so that all of them meet the same conditions.

    Parameters
    ----------
    calls : list of callables without arguments
        Each is called twice before, to warm up.
    rounds : int
        How often each is timed.
    seconds : float
        Least length of one measurement: a short call is repeated until it fills it.
    clock : callable, default ``time.perf_counter``
        Returns seconds; see :func:`clock`.

    Returns
    -------
    list of Timing
        One for each call.
    """
    repeats = []
    for call in calls:
        call()
        began = clock()
        call()
        repeats.append(max(1, math.ceil(seconds / max(clock() - began, 1e-7))))
    measured = np.empty((rounds, len(calls)))
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for position in range(len(calls)):
                chosen = (position + turn) % len(calls)  # nobody is always first
                began = clock()
                for _ in range(repeats[chosen]):
                    calls[chosen]()
                measured[turn, chosen] = (clock() - began) / repeats[chosen]
    finally:
        gc.enable()
    quartiles = 1e3 * np.quantile(measured, [0.25, 0.5, 0.75], axis=0)
    return [Timing(*map(float, column)) for column in quartiles.T]


def layer_calls(
    layer: nn.Module, shape: tuple[int, ...], device: str = "cpu"
) -> tuple[Calls, Calls]:
    """Forward passes, and forward and backward passes, of a layer in cnnlab and in torch.

    Backward means the gradients of the input and of all parameters. torch's images, gradients and
    weights are brought to the device here.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, dtype=np.float32)
    grad = rng.standard_normal(layer(x).shape, dtype=np.float32)
    forward: Calls = [lambda: layer(x)]
    both: Calls = [lambda: (layer(x), layer.backward(grad))]
    for layout in LAYOUTS:
        module = _laid_out(layer, layout, device)
        image = torch.from_numpy(x).to(device).contiguous(memory_format=layout).requires_grad_()
        output_grad = torch.from_numpy(grad).to(device).contiguous(memory_format=layout)
        forward.append(_torch_forward(module, image))
        both.append(_torch_both(module, image, output_grad))
    return forward, both


def _laid_out(
    model: nn.Module, layout: torch.memory_format, device: str = "cpu"
) -> torch.nn.Module:
    """Translate a layer or network, with its weights on a device in a layout of torch's."""
    module = to_torch(model).to(device)
    module.to(memory_format=layout)  # type: ignore[call-overload]  # torch's gap; it changes itself
    return module


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


def training_calls(images: Array, labels: Array, device: str = "cpu") -> Calls:
    """One epoch of training, from the same initial weights, in cnnlab and in torch."""
    model = network(images.shape[-1], rng=np.random.default_rng(0))
    data = list(datasets.batches(images, labels, BATCH))
    theirs = [
        _torch_epoch(_laid_out(model, layout, device), data, layout, device) for layout in LAYOUTS
    ]
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
    module: torch.nn.Module,
    data: list[tuple[Array, Array]],
    layout: torch.memory_format,
    device: str,
) -> Callable[[], Any]:
    tensors = [
        (
            torch.from_numpy(x).to(device).contiguous(memory_format=layout),
            torch.from_numpy(y).to(device),
        )
        for x, y in data
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


def _measure(
    kind: str, quick: bool, device: str = "cpu", threads: int = 1
) -> tuple[list[Row], list[Memory]]:
    """Measure one kind of computation, in this process."""
    rounds, seconds = (3, 0.001) if quick else (15, 0.005)
    rows: list[Row] = []

    def timed(calls: Calls) -> list[Timing]:
        with tf32(False):
            return time_in_turns(calls, rounds, seconds, clock(device, threads))

    if kind == "training":
        for what, images, labels in _training_data():
            steps = 2 if quick else STEPS
            images, labels = images[: steps * BATCH], labels[: steps * BATCH]
            timings = timed(training_calls(images, labels, device))
            step = [Timing(t.low / steps, t.median / steps, t.high / steps) for t in timings]
            rows.append(Row("training step", what, (BATCH, *images.shape[1:]), *step))
        return rows, []
    cases = _cases(kind)[: 2 if quick else None]
    name = {"conv": "convolution", "maxpool": "max pooling", "avgpool": "average pooling"}[kind]
    for layer, shape in cases:
        directions = "forward", "forward and backward"
        for direction, calls in zip(directions, layer_calls(layer, shape, device), strict=True):
            rows.append(Row(f"{name}, {direction}", repr(layer), shape, *timed(calls)))
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


def _name(device: str) -> str:
    """Name a device of torch, such as ``cuda (NVIDIA H200)``, or say that there is none."""
    try:
        place = torch.empty(0, device=device).device
    except (AssertionError, RuntimeError) as error:
        raise ValueError(
            f"bench.run: device = {device!r}: torch finds none here "
            f"({str(error).splitlines()[0]}). Leave it out to compute on the CPU."
        ) from None
    if place.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(place)})"
    return str(place.type)


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
    device: str = "cpu",
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
    device : str, default "cpu"
        Where torch computes, such as ``"cuda"``.
    show : callable, optional
        Called with a report of each kind as soon as it is measured.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If there is no such kind, or no such device.
    """
    if only is not None and only not in KINDS:
        raise ValueError(f"bench.run: only = {only!r}, needed one of {', '.join(KINDS)}, or None.")
    rows: list[Row] = []
    memory: list[Memory] = []
    name, place = machine(), _name(device)
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    with _process(threads) as process:
        for kind in KINDS if only is None else (only,):
            new_rows, new_memory = process.submit(_measure, kind, quick, device, threads).result()
            if show is not None:
                show(Report(name, threads, tuple(new_rows), tuple(new_memory), place))
            rows += new_rows
            memory += new_memory
    return Report(name, threads, tuple(rows), tuple(memory), place, date)


def recorded(device: str = "cpu", folder: Path = RECORDS) -> Report:
    """Give the numbers that were kept with ``--record``.

    Parameters
    ----------
    device : str, default "cpu"
        Where torch computed, without the name of a GPU.
    folder : pathlib.Path
        Where they are kept.

    Returns
    -------
    Report

    Raises
    ------
    FileNotFoundError
        If nothing was kept for that device.
    """
    path = folder / f"bench_{device}.json"
    if not path.exists():
        option = "" if device == "cpu" else f" --device {device}"
        raise FileNotFoundError(
            f"bench.recorded: nothing was kept for device = {device!r}. Measure it with: "
            f"python -m cnnlab.bench{option} --record"
        )
    kept = json.loads(path.read_text("utf-8"))
    rows = [
        Row(
            *(row["group"], row["what"], tuple(row["shape"])),
            *(Timing(**row[name]) for name in ("ours", "default", "channels_last")),
        )
        for row in kept["rows"]
    ]
    memory = [Memory(**{**row, "shape": tuple(row["shape"])}) for row in kept["memory"]]
    return Report(**{**kept, "rows": tuple(rows), "memory": tuple(memory)})


def _keep(report: Report, device: str, folder: Path) -> Path:
    """Write a report where :func:`recorded` finds it, with four digits."""

    def short(value: Any) -> Any:
        if isinstance(value, float):
            return float(f"{value:.4g}")
        if isinstance(value, dict):
            return {key: short(entry) for key, entry in value.items()}
        return [short(entry) for entry in value] if isinstance(value, list | tuple) else value

    path = folder / f"bench_{device}.json"
    kept = short(asdict(report))
    lists = {key: kept.pop(key) for key in ("rows", "memory")}
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in kept.items()]
    for key, entries in lists.items():
        lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        parts.append(f'"{key}": [\n{lines}\n]')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")
    return path


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cnnlab.bench",
        description="Time cnnlab against PyTorch on this machine, float32.",
    )
    parser.add_argument("--quick", action="store_true", help="a few cases, rough numbers, seconds")
    parser.add_argument(
        "--all-threads", action="store_true", help="measure again with all processor threads"
    )
    parser.add_argument("--device", default="cpu", help="where torch computes, such as cuda")
    parser.add_argument("--only", choices=KINDS, help="one kind of computation")
    parser.add_argument(
        "--record", action="store_true", help="keep the numbers (one thread) for the book"
    )
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
        print(Report(machine(), threads, (), (), _name(options.device)).title, flush=True)
        reports.append(
            run(
                options.only,
                quick=options.quick,
                threads=threads,
                device=options.device,
                show=lambda report: print(_tables(report, options.markdown), flush=True),
            )
        )
    if options.json is not None:
        text = json.dumps([asdict(report) for report in reports], indent=1)
        options.json.write_text(text, encoding="utf-8")
    if options.record:
        print(f"kept in {_keep(reports[0], options.device, RECORDS).name}")


def _tables(report: Report, as_markdown: bool) -> str:
    form = markdown if as_markdown else repr
    return "".join(f"\n{form(table)}\n" for table in report.tables())


if __name__ == "__main__":
    from cnnlab import bench  # the module by its name, so that results can pass between processes

    bench.main()
