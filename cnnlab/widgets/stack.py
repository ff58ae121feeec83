"""The stack builder: add, drag and swap layers, and watch the bill and the field. Chapter 2."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnlab import _checks, nn, shapes
from cnnlab._extras import needed
from cnnlab.nn.convgeometry import ConvGeometry
from cnnlab.text import number
from cnnlab.widgets.base import Checked, PageWidget, StateError
from cnnlab.widgets.values import Photo, Whole, choice, real, small_int

with needed("widgets", by="cnnlab.widgets"):
    import traitlets

Layer = dict[str, Any]

RULES = ("max", "average", "stride", "none")
#: What a layer of each kind holds, and the values of what is left out.
KINDS: dict[str, Layer] = {
    "conv": {
        "out_channels": 8,
        "kernel_size": 3,
        "stride": 1,
        "padding": 0,
        "dilation": 1,
        "relu": True,
    },
    "pool": {"rule": "max", "kernel_size": 2, "stride": 2, "padding": 0},
    "dropout": {"p": 0.5},
    "flatten": {},
    "global": {},
    "dense": {"out_features": 10, "relu": False},
}
SPANS = {
    "out_channels": (1, 512),
    "kernel_size": (1, 11),
    "stride": (1, 8),
    "padding": (0, 8),
    "dilation": (1, 4),
    "out_features": (1, 4096),
    "size": (4, 256),
    "channels": (1, 64),
}
MOST = 24  # layers
PHOTO_SIDES = (8, 128)
MOST_WEIGHTS = 200_000_000  # of a network that is really built

#: The network of chapter 2: three convolutions, two pools, a dense layer.
NETWORK: tuple[Layer, ...] = (
    {"kind": "conv", "out_channels": 8, "padding": 1},
    {"kind": "pool"},
    {"kind": "conv", "out_channels": 16, "padding": 1},
    {"kind": "pool"},
    {"kind": "conv", "out_channels": 16, "padding": 1},
    {"kind": "flatten"},
    {"kind": "dense"},
)


class _Size(nn.Parameter):
    """A parameter that knows its size and holds no numbers, of which there may be billions."""

    def __init__(self, *sizes: int) -> None:
        self._sizes = sizes

    @property
    def size(self) -> int:
        return math.prod(self._sizes)


class Conv2d(nn.Conv2d):
    """A convolution layer's sizes without its weights."""

    def __init__(self, in_channels: int, out_channels: int, **window: int) -> None:
        self.in_channels, self.out_channels = in_channels, out_channels
        self._geometry = ConvGeometry("Conv2d", **window, groups=1)
        self.weight = _Size(out_channels, in_channels, *self.kernel_size)
        self.bias = _Size(out_channels)


class Linear(nn.Linear):
    """A dense layer's sizes without its weights."""

    def __init__(self, in_features: int, out_features: int) -> None:
        self.in_features, self.out_features = in_features, out_features
        self.weight, self.bias = _Size(out_features, in_features), _Size(out_features)


class StackExplorer(PageWidget):
    """A network as a stack of layers: what each costs, and what each sees of the picture.

    Parameters
    ----------
    layers : sequence of dict, optional
        From the input upwards, at most 24. Each has a ``kind`` and, where they are not the usual
        ones, its numbers under torch's names:

        - ``conv``: out_channels (8), kernel_size (3), stride (1), padding (0), dilation (1), and
          relu (True): whether a ReLU follows;
        - ``pool``: rule, kernel_size (2), stride (as the kernel), padding (0). The rule is
          ``'max'``, ``'average'``, ``'stride'`` (there is no pool, and the convolution above takes
          its stride) or ``'none'`` (there is no pool);
        - ``dropout``: p (0.5);
        - ``flatten``, and ``global`` for global average pooling: nothing;
        - ``dense``: out_features (10), relu (False).

        The network of chapter 2 if not given. A layer that does not fit what the layers above it
        make is no error: the explorer says what is wrong, and goes on without it.
    size : int, default 28
        Side of the input, in pixels, 4 to 256.
    channels : int, default 1
        Channels of the input, 1 to 64.
    photo : (H, W) array_like, optional
        A grey photograph to look at, 8 to 128 rows and columns: whole numbers from 0 to 255, or
        floats in [0, 1]. If not given, a drawn digit for one channel, a drawn landscape for more.
    selected : int, optional
        The layer whose receptive field is drawn; 1 is the first, 0 the input. The last one before
        the flatten if not given.
    unit : (row, column), optional
        Which value of the selected layer's map; the one in the middle if not given.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a layer or a value is of an unknown kind, or out of range. It is a ``ValueError``, and
        also raised by an assignment such as ``explorer.size = 1000``, which then changes nothing.

    Notes
    -----
    In a running notebook all arguments but `anchor` are traits: assign to them, or read what the
    reader has built. Assign new `layers`; a change inside the old ones goes unnoticed.

    Examples
    --------
    >>> explorer = StackExplorer([{"kind": "conv"}, {"kind": "pool"}], size=5)
    >>> explorer
    StackExplorer: 5×5×1 → conv → max pool: 1×1×8, 80 parameters, 648 MACs
    >>> [(row.name, row.output_shape, row.receptive_field) for row in explorer.trace()]
    [('Conv2d', (8, 3, 3), 3), ('MaxPool2d', (8, 1, 1), 4)]
    >>> StackExplorer([{"kind": "dense"}]).problems()[0]
    'A dense layer reads one row of numbers, and gets 28×28×1. Put a flatten or a global average \
above it.'
    """

    module = "stack.js"

    layers = Checked(NETWORK).tag(sync=True)
    size = Whole(28, SPANS["size"]).tag(sync=True)
    channels = Whole(1, SPANS["channels"]).tag(sync=True)
    photo = Photo(PHOTO_SIDES).tag(sync=True)
    selected = Whole(0, (0, MOST)).tag(sync=True)
    unit = Checked(None).tag(sync=True)

    def __init__(
        self,
        layers: Sequence[Mapping[str, Any]] | None = None,
        size: int = 28,
        channels: int = 1,
        *,
        photo: npt.ArrayLike | None = None,
        selected: int | None = None,
        unit: tuple[int, int] | None = None,
        anchor: str | None = None,
    ) -> None:
        layers = NETWORK if layers is None else layers
        super().__init__(
            layers=layers,
            size=size,
            channels=channels,
            photo=photo,
            selected=0 if selected is None else selected,
            unit=unit,
            anchor=anchor,
        )
        if selected is None:
            kinds = [layer["kind"] for layer in self.layers]
            local = [kind not in ("flatten", "global", "dense") for kind in kinds]
            self.selected = [*local, False].index(False)

    def __repr__(self) -> str:
        """One line: the layers, what comes out, and the bill."""
        names = " → ".join([self._start(), *(_name(layer) for layer in self.layers)])
        if any(self.problems()):
            wrong = [str(n) for n, words in enumerate(self.problems(), start=1) if words]
            return f"StackExplorer: {names}: layer {' and '.join(wrong)} does not fit"
        rows = self.trace()
        shape = _shape(rows[-1].output_shape if rows else (self.channels, self.size, self.size))
        parameters, macs = _bill(rows)
        return f"StackExplorer: {names}: {shape}, {parameters} parameters, {macs} MACs"

    def _start(self) -> str:
        return _shape((self.channels, self.size, self.size))

    def problems(self) -> list[str | None]:
        """For each layer, what keeps it from working, and what to do; None where nothing does."""
        return [problem for _, problem, _ in self._steps()]

    def to_sequential(self, *, rng: np.random.Generator | None = None) -> nn.Sequential:
        """Build the network, with a ReLU behind each layer that asks for one.

        Parameters
        ----------
        rng : numpy.random.Generator, optional
            Source of the starting weights; fresh and unpredictable when left out.

        Returns
        -------
        nn.Sequential
            A global average becomes ``AdaptiveAvgPool2d(1)`` and ``Flatten()``.

        Raises
        ------
        StateError
            If a layer does not fit, or the network has more than 200 million parameters.

        Examples
        --------
        >>> layers = [{"kind": "conv"}, {"kind": "pool", "rule": "stride"}, {"kind": "global"}]
        >>> StackExplorer(layers).to_sequential(rng=np.random.default_rng(0))
        Sequential(
          (0): Conv2d(1, 8, kernel_size=3, stride=2)
          (1): ReLU()
          (2): AdaptiveAvgPool2d(output_size=1)
          (3): Flatten()
        )
        """
        rng = _checks.generator("StackExplorer.to_sequential", rng, optional=True)
        weights = sum(row.parameters for row in self.trace())
        if weights > MOST_WEIGHTS:
            raise StateError(
                f"StackExplorer.to_sequential: {number(weights)} parameters, needed at most "
                f"{number(MOST_WEIGHTS)}. Make the maps smaller before they are flattened."
            )
        return nn.Sequential(*(module for _, module in self._modules(rng)))

    def trace(self) -> list[shapes.LayerSummary]:
        """Follow the shape of one image through the network, with :func:`cnnlab.shapes.trace`.

        Returns
        -------
        list of LayerSummary
            One for each layer of the stack that is a layer of the network: a pool with the rule
            ``'stride'`` or ``'none'`` is not. The row of a layer counts its ReLU, that of a global
            average its flatten.

        Raises
        ------
        StateError
            If a layer does not fit.
        """
        for position, words in enumerate(self.problems(), start=1):
            if words:
                raise StateError(f"StackExplorer: layer {position} does not fit. {words}")
        modules = list(self._modules(None))
        rows = shapes.trace(
            nn.Sequential(*(module for _, module in modules)),
            (self.channels, self.size, self.size),
        )
        positions = [position for position, _ in modules]
        together = groupby(zip(positions, rows, strict=True), key=lambda pair: pair[0])
        return [_merged([row for _, row in pairs]) for _, pairs in together]

    def _steps(self) -> Iterator[tuple[Layer, str | None, tuple[int, ...]]]:
        """Yield each layer with the stride it really has, its problem, and the shape that comes."""
        shape: tuple[int, ...] = (self.channels, self.size, self.size)
        flat_by = ""
        for layer in effective(self.layers):
            problem = _problem(layer, shape, flat_by)
            yield layer, problem, shape
            if problem is None:
                shape = _output(layer, shape)
                if len(shape) == 1:
                    flat_by = flat_by or _name(layer)

    def _modules(self, rng: np.random.Generator | None) -> Iterator[tuple[int, nn.Module]]:
        """Layers of cnnlab with the position each has in the stack; without weights for no rng."""
        for position, (layer, problem, shape) in enumerate(self._steps()):
            if problem is None:
                for module in _built(layer, shape, rng):
                    yield position, module

    def _sees(self) -> Iterator[str]:
        """Side of the square that a value of each layer depends on; "all" for all of the picture.

        A flatten keeps what the values of the map see; behind a global average or a dense layer,
        each number depends on the whole map, though that need not reach every pixel.
        """
        passed: list[tuple[Layer, int]] = []
        whole, field, jump = "", 1, 1
        for layer, _, shape in self._steps():
            if _skipped(layer):
                continue
            if layer["kind"] in ("conv", "pool"):
                passed.append((layer, shape[1]))
                field += layer.get("dilation", 1) * (layer["kernel_size"] - 1) * jump
                jump *= layer["stride"]
                side = _output(layer, shape)[1]
            elif layer["kind"] in ("global", "dense") and not whole:
                read = _read(passed, side if passed else self.size)
                whole = str(max(read) - min(read) + 1) if read else "0"
                whole = "all" if len(read) == self.size else whole
            yield whole or str(field)

    @traitlets.validate("layers")
    def _check_layers(self, proposal: Any) -> list[Layer]:
        layers = proposal["value"]
        if isinstance(layers, str | Mapping) or not isinstance(layers, Sequence):
            raise StateError(
                f"StackExplorer(layers): got a {type(layers).__name__}, needed a list of dicts "
                f"such as {{'kind': 'conv', 'out_channels': 8}}."
            )
        if len(layers) > MOST:
            raise StateError(
                f"StackExplorer(layers): got {len(layers)} layers, needed at most {MOST}."
            )
        return [_checked(f"layer {n}", layer) for n, layer in enumerate(layers, start=1)]

    @traitlets.validate("unit")
    def _check_unit(self, proposal: Any) -> list[int] | None:
        value = proposal["value"]
        if value is None:
            return None
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise StateError(
                f"StackExplorer(unit={value!r}): needed (row, column) of a value in the selected "
                f"layer's map, or None for the one in the middle."
            )
        names = ("unit, row", "unit, column")
        return [
            small_int("StackExplorer", name, v, (0, 511))
            for name, v in zip(names, value, strict=True)
        ]

    def fallback(self) -> str:
        """Render the layers as a table, with what each costs and sees."""
        works = not any(self.problems())
        rows = self.trace() if works else []
        left = zip(rows, self._sees(), strict=True) if works else iter(())
        body = [["input", self._start(), "", "", "1", "1"]]
        for layer, problem, _ in self._steps():
            name = _name(layer) + _detail(layer)
            if problem:
                body.append([name, f"does not fit: {problem}"])
            elif _skipped(layer):
                body.append([name, "no layer of its own"])
            else:
                body.append([name, *(_cells(*next(left)) if works else [""])])
        if works:
            body.append(["together", "", *_bill(rows), "", ""])
        head = ("layer", "output", "parameters", "MACs", "jump", "receptive field")
        lines = [
            '<div class="cnn-still cnn-stack-still">',
            "<table>",
            f"<caption>A network, layer by layer, for a picture of {self._start()}</caption>",
            "<thead><tr>" + "".join(f'<th scope="col">{text}</th>' for text in head),
            "</tr></thead>",
            "<tbody>",
        ]
        for name, *cells in body:
            wide = ' colspan="5"' if len(cells) == 1 else ""
            lines.append(f"<tr><td>{name}</td>" + "".join(f"<td{wide}>{c}</td>" for c in cells))
        return "\n".join([*lines, "</tbody>", "</table>", "</div>"])


def effective(layers: Sequence[Layer]) -> list[Layer]:
    """Give the stride of each pool with the rule 'stride' to the convolution above it.

    Parameters
    ----------
    layers : sequence of dict
        Whole layers, as the trait holds them.

    Returns
    -------
    list of dict
        Copies. A pool that found no convolution has ``"lost": True``: only dropout and pools that
        are no layers may stand between the two.

    Examples
    --------
    >>> explorer = StackExplorer([{"kind": "conv"}, {"kind": "pool", "rule": "stride"}])
    >>> effective(explorer.layers)[0]["stride"]
    2
    """
    result = [dict(layer) for layer in layers]
    giver: Layer | None = None
    for layer in result:
        if layer["kind"] == "conv":
            giver = layer
        elif layer["kind"] == "pool" and layer["rule"] == "stride":
            if giver is None:
                layer["lost"] = True
            else:
                giver["stride"] *= layer["stride"]
        elif layer["kind"] != "dropout" and layer.get("rule") != "none":
            giver = None
    return result


def _checked(where: str, layer: Any) -> Layer:
    """One whole layer, in a fixed order, or what is wrong with it."""
    who = "StackExplorer"
    if not isinstance(layer, Mapping) or "kind" not in layer:
        raise StateError(f"{who}(layers): {where} is {layer!r}, needed a dict with a 'kind'.")
    kind = choice(who, f"{where}: kind", layer["kind"], tuple(KINDS))
    for name in layer:
        if name != "kind" and name not in KINDS[kind]:
            holds = ", ".join(KINDS[kind]) or "nothing else"
            raise StateError(f"{who}({where}: {name!r}): a {kind} layer has {holds}.")
    usual = dict(KINDS[kind])
    if kind == "pool":
        usual["stride"] = min(layer.get("kernel_size", 2), SPANS["stride"][1])
    whole: Layer = {"kind": kind}
    for name, default in usual.items():
        value, what = layer.get(name, default), f"{where}: {name}"
        if name == "rule":
            whole[name] = choice(who, what, value, RULES)
        elif name == "p":
            whole[name] = round(real(who, what, value, (0, 0.95)), 2)
        elif name == "relu":
            if not isinstance(value, bool | np.bool_):
                raise StateError(f"{who}({what}={value!r}): needed True or False.")
            whole[name] = bool(value)
        else:
            whole[name] = small_int(who, what, value, SPANS[name])
    if kind == "pool" and 2 * whole["padding"] > whole["kernel_size"]:
        raise StateError(
            f"{who}({where}: padding={whole['padding']}): needed at most half the window, here "
            f"{whole['kernel_size'] // 2}. A window must not lie in the padding alone."
        )
    return whole


def _name(layer: Layer) -> str:
    if layer["kind"] != "pool":
        return "global average" if layer["kind"] == "global" else str(layer["kind"])
    return {"stride": "stride", "none": "no pool"}.get(layer["rule"], f"{layer['rule']} pool")


def _detail(layer: Layer) -> str:
    """Write the numbers of a layer, those aside that are as usual."""
    k, s, p, d = (layer.get(x) for x in ("kernel_size", "stride", "padding", "dilation"))
    if layer["kind"] == "pool" and layer["rule"] in ("stride", "none"):
        return ""
    parts = []
    if layer["kind"] in ("conv", "pool"):
        parts = [f"{k}×{k}"]
        parts += [f"stride {s}"] * (s != (1 if layer["kind"] == "conv" else k))
        parts += [f"padding {p}"] * (p != 0) + [f"dilation {d}"] * (d not in (None, 1))
    if layer["kind"] == "dense":
        parts = [str(layer["out_features"])]
    if layer["kind"] == "dropout":
        parts = [f"{layer['p']:g}"]
    parts += ["ReLU"] * layer.get("relu", False)
    return " " + ", ".join(parts) if parts else ""


def _shape(shape: tuple[int, ...]) -> str:
    """Maps as height × width × channels, a row of numbers by its length."""
    if len(shape) == 1:
        return f"{number(shape[0])} number{'s' * (shape[0] != 1)}"
    C, H, W = shape
    return f"{H}×{W}×{C}"


def _cells(row: shapes.LayerSummary, sees: str) -> list[str]:
    """Write what a layer gives, costs and sees; numbers in a row have no jump."""
    jump = "–" if row.jump is None else str(row.jump)
    return [_shape(row.output_shape), *_bill([row]), jump, sees]


def _read(passed: Sequence[tuple[Layer, int]], side: int) -> set[int]:
    """Pixels along a side of the picture that any value of a map with this side depends on.

    `passed` holds the layers below the map, each with the side of the map that it gets.
    """
    places = set(range(side))
    for layer, before in reversed(passed):
        dilation, padding = layer.get("dilation", 1), layer["padding"]
        taps = [n * dilation - padding for n in range(layer["kernel_size"])]
        places = {p * layer["stride"] + tap for p in places for tap in taps} & set(range(before))
    return places


def _bill(rows: Sequence[shapes.LayerSummary]) -> list[str]:
    """Write the sums of parameters and of multiplications."""
    return [number(sum(r.parameters for r in rows)), number(sum(r.macs for r in rows))]


def _skipped(layer: Layer) -> bool:
    """Whether the layer is only a place in the stack, and none in the network."""
    return layer["kind"] == "pool" and layer["rule"] in ("stride", "none")


def _problem(layer: Layer, shape: tuple[int, ...], flat_by: str) -> str | None:
    """What keeps a layer from taking a shape, and what to do, in words."""
    kind, name = layer["kind"], _name(layer)
    if _skipped(layer):
        if not layer.get("lost"):
            return None
        return (
            f"There is no convolution right above it to take over the stride of {layer['stride']}. "
            f"Move it below one, or choose another rule."
        )
    if kind in ("conv", "pool", "global") and len(shape) == 1:
        who = {"conv": "A convolution", "pool": "A pool", "global": "A global average"}[kind]
        return (
            f"{who} needs maps, and the {flat_by} above has made one row of numbers of them. "
            f"Move it up, above the {flat_by}, or take it out."
        )
    if kind == "dense" and len(shape) == 3:
        return (
            f"A dense layer reads one row of numbers, and gets {_shape(shape)}. Put a flatten or a "
            f"global average above it."
        )
    if kind not in ("conv", "pool"):
        return None
    reach = layer.get("dilation", 1) * (layer["kernel_size"] - 1) + 1
    side, padding = shape[1], layer["padding"]
    if reach <= side + 2 * padding:
        return None
    padded = f", {side + 2 * padding}×{side + 2 * padding} with its padding" if padding else ""
    what = "window" if kind == "pool" else "kernel"
    return (
        f"Its {what} covers {reach}×{reach} pixels, and the map has {side}×{side}{padded}. Take a "
        f"smaller {what}{' or more padding' if kind == 'conv' else ''}, or let the maps shrink "
        f"less above the {name}."
    )


def _output(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape behind a layer that fits."""
    kind = layer["kind"]
    if kind == "dense":
        return (layer["out_features"],)
    if kind == "flatten":
        return (math.prod(shape),)
    if kind == "global":
        return (shape[0],)
    if kind == "dropout" or _skipped(layer):
        return shape
    side = shapes.output_size(
        shape[1],
        layer["kernel_size"],
        layer["stride"],
        layer["padding"],
        layer.get("dilation", 1),
    )
    return (layer.get("out_channels", shape[0]), side, side)


def _built(
    layer: Layer, shape: tuple[int, ...], rng: np.random.Generator | None
) -> list[nn.Module]:
    """Layers of cnnlab for one of the stack; without an rng they have sizes, and no weights."""
    kind = layer["kind"]
    relu = [nn.ReLU()] if layer.get("relu") else []
    if _skipped(layer):
        return []
    if kind == "conv":
        names = ("kernel_size", "stride", "padding", "dilation")
        window = {name: layer[name] for name in names}
        maps = shape[0], layer["out_channels"]
        return [
            Conv2d(*maps, **window) if rng is None else nn.Conv2d(*maps, **window, rng=rng),
            *relu,
        ]
    if kind == "pool":
        pool = nn.MaxPool2d if layer["rule"] == "max" else nn.AvgPool2d
        return [pool(layer["kernel_size"], layer["stride"], layer["padding"])]
    if kind == "dropout":
        return [nn.Dropout(layer["p"], rng=rng)]
    if kind == "flatten":
        return [nn.Flatten()]
    if kind == "global":
        return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    sizes = shape[0], layer["out_features"]
    return [Linear(*sizes) if rng is None else nn.Linear(*sizes, rng=rng), *relu]


def _merged(rows: list[shapes.LayerSummary]) -> shapes.LayerSummary:
    """One row for layers that count as one: what they cost together, and what the last gives."""
    return replace(
        rows[-1],
        name=rows[0].name,
        parameters=sum(row.parameters for row in rows),
        macs=sum(row.macs for row in rows),
    )
