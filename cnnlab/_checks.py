"""Checks of arguments, and the wording of errors: who, what came, what is needed, what to do."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cnnlab._types import Array


def integer(who: str, name: str, value: Any, at_least: int | None = None) -> int:
    """Return `value` as an int, or say why it cannot be one."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError(f"{who}: {name} = {value!r} is a {type(value).__name__}, needed an int.")
    if at_least is not None and value < at_least:
        raise ValueError(f"{who}: {name} = {value}, needed at least {at_least}.")
    return int(value)


def number(who: str, name: str, value: Any, at_least: float | None = None) -> float:
    """Return `value` as a float, or say why it cannot be one; NaN is at least nothing."""
    real = int | float | np.integer | np.floating
    if isinstance(value, bool | np.bool_) or not isinstance(value, real):
        raise TypeError(f"{who}: {name} = {value!r} is a {type(value).__name__}, needed a number.")
    if at_least is not None and not value >= at_least:
        raise ValueError(f"{who}: {name} = {value}, needed at least {at_least}.")
    return float(value)


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


def sizes(who: str, name: str, value: Any) -> tuple[int, ...]:
    """Return a shape without a batch axis: any number of sizes, none of them 0."""
    if not isinstance(value, tuple | list):
        raise TypeError(
            f"{who}: {name} = {value!r} is a {type(value).__name__}, needed a tuple such as "
            f"(C, H, W)."
        )
    return tuple(integer(who, f"{name}[{axis}]", size, 1) for axis, size in enumerate(value))


def image_shape(who: str, value: Any) -> tuple[int, int, int]:
    """Return `value` as (C, H, W), the shape of one image."""
    shape = sizes(who, "input_shape", value)
    if len(shape) != 3:
        raise ValueError(
            f"{who}: the shape {shape} of one input has {len(shape)} entries, needed 3 = "
            f"(C, H, W), without the batch axis."
        )
    C, H, W = shape
    return C, H, W


def generator(who: str, rng: Any, optional: bool = False) -> np.random.Generator:
    """Return `rng`; where it is `optional`, None stands for a fresh, unpredictable one."""
    if rng is None and optional:
        return np.random.default_rng()
    if not isinstance(rng, np.random.Generator):
        seed = rng if isinstance(rng, int) else 0
        raise TypeError(
            f"{who}: rng = {rng!r} is a {type(rng).__name__}, needed a numpy.random.Generator. "
            f"Pass np.random.default_rng({seed})."
        )
    return rng


def float_type(who: str, value: Any) -> np.dtype[Any]:
    """Return `value` as one of the two types that layers compute in."""
    for kind in (np.dtype(np.float32), np.dtype(np.float64)):
        if value is not None and value == kind:  # to NumPy, None means float64
            return kind
    raise TypeError(f"{who}: dtype = {value!r}, needed np.float32 or np.float64.")


def array(who: str, name: str, value: Any) -> Array:
    """Return `value` if it is a real-valued NumPy array, or say what came instead."""
    if not isinstance(value, np.ndarray):
        raise TypeError(
            f"{who}: the {name} is a {type(value).__name__}, needed a NumPy array. "
            f"Convert it with np.asarray(...)."
        )
    if value.dtype.kind not in "iub" and value.dtype.type not in (np.float32, np.float64):
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


def axis(who: str, name: str, value: Any, x: Array) -> int:
    """Return an axis of `x`, counted from the front; a single number passes for one axis."""
    ndim = max(x.ndim, 1)
    value = integer(who, name, value, -ndim)
    if value >= ndim:
        raise ValueError(
            f"{who}: {name} = {value} for an input of shape {x.shape}, needed a number from "
            f"{-ndim} to {ndim - 1}."
        )
    return int(value % ndim)


def gradient(who: str, grad_output: Any, output_shape: Sequence[int], dtype: Any) -> Array:
    """Return `grad_output` in the dtype of the input, or in float64 if that is not a float.

    Refuse it unless it has the shape of the output that it is the gradient of.
    """
    grad = array(who, "grad_output", grad_output)
    shape(who, "grad_output", grad, output_shape, " It is the gradient of the output.")
    floats = np.dtype(dtype).kind == "f"
    converted: Array = grad.astype(dtype if floats else np.float64, copy=False)
    return converted
