"""A network as a chain: each layer's output is the next one's input. Chapter 9."""

from collections.abc import Iterator

from cnnlab._types import Array
from cnnlab.nn.module import Module


class Sequential(Module):
    """A chain of layers, each fed with the output of the one before (torch.nn.Sequential).

    Parameters
    ----------
    *layers : Module
        In the order in which the data pass through; each one once. (torch lets a layer come twice,
        and takes a dictionary of layers with names.)

    Raises
    ------
    TypeError
        If something is not a layer.
    ValueError
        If a layer comes twice.

    Examples
    --------
    >>> from cnnlab import nn
    >>> nn.Sequential(nn.MaxPool2d(2), nn.Flatten())
    Sequential(
      (0): MaxPool2d(kernel_size=2, stride=2)
      (1): Flatten()
    )
    """

    def __init__(self, *layers: Module) -> None:
        for position, layer in enumerate(layers):
            if not isinstance(layer, Module):
                raise TypeError(
                    f"Sequential: argument {position} is a {type(layer).__name__}, needed a layer "
                    f"such as nn.ReLU(). Were the brackets forgotten?"
                )
        inside = [layer for chained in layers for layer in chained.modules()]
        if len({id(layer) for layer in inside}) < len(inside):
            raise ValueError(
                "Sequential: the same layer comes twice, needed one layer for each place, because "
                "a layer remembers only its last input. Build a second one."
            )
        self.layers = list(layers)

    def forward(self, x: Array) -> Array:
        """Pass `x` through all layers."""
        for layer in self.layers:
            x = layer(x)
        return x

    def backward(self, grad_output: Array) -> Array:
        """Pass the gradient back through all layers, last one first."""
        for layer in reversed(self.layers):
            grad_output = layer.backward(grad_output)
        return grad_output

    def children(self) -> Iterator[tuple[str, Module]]:
        """Layers with their positions as names, as in torch."""
        for position, layer in enumerate(self.layers):
            yield str(position), layer

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape that leaves the last layer."""
        for layer in self.layers:
            input_shape = layer.output_shape(input_shape)
        return input_shape

    def macs(self, input_shape: tuple[int, ...]) -> int:
        """Sum over the layers."""
        total = 0
        for layer in self.layers:
            total += layer.macs(input_shape)
            input_shape = layer.output_shape(input_shape)
        return total

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, position: int | slice) -> Module:
        if isinstance(position, slice):
            return Sequential(*self.layers[position])
        return self.layers[position]

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __repr__(self) -> str:
        lines = [
            f"  ({name}): " + repr(layer).replace("\n", "\n  ") for name, layer in self.children()
        ]
        return "Sequential(\n" + "\n".join(lines) + "\n)" if lines else "Sequential()"
