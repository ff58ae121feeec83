"""Checks of arguments, and the wording of errors: who, what came, what is needed, what to do."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnlab._types import Array


def integer(who: str, name: str, value: Any, at_least: int) -> int:
    """Return `value` as an int, or say why it cannot be one."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{who}: {name} = {value!r} is a {type(value).__name__}, needed an int.")
    if value < at_least:
        raise ValueError(f"{who}: {name} = {value}, needed at least {at_least}.")
    return int(value)


def pair(who: str, name: str, value: Any, at_least: int) -> tuple[int, int]:
    """Return ``(vertical, horizontal)`` from one int or from two.

    Examples
    --------
    >>> pair("max_pool2d", "stride", 2, at_least=1)
    (2, 2)
    >>> pair("max_pool2d", "stride", (2, 1), at_least=1)
    (2, 1)
    """
    if isinstance(value, tuple | list):
        if len(value) == 1:
            value = (value[0], value[0])
        if len(value) != 2:
            raise ValueError(
                f"{who}: {name} = {value!r} has {len(value)} entries, needed one int or a pair "
                f"(vertical, horizontal)."
            )
        return (
            integer(who, f"{name}[0]", value[0], at_least),
            integer(who, f"{name}[1]", value[1], at_least),
        )
    number = integer(who, name, value, at_least)
    return number, number


def array(who: str, name: str, value: Any) -> Array:
    """Return `value` if it is a real-valued NumPy array, or say what came instead."""
    if not isinstance(value, np.ndarray):
        raise TypeError(
            f"{who}: the {name} is a {type(value).__name__}, needed a NumPy array. "
            f"Convert it with np.asarray(...)."
        )
    if value.dtype.kind not in "fiub":
        raise TypeError(
            f"{who}: the {name} has dtype {value.dtype}, needed real numbers "
            f"(float32, float64, an integer type or bool)."
        )
    checked: Array = value
    return checked


def floating(who: str, name: str, value: Any) -> Array:
    """Return `value` as a floating-point array; integers and booleans become float64."""
    checked = array(who, name, value)
    if checked.dtype.kind != "f":
        checked = checked.astype(np.float64)
    return checked


def same_dtype(who: str, name: str, value: Array, other_name: str, other: Array) -> Array:
    """Return `value` in the dtype of `other`: integers are converted, other floats refused."""
    if value.dtype == other.dtype:
        return value
    if value.dtype.kind != "f":
        converted: Array = value.astype(other.dtype)
        return converted
    raise TypeError(
        f"{who}: the {name} is {value.dtype} and the {other_name} {other.dtype}, needed the same. "
        f"Convert one of them, for example with x.astype(np.{other.dtype})."
    )


def images(who: str, value: Any) -> Array:
    """Return `value` if it is a batch of images (N, C, H, W) or one image (C, H, W)."""
    x = array(who, "input", value)
    if x.ndim not in (3, 4):
        raise ValueError(
            f"{who}: the input of shape {x.shape} has {x.ndim} axes, needed 4 = (N, C, H, W) or "
            f"3 = (C, H, W). A single grey image x of shape (H, W) becomes x[None, None]."
        )
    if 0 in x.shape[-3:]:
        raise ValueError(
            f"{who}: the input of shape {x.shape} has (C, H, W) = {x.shape[-3:]}, needed at least "
            f"1 of each. Only the batch may be empty."
        )
    return x


def shape(who: str, name: str, value: Array, needed: Sequence[int], hint: str = "") -> Array:
    """Return `value` if it has the shape `needed`."""
    if value.shape != tuple(needed):
        raise ValueError(
            f"{who}: the {name} has shape {value.shape}, needed {tuple(needed)}.{hint}"
        )
    return value


def gradient(who: str, grad_output: Any, output_shape: Sequence[int], dtype: Any) -> Array:
    """Return `grad_output` if it fits the output it is the gradient of."""
    grad: Array = array(who, "grad_output", grad_output)
    shape(who, "grad_output", grad, output_shape, " It is the gradient of the output.")
    converted: Array = grad.astype(dtype, copy=False)
    return converted


def image_shape(who: str, value: Sequence[int]) -> tuple[int, int, int]:
    """Return `value` as (C, H, W), the shape of one image."""
    if len(value) != 3:
        raise ValueError(
            f"{who}: the shape {tuple(value)} of one input has {len(value)} entries, needed 3 = "
            f"(C, H, W), without the batch axis."
        )
    C, H, W = value
    return C, H, W
