"""What a layer is: something with a forward pass, a backward pass and perhaps parameters.

The contract of every layer in `cnnlab.nn` is short. ``y = layer(x)`` computes the output and
keeps what the way back needs; ``grad_x = layer.backward(grad_y)`` turns the gradient of a loss
with respect to the output into that with respect to the input, and *adds* the gradients of the
layer's own parameters into their ``grad``. Chapter 9.
"""

from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.shapes import Window


class Parameter:
    """A trainable array and the gradient that has been collected for it.

    Parameters
    ----------
    data : array
        Floating-point; updated in place by the optimisers.

    Attributes
    ----------
    data : array
        The values. Write into it, as in ``p.data[...] = 0``: a layer keeps the array itself.
    grad : array of the shape and dtype of `data`
        What `backward` has added up since the last ``zero_grad``; 0 at first.

    Notes
    -----
    There is no `requires_grad`, as torch has it: every parameter is trained that an optimiser
    gets. `data` has to be given, and `grad` is never None.
    """

    def __init__(self, data: Array) -> None:
        self.data = _checks.floating("Parameter", "data", data)
        self.grad = np.zeros_like(self.data)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.data.shape

    @property
    def size(self) -> int:
        """Number of trainable values."""
        return self.data.size

    def __repr__(self) -> str:
        return f"Parameter(shape={self.shape}, dtype={self.data.dtype})"


class Module:
    """Base of all layers and networks (torch.nn.Module).

    A layer keeps the array `x` it was given, not a copy, until the next forward pass: do not write
    into `x` between forward and backward. The output may be written into, for the layer does not
    need it; but Flatten, and Dropout in evaluation, hand on the memory of `x`.

    Attributes
    ----------
    training : bool
        Whether dropout drops and batch norm uses the batch: True until :meth:`eval` is called.
    buffer_names : tuple of str
        Attributes that travel with the weights but are not trained.

    Notes
    -----
    Nobody computes gradients unless a layer says how: a layer of your own needs `backward` beside
    `forward`, which torch derives by itself. :meth:`children` gives names, too, as torch's
    ``named_children`` does. Of torch's options there is no `recurse`, `remove_duplicate`,
    `prefix`, `memo`, `keep_vars`, `destination`, `strict`, `assign` or `set_to_none`.

    Examples
    --------
    >>> class Half(Module):
    ...     def forward(self, x):
    ...         return x / 2
    ...
    ...     def backward(self, grad_output):
    ...         return grad_output / 2
    >>> Half()(np.array([2.0, 6.0]))
    array([1., 3.])
    """

    training: bool = True
    buffer_names: tuple[str, ...] = ()

    def forward(self, x: Array) -> Array:
        """Compute the output; every layer has its own.

        Raises
        ------
        NotImplementedError
            If the layer has none.
        """
        raise NotImplementedError(_not_written(self, "forward(self, x)", "returns its output"))

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input; add those of the parameters into their ``grad``.

        Raises
        ------
        NotImplementedError
            If the layer has none.
        """
        what = "returns the gradient of its input"
        raise NotImplementedError(_not_written(self, "backward(self, grad_output)", what))

    def __call__(self, x: Array) -> Array:
        """Compute the output: ``layer(x)`` is ``layer.forward(x)``."""
        return self.forward(x)

    # -- parameters -------------------------------------------------------------------------

    def children(self) -> Iterator[tuple[str, "Module"]]:
        """Layers inside this one, also those in lists, with their names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value
            elif isinstance(value, list | tuple):
                for position, layer in enumerate(value):
                    if isinstance(layer, Module):
                        yield f"{name}.{position}", layer

    def modules(self) -> Iterator["Module"]:
        """Return this module and all layers inside it, however deep."""
        yield self
        for _, child in self.children():
            yield from child.modules()

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its torch key, for example ``0.weight``."""
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield name, value
        for prefix, child in self.children():
            for name, parameter in child.named_parameters():
                yield f"{prefix}.{name}", parameter

    def parameters(self) -> Iterator[Parameter]:
        """Every parameter, in the order of :meth:`named_parameters`."""
        for _, parameter in self.named_parameters():
            yield parameter

    def zero_grad(self) -> None:
        """Forget all collected gradients."""
        for parameter in self.parameters():
            parameter.grad[...] = 0

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers under torch's keys."""
        return {name: array.copy() for name, array in self._state()}

    def load_state_dict(self, state_dict: Mapping[str, Array]) -> None:
        """Take over parameters and buffers, for example those of a torch model.

        Parameters
        ----------
        state_dict : mapping of str to array
            Exactly the keys and shapes of :meth:`state_dict`.

        Raises
        ------
        ValueError, TypeError
            If a key is missing, unknown, or its array has another shape or does not hold real
            numbers. Nothing is changed then.
        """
        who, own, state = type(self).__name__, dict(self._state()), state_dict
        missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
        if missing or unknown:
            raise ValueError(
                f"{who}.load_state_dict: missing keys {missing}, unknown keys {unknown}, needed "
                f"exactly {sorted(own)}. Were the weights made by a network of another form?"
            )
        who, arrays = f"{who}.load_state_dict", {}
        for name, array in own.items():
            key = f"array {name!r}"
            arrays[name] = _checks.array(who, key, np.asarray(state[name]))
            _checks.shape(who, key, arrays[name], array.shape)
            if array.dtype.kind == "i" and arrays[name].dtype.kind == "f":
                raise TypeError(
                    f"{who}: the {key} has dtype {arrays[name].dtype}, needed integers."
                )
        for name, array in own.items():
            array[...] = arrays[name]

    def _state(self) -> Iterator[tuple[str, Array]]:
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                yield name, value.data
        for name in self.buffer_names:
            yield name, getattr(self, name)
        for prefix, child in self.children():
            for name, array in child._state():
                yield f"{prefix}.{name}", array

    # -- modes ------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> "Module":
        """Switch to training (dropout drops, batch norm uses the batch); return the module."""
        self.training = mode
        for _, child in self.children():
            child.train(mode)
        return self

    def eval(self) -> "Module":
        """Switch to evaluation; return the module."""
        return self.train(False)

    # -- shapes -----------------------------------------------------------------------------

    @property
    def window(self) -> Window | None:
        """The layer's sliding window, if it has one."""
        return None

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the output for one image, both without the batch axis."""
        return input_shape

    def macs(self, input_shape: tuple[int, ...]) -> int:
        """Multiply-accumulates of one forward pass over one image of `input_shape`."""
        return 0

    # -- text -------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """Arguments to show in ``repr``."""
        return ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.extra_repr()})"

    def _saved(self, *names: str) -> Any:
        """What the last forward pass kept for the way back."""
        missing = [name for name in names if getattr(self, name, None) is None]
        if missing:
            raise RuntimeError(
                f"{self!r}: backward was called before forward, needed an output to differentiate. "
                f"Call y = layer(x) first."
            )
        values = tuple(getattr(self, name) for name in names)
        return values if len(values) > 1 else values[0]


class Windowed(Module):
    """Base of the layers that slide a window over an image: convolutions and poolings.

    How the window moves is checked when the layer is built. Afterwards it can only be read: a
    layer with another window is another layer.
    """

    _geometry: Any  # with kernel, stride, padding and dilation
    kernel_size = property(attrgetter("_geometry.kernel"), doc="Rows and columns of the window.")
    stride = property(
        attrgetter("_geometry.stride"), doc="Steps of the window, down and to the right."
    )
    padding = property(
        attrgetter("_geometry.padding"), doc="Frame around the image: rows and columns."
    )
    dilation = property(
        attrgetter("_geometry.dilation"),
        doc="Distance of neighbouring weights or values in a window.",
    )

    @property
    def window(self) -> Window:
        """Kernel, stride and dilation."""
        return Window(self.kernel_size, self.stride, self.dilation)


def _not_written(layer: Module, method: str, what: str) -> str:
    """Say that a layer lacks a method, and what it would have to do."""
    return (
        f"{type(layer).__name__}: this layer has no {method.partition('(')[0]}, needed one that "
        f"{what}. Write {method} in a class derived from Module."
    )


def short(value: Any) -> Any:
    """(2, 2) as 2, anything else as it is: how ``repr`` shows windows."""
    return value[0] if isinstance(value, tuple) and value[0] == value[1] else value


def changed(layer: Module, defaults: Mapping[str, Any]) -> str:
    """Those arguments of a layer that differ from their defaults: how ``repr`` ends."""
    shown = {name: short(getattr(layer, name)) for name in defaults}
    return "".join(f", {n}={value!r}" for n, value in shown.items() if value != defaults[n])
