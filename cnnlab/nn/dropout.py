"""Dropout: in training, silence units by chance; in evaluation, do nothing. Chapter 7.

This is *inverted* dropout: the survivors are divided by their probability of surviving, at once,
so that the expectation stays what it was and evaluation needs no correction.
"""

from typing import Any

import numpy as np

from cnnlab import _checks
from cnnlab._types import Array
from cnnlab.nn.module import Module


def dropout_mask(
    shape: tuple[int, ...],
    p: float = 0.5,
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = np.float64,
) -> Array:
    r"""Draw the factors of inverted dropout: 0 with probability p, otherwise 1 / (1 - p).

    A value x times its factor m becomes a random variable whose mean is x still:

    .. math:: \mathrm{E}[m x] = p \cdot 0 + (1 - p)\,\frac{x}{1 - p} = x, \qquad
              \mathrm{Var}[m x] = x^2\, \frac{p}{1 - p}

    Parameters
    ----------
    shape : tuple of int
    p : float, default 0.5
        Probability of *dropping*, in [0, 1]. With 1 everything is dropped: the mean
        is 0 then, and the law above no longer holds.
    rng : numpy.random.Generator, optional
        Source of chance; fresh and unpredictable when left out.
    dtype : float32 or float64, default float64

    Returns
    -------
    array of `shape` and `dtype`; the same generator drops the same places in both dtypes.

    Examples
    --------
    >>> dropout_mask((6,), 0.5, rng=np.random.default_rng(0))
    array([2., 0., 0., 0., 2., 2.])
    """
    p = _probability("dropout_mask", p)
    dtype = _checks.float_type("dropout_mask", dtype)
    kept = _checks.generator("dropout_mask", rng, optional=True).random(shape) >= p
    return np.asarray(kept * dtype.type(1 / (1 - p) if p < 1 else 0))


def _probability(who: str, p: Any) -> float:
    """Return `p` as a float from 0 to 1, or say what it means."""
    value = _checks.number(who, "p", p)
    if not 0 <= value <= 1:
        raise ValueError(
            f"{who}: p = {p}, needed a probability of dropping, from 0 to 1. Where a paper gives "
            f"that of keeping, pass 1 minus it."
        )
    return value


def _not_inplace(who: str, inplace: Any) -> None:
    """Refuse the one option of torch that would break a promise."""
    if inplace:
        raise ValueError(
            f"{who}: inplace = {inplace!r}, needed False, because no layer here writes into its "
            f"input. Leave it out."
        )


def dropout(
    input: Array,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: np.random.Generator | None = None,
) -> Array:
    """Silence each value by chance and enlarge the others (torch's F.dropout).

    Parameters
    ----------
    input : array of any shape
        float32 or float64; integers become float64.
    p : float, default 0.5
        Probability of *dropping*, in [0, 1].
    training : bool, default True
        With False nothing is dropped: the input itself comes back, not a copy, as in torch (but
        integers as float64).
    inplace : bool, default False
        Only False; it is here because torch has it.
    rng : numpy.random.Generator, optional
        Source of chance; fresh and unpredictable when left out.

    Returns
    -------
    array of the same shape, each value x either 0 or x / (1 - p)

    Raises
    ------
    ValueError
        If `p` is not a probability, or `inplace` is asked for.

    Notes
    -----
    `rng` is not in torch, which draws from one global source.

    References
    ----------
    Srivastava et al. (2014), JMLR 15, 1929-1958; there p is the probability of *keeping*.

    Examples
    --------
    >>> dropout(np.full(6, 3.0), p=0.5, rng=np.random.default_rng(0))
    array([6., 0., 0., 0., 6., 6.])
    """
    x = _checks.floating("dropout", "input", input)
    return _dropped("dropout", x, x.shape, p, training, inplace, rng)


def dropout2d(
    input: Array,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    rng: np.random.Generator | None = None,
) -> Array:
    """Silence whole channels by chance (torch's F.dropout2d).

    Neighbours in a map resemble one another, so a single dropped value hides little: it can be
    guessed from those around it. A dropped map is gone.

    Parameters
    ----------
    input : array of shape (N, C, H, W) or (C, H, W)
        float32 or float64; integers become float64.
    p, training, inplace, rng
        As for :func:`dropout`; `p` is the probability of dropping a channel of an image.

    Returns
    -------
    array of the same shape

    Notes
    -----
    Three axes are one image (C, H, W). torch up to 2.13 still reads them as (N, C, L), a batch
    of signals, and warns that this will change. `rng` is not in torch.

    References
    ----------
    Tompson et al. (2015), arXiv:1411.4280, section 3.2.

    Examples
    --------
    >>> dropout2d(np.ones((1, 3, 1, 2)), rng=np.random.default_rng(0))[0, :, 0]
    array([[2., 2.],
           [0., 0.],
           [0., 0.]])
    """
    x = _checks.floating("dropout2d", "input", _checks.images("dropout2d", input))
    return _dropped("dropout2d", x, _maps(x), p, training, inplace, rng)


def _maps(x: Array) -> tuple[int, ...]:
    """Shape of a mask with one factor for each map."""
    return (*x.shape[:-2], 1, 1)


def _dropped(
    who: str, x: Array, shape: tuple[int, ...], p: Any, training: bool, inplace: Any, rng: Any
) -> Array:
    """Multiply by a fresh mask of `shape`, or hand on."""
    p = _probability(who, p)
    _not_inplace(who, inplace)
    rng = _checks.generator(who, rng, optional=True)
    return np.asarray(x * dropout_mask(shape, p, rng=rng, dtype=x.dtype)) if training else x


class Dropout(Module):
    """Dropout layer (torch.nn.Dropout): random in training, the identity in evaluation.

    Parameters
    ----------
    p : float, default 0.5
        Probability of *dropping*, in [0, 1].
    inplace : bool, default False
        Only False.
    rng : numpy.random.Generator, optional
        Source of chance, used anew in every forward pass; unpredictable when left out.

    Notes
    -----
    `rng` is not in torch, which draws from one global source.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer(np.full(6, 3.0))
    array([6., 0., 0., 0., 6., 6.])
    >>> layer.backward(np.ones(6))
    array([2., 0., 0., 0., 2., 2.])
    >>> layer.eval()(np.full(6, 3.0))
    array([3., 3., 3., 3., 3., 3.])
    """

    def __init__(
        self, p: float = 0.5, inplace: bool = False, *, rng: np.random.Generator | None = None
    ) -> None:
        who = type(self).__name__
        self.p = _probability(who, p)
        _not_inplace(who, inplace)
        self.rng = _checks.generator(who, rng, optional=True)
        self._mask: Array | None = None

    def forward(self, x: Array) -> Array:
        """Drop, or hand on in evaluation."""
        x, shape = self._checked(x)
        mask = np.ones((), dtype=x.dtype)
        if self.training:
            mask = dropout_mask(shape, self.p, rng=self.rng, dtype=x.dtype)
        y = np.asarray(x * mask) if self.training else x
        self._mask = np.broadcast_to(mask, x.shape)  # a view: no memory for what repeats
        return y

    def _checked(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Return the input as floats, and the shape of its mask."""
        x = _checks.floating(repr(self), "input", x)
        return x, x.shape

    def backward(self, grad_output: Array) -> Array:
        r"""Multiply by the same mask: :math:`\partial x = m\, \partial y`."""
        mask = self._saved("_mask")
        grad = _checks.gradient(repr(self), grad_output, mask.shape, mask.dtype)
        return np.asarray(grad * mask)

    def extra_repr(self) -> str:
        """Probability of dropping."""
        return f"p={self.p:g}"


class Dropout2d(Dropout):
    """Channel dropout (torch.nn.Dropout2d): each map of each image is kept or silenced as a whole.

    Parameters
    ----------
    p : float, default 0.5
        Probability of dropping a channel, in [0, 1].
    inplace : bool, default False
        Only False.
    rng : numpy.random.Generator, optional
        As for :class:`Dropout`.

    Notes
    -----
    `rng` is not in torch. Three axes are one image, as for :func:`dropout2d`.

    Examples
    --------
    >>> layer = Dropout2d(0.5, rng=np.random.default_rng(0))
    >>> layer(np.ones((3, 1, 2)))[:, 0]
    array([[2., 2.],
           [0., 0.],
           [0., 0.]])
    """

    def _checked(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Return the images as floats, and one factor for each map."""
        x = _checks.floating(repr(self), "input", _checks.images(repr(self), x))
        return x, _maps(x)

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """(C, H, W), as it comes."""
        return _checks.image_shape(repr(self), input_shape)
