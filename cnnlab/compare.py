"""The same network in cnnlab and in torch: translate it, and hold the numbers side by side.

Both libraries give a layer the same arguments under the same names and keep them as attributes of
the same names. So one rule translates every layer: read those attributes, build the layer of that
name in the other library, copy the arrays. Chapter 10.
"""

import copy
import inspect
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from cnnlab import _checks, nn
from cnnlab._extras import needed
from cnnlab._types import Array
from cnnlab.text import Table

with needed("torch", by="cnnlab.compare"):
    import torch

__all__ = [
    "BlurPool2d",
    "Comparison",
    "Difference",
    "compare",
    "from_torch",
    "tf32",
    "to_torch",
]

CLOSE = {"float32": 1e-5, "float64": 1e-12}  # what another order of additions may change


class BlurPool2d(torch.nn.Module):
    """Blur pooling in torch's own words: pad, then a convolution with one fixed filter per map.

    Parameters
    ----------
    kernel_size, stride, padding_mode
        As for ``cnnlab.nn.BlurPool2d``.

    Examples
    --------
    >>> BlurPool2d()(torch.tensor([[[0.0, 0.0, 8.0, 0.0]] * 4]))
    tensor([[[0., 4.],
             [0., 4.]]])
    """

    def __init__(self, kernel_size: int = 3, stride: int = 2, padding_mode: str = "reflect"):
        super().__init__()
        self.kernel_size, self.stride, self.padding_mode = kernel_size, stride, padding_mode
        weights = [math.comb(kernel_size - 1, i) for i in range(kernel_size)]
        row = torch.tensor(weights, dtype=torch.float64) / 2 ** (kernel_size - 1)
        self.filter: torch.Tensor
        self.register_buffer("filter", torch.outer(row, row), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Blur and subsample a batch (N, C, H, W) or one image (C, H, W)."""
        channels = x.shape[-3]
        before = (self.kernel_size - 1) // 2
        pads = [before, self.kernel_size - 1 - before] * 2
        mode = {"zeros": "constant"}.get(self.padding_mode, self.padding_mode)
        padded = torch.nn.functional.pad(x, pads, mode=mode)
        kernels = self.filter.to(x.dtype).expand(channels, 1, -1, -1)
        return torch.nn.functional.conv2d(padded, kernels, stride=self.stride, groups=channels)

    def extra_repr(self) -> str:
        """Arguments of the layer."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding_mode={self.padding_mode!r}"
        )


# -- translating ----------------------------------------------------------------------------------


def _is_layer(kind: Any) -> TypeGuard[type[nn.Module]]:
    """Whether this is a layer with arguments of its own (Sequential only holds layers)."""
    bases = nn.Module, nn.Sequential
    return isinstance(kind, type) and issubclass(kind, nn.Module) and kind not in bases


def _pairs() -> dict[str, tuple[type[nn.Module], type[torch.nn.Module]]]:
    """Every layer of cnnlab with its counterpart: torch's layer of that name, or the one above."""
    ours = {name: getattr(nn, name) for name in nn.__all__}
    return {
        name: (kind, getattr(torch.nn, name, None) or globals()[name])
        for name, kind in ours.items()
        if _is_layer(kind)
    }


LAYERS = _pairs()


def _pair(
    who: str, layer: Any, known: Sequence[type]
) -> tuple[type[nn.Module], type[torch.nn.Module]]:
    """Return the classes of a layer in both libraries, or say which layers have two."""
    kind = type(layer)
    if kind not in known:
        raise TypeError(
            f"{who}: there came {layer!r} of type {kind.__module__}.{kind.__qualname__}, needed a "
            f"Sequential or one of {', '.join(LAYERS)}. Translate the layers that are known, and "
            f"write the others by hand."
        )
    return LAYERS[kind.__name__]


def _arguments(kind: type) -> list[str]:
    """Names of a layer's arguments that describe what it computes."""
    aside = "rng", "dtype", "device", "inplace"
    return [name for name in inspect.signature(kind).parameters if name not in aside]


def to_torch(model: nn.Module) -> torch.nn.Module:
    """Build the same layer or network in torch.

    Parameters
    ----------
    model : nn.Module
        A layer of `cnnlab.nn`, or a Sequential of them, also nested.

    Returns
    -------
    torch.nn.Module
        On the CPU, with copies of the weights and buffers in their dtype, each layer in training
        or evaluation mode as it was. torch's random numbers are left as they are.

    Raises
    ------
    TypeError
        If a layer is not one of `cnnlab.nn`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> to_torch(nn.Sequential(nn.Conv2d(1, 4, kernel_size=3, rng=rng), nn.ReLU()))
    Sequential(
      (0): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1))
      (1): ReLU()
    )
    """
    module: torch.nn.Module
    if type(model) is nn.Sequential:
        module = torch.nn.Sequential(*map(to_torch, model))
    else:
        ours, theirs = _pair("to_torch", model, [kind for kind, _ in LAYERS.values()])
        known = inspect.signature(theirs).parameters  # an older torch may lack a newer option
        options = {name: getattr(model, name) for name in _arguments(ours) if name in known}
        for name, value in options.items():
            if name == "bias":
                options[name] = value is not None
            elif isinstance(value, np.ndarray):
                options[name] = torch.tensor(value)
        with torch.random.fork_rng(devices=[]):  # starting weights are drawn, and replaced below
            module = theirs(**options)
        state = {name: torch.from_numpy(array) for name, array in model.state_dict().items()}
        if state:
            module.to(next(iter(state.values())).dtype)
            module.load_state_dict(state)
    module.training = model.training
    return module


def from_torch(module: torch.nn.Module) -> nn.Module:
    """Build the same layer or network in cnnlab.

    Parameters
    ----------
    module : torch.nn.Module
        A layer that `cnnlab.nn` has too, or a Sequential of them, also nested; on any device.

    Returns
    -------
    nn.Module
        With copies of the weights and buffers in their dtype, each layer in training or evaluation
        mode as it was. ``inplace`` is left behind: it changes no number.

    Raises
    ------
    TypeError
        If cnnlab has no such layer, or a weight is neither float32 nor float64.
    ValueError
        If the layer uses an option that cnnlab does not have.

    Examples
    --------
    >>> from_torch(torch.nn.Sequential(torch.nn.MaxPool2d(2), torch.nn.Flatten()))
    Sequential(
      (0): MaxPool2d(kernel_size=2, stride=2)
      (1): Flatten()
    )
    """
    model: nn.Module
    if type(module) is torch.nn.Sequential:
        model = nn.Sequential(*map(from_torch, module))
    else:
        ours, theirs = _pair("from_torch", module, [kind for _, kind in LAYERS.values()])
        _only_shared_options(module, ours, theirs)
        options = {name: getattr(module, name) for name in _arguments(ours)}
        for name, value in options.items():
            if name == "bias":
                options[name] = value is not None
            elif isinstance(value, torch.Tensor):
                options[name] = _array(module, value)
        state = {name: _array(module, tensor) for name, tensor in module.state_dict().items()}
        if "dtype" in inspect.signature(ours).parameters:
            options["dtype"] = next((a.dtype for a in state.values()), np.float32)
        model = ours(**options)
        model.load_state_dict({name: state[name] for name in model.state_dict() if name in state})
    model.training = module.training
    return model


def _array(module: torch.nn.Module, tensor: torch.Tensor) -> Array:
    """Copy a weight or buffer into an array."""
    if tensor.dtype not in (torch.float32, torch.float64, torch.int64):
        raise TypeError(
            f"from_torch: a weight of {module!r} is {tensor.dtype}, needed torch.float32 or "
            f"torch.float64. Convert the module first, for example with module.float()."
        )
    array: Array = tensor.detach().cpu().numpy().copy()
    return array


def _only_shared_options(
    module: torch.nn.Module, ours: type[nn.Module], theirs: type[torch.nn.Module]
) -> None:
    """Refuse what would silently be lost: an option of torch's layer that ours does not have."""
    for name in set(_arguments(theirs)) - set(_arguments(ours)) - {"bias"}:
        default = inspect.signature(theirs).parameters[name].default
        value = getattr(module, name, default)
        if value is not default and value != default:
            raise ValueError(
                f"from_torch: {module!r} has {name} = {value!r}, needed {default!r}, the only "
                f"value that cnnlab.nn.{ours.__name__} knows."
            )


# -- comparing ------------------------------------------------------------------------------------


@contextmanager
def tf32(allow: bool) -> Iterator[None]:
    """Let convolutions and matrix products of a GPU round float32 factors to TF32, or not.

    TF32 keeps 10 of the 23 binary places behind the point of a float32. torch allows it for
    convolutions unless it is told otherwise, and not for matrix products. On the CPU this changes
    nothing.

    Parameters
    ----------
    allow : bool
        What holds inside the ``with`` block; afterwards everything is as it was.

    Yields
    ------
    None

    Notes
    -----
    torch 2.9 has new switches for this, and refuses to tell the state of the old ones once the new
    ones were used. So the new ones are used wherever they exist.
    """
    backends: Any = torch.backends
    value: Any = allow
    parts, name = (backends.cudnn, backends.cuda.matmul), "allow_tf32"
    if hasattr(backends.cuda.matmul, "fp32_precision"):
        parts, name = (backends.cudnn.conv, backends.cuda.matmul), "fp32_precision"
        value = "tf32" if allow else "ieee"
    before = [getattr(part, name) for part in parts]
    try:
        for part in parts:
            setattr(part, name, value)
        yield
    finally:
        for part, old in zip(parts, before, strict=True):
            setattr(part, name, old)


@dataclass(frozen=True)
class Difference:
    """How far one array is from its counterpart.

    Parameters
    ----------
    name : str
        For example ``output`` or ``gradient of 0.weight``.
    shape : tuple of int
    largest : float
        Largest absolute difference; NaN if only one of the two has a NaN somewhere.
    relative : float
        The same, divided by the largest absolute value of torch's array.
    """

    name: str
    shape: tuple[int, ...]
    largest: float
    relative: float


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found, shown in words that are the same on every machine.

    Parameters
    ----------
    differences : tuple of Difference
        Of the output, the loss, the input's gradient and every parameter's.
    dtype : str
    device : str
        Where torch computed.
    """

    differences: tuple[Difference, ...]
    dtype: str
    device: str

    @property
    def bound(self) -> float:
        """Difference that rounding explains: 1e-5 in float32, 1e-12 in float64."""
        return CLOSE[self.dtype]

    @property
    def agree(self) -> bool:
        """Whether every relative difference is below the bound."""
        return all(difference.relative < self.bound for difference in self.differences)

    def table(self, numbers: bool = False) -> Table:
        """Show all differences.

        Parameters
        ----------
        numbers : bool, default False
            Show the measured numbers. Their last digits differ from machine to machine; without
            them the table says "below 1e-5" where that is so.
        """
        rows = []
        for difference in self.differences:
            shape = "×".join(map(str, difference.shape)) or "–"
            values = difference.largest, difference.relative
            rows.append([difference.name, shape, *(self._say(v, numbers) for v in values)])
        verdict = "the same numbers" if self.agree else "not the same numbers"
        caption = f"cnnlab and torch on {self.device}, {self.dtype}: {verdict}"
        return Table(["quantity", "shape", "max |difference|", "relative"], rows, caption)

    def _say(self, value: float, numbers: bool) -> str:
        if numbers or not value < self.bound:
            return f"{value:.1e}"
        return f"below {self.bound:.0e}".replace("e-0", "e-")

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def compare(model: nn.Module, x: Array, y: Array | None = None, device: str = "cpu") -> Comparison:
    """Run one training step's forward and backward pass in both libraries, with the same weights.

    Parameters
    ----------
    model : nn.Module
        A layer or network; left as it is, gradients and running values included.
    x : array
        Input, float32 or float64 as the weights.
    y : integer array of shape (N,), optional
        Classes for the cross-entropy. When left out, the loss is the sum of the outputs, each
        multiplied by a fixed random number, so that a single layer can be compared too.
    device : str, default "cpu"
        Where torch computes: "cuda" for a GPU. Convolutions and matrix products are held to full
        float32 precision there, see :func:`tf32`.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError
        If torch has no such layer.
    ValueError
        If the model drops out at random, or there is no such device.

    Notes
    -----
    Two values in a max-pooling window that differ only by rounding can have another winner in each
    library, which then sends the gradient to another pixel. With black backgrounds this does not
    happen: a convolution of zeros is exactly its bias in both.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=rng), nn.Flatten(), nn.Linear(8, 3, rng=rng))
    >>> compare(model, rng.random((5, 1, 4, 4), dtype=np.float32), np.array([0, 1, 2, 0, 1]))
    cnnlab and torch on cpu, float32: the same numbers
    quantity               shape    max |difference|  relative
    output                 5×3      below 1e-5        below 1e-5
    loss                   –        below 1e-5        below 1e-5
    gradient of the input  5×1×4×4  below 1e-5        below 1e-5
    gradient of 0.weight   2×1×3×3  below 1e-5        below 1e-5
    gradient of 0.bias     2        below 1e-5        below 1e-5
    gradient of 2.weight   3×8      below 1e-5        below 1e-5
    gradient of 2.bias     3        below 1e-5        below 1e-5
    """
    x = np.ascontiguousarray(_checks.floating("compare", "x", x))  # torch knows no reversed arrays
    _check_device(device)
    _check_model(model)
    ours = copy.deepcopy(model)
    ours.zero_grad()
    theirs = to_torch(ours).to(device)
    here = _ours(ours, x, y)
    there = _theirs(theirs, x, y, device)
    scales = {name: _size(array[np.isfinite(array)]) for name, array in there.items()}
    largest_gradient = max(scale for name, scale in scales.items() if name.startswith("gradient"))
    differences = []
    for name, array in here.items():
        scale = scales[name]
        if name.startswith("gradient") and scale < 1e-4 * largest_gradient:
            scale = largest_gradient  # zero but for rounding: there is nothing to be relative to
        differences.append(_difference(name, array, there[name], scale))
    return Comparison(tuple(differences), str(x.dtype), device)


def _ours(model: nn.Module, x: Array, y: Array | None) -> dict[str, Array]:
    """Output, loss and gradients of cnnlab."""
    output = model(x)
    if y is None:
        grad_output = _fixed_weights(output.shape, output.dtype)
        loss = float(np.sum(output * grad_output))
    else:
        criterion = nn.CrossEntropyLoss()
        loss = criterion(output, y)
        grad_output = criterion.backward()
    grad_input = model.backward(grad_output)
    results = {"output": output, "loss": np.asarray(loss), "gradient of the input": grad_input}
    for name, parameter in model.named_parameters():
        results[f"gradient of {name}"] = parameter.grad
    return results


def _theirs(module: torch.nn.Module, x: Array, y: Array | None, device: str) -> dict[str, Array]:
    """Output, loss and gradients of torch."""
    tensor = torch.tensor(x, device=device, requires_grad=True)
    with tf32(False):
        output = module(tensor)
        if y is None:
            weights = _fixed_weights(tuple(output.shape), x.dtype)
            loss = (output * torch.tensor(weights, device=device)).sum()
        else:
            target = torch.tensor(y.astype(np.int64), device=device)
            loss = torch.nn.functional.cross_entropy(output, target)
        loss.backward()
    results = {"output": output, "loss": loss, "gradient of the input": tensor.grad}
    for name, parameter in module.named_parameters():
        results[f"gradient of {name}"] = parameter.grad
    return {name: value.detach().cpu().numpy() for name, value in results.items()}


def _fixed_weights(shape: tuple[int, ...], dtype: Any) -> Array:
    """Numbers that tell the outputs apart, the same in every call."""
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def _size(array: Array) -> float:
    """Largest absolute value, 0 for an empty array."""
    return float(np.max(np.abs(array), initial=0))


def _difference(name: str, ours: Array, theirs: Array, scale: float) -> Difference:
    """Compare two arrays; equal infinities and NaN in the same places are no difference."""
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        largest = _size(np.where(same, 0, ours - theirs))
    relative = largest / scale if scale else (math.inf if largest else 0.0)
    return Difference(name, ours.shape, largest, relative)


def _check_device(device: str) -> None:
    """Say so if there is no such device."""
    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise ValueError(f"compare: device = {device!r}, needed 'cpu' or 'cuda'.") from None
    if kind == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"compare: device = {device!r}, but PyTorch sees no CUDA GPU here. Use device='cpu', "
            f"or a machine with a GPU and the PyTorch built for it."
        )


def _check_model(model: nn.Module) -> None:
    """Refuse what draws other random numbers in each library, or gives more than one array."""
    for layer in model.modules():
        if isinstance(layer, nn.CrossEntropyLoss):
            raise ValueError(
                "compare: a CrossEntropyLoss came, needed a layer or a network. Pass the classes "
                "as y, and the loss is compared with everything else."
            )
        if getattr(layer, "return_indices", False):
            raise ValueError(
                f"compare: {layer!r} returns indices as well, needed one output. Build it with "
                f"return_indices=False."
            )
        if layer.training and 0 < getattr(layer, "p", 0) < 1:
            raise ValueError(
                f"compare: {layer!r} is in training mode and would drop other values in each "
                f"library, needed the same computation. Call model.eval() first."
            )
