"""The dropout explorer: one unit and one output under dropout, and a pool behind it. Chapter 7."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from cnnlab._types import Array
from cnnlab.laws import dropout as laws
from cnnlab.widgets.base import PageWidget, Switch
from cnnlab.widgets.values import Choice, Real, Whole, WholeRows, choice, number, table, uniforms

#: Inputs of the network, weights of its eight hidden units (with ReLU), weights of its output.
INPUT = np.array([1, 2, 1, 3, 1, 2])
HIDDEN_WEIGHT = np.array(
    [
        [1, 1, 0, 1, -1, -1],
        [1, 1, 1, -1, -1, 1],
        [0, -1, -1, 1, -1, 1],
        [0, -1, -1, 1, 1, 1],
        [-1, 1, -1, 1, 1, -1],
        [-1, 1, 1, 1, 1, -1],
        [1, -1, 1, 0, -1, 1],
        [-1, 1, 1, -1, 0, 1],
    ]
)
OUTPUT_WEIGHT = np.array([1, 1, -1, 1, -1, 0.5, 2, -1])
UNITS = np.maximum(HIDDEN_WEIGHT @ INPUT, 0).astype(float)
WINDOW = ((8, 6), (4, 2))


class DropoutExplorer(PageWidget):
    """A small network under dropout, draw by draw, and a pooling window behind dropout.

    The first scene draws masks for eight hidden units and collects the values of one of them and
    of the output, beside their exact law. The second scene puts dropout before and after a max
    pool and an average pool, and finds the means by going through all masks.

    Parameters
    ----------
    p : float, default 0.5
        Probability of *dropping*, 0 to 0.9.
    training : bool, default True
        With False, evaluation: nothing is dropped and nothing is scaled.
    scale : bool, default True
        Whether what is kept is multiplied by 1 / (1 - p) in training. Without it the mean is too
        small.
    scene : {'unit', 'pool'}, default 'unit'
        What is shown.
    unit : int, default 1
        The hidden unit to watch, 1 to 8.
    pool : {'max', 'average'}, default 'max'
        The pool whose mean is taken apart, mask by mask.
    seed : int, default 1
        Start of the random numbers, 1 to 9999; the same seed gives the same masks.
    draws : int, default 100
        Masks drawn so far, 1 to 5000. The network shows the last one.
    window : (2, 2) array_like of int, optional
        Values before the pool, whole numbers from 0 to 9, as behind a ReLU.
    anchor : str, optional
        Identifier of the explorer in its page; with it, the page offers a link to the present
        state.

    Raises
    ------
    StateError
        If a value cannot be drawn. It is a ``ValueError``, and also raised by an assignment.

    Examples
    --------
    >>> DropoutExplorer(p=0.5)
    DropoutExplorer: p = 0.5, training, kept units × 2: the output has mean 8, variance 36
    """

    module = "dropout.js"

    p = Real(0.5, (0, 0.9)).tag(sync=True)
    training = Switch(True).tag(sync=True)
    scale = Switch(True).tag(sync=True)
    scene = Choice("unit", "pool").tag(sync=True)
    unit = Whole(1, (1, len(UNITS))).tag(sync=True)
    pool = Choice("max", "average").tag(sync=True)
    seed = Whole(1, (1, 9999)).tag(sync=True)
    draws = Whole(100, (1, 5000)).tag(sync=True)
    window = WholeRows(WINDOW, (2, 2), (0, 9)).tag(sync=True)

    def __init__(
        self,
        p: float = 0.5,
        training: bool = True,
        scale: bool = True,
        *,
        scene: str = "unit",
        unit: int = 1,
        pool: str = "max",
        seed: int = 1,
        draws: int = 100,
        window: npt.ArrayLike | None = None,
        anchor: str | None = None,
    ) -> None:
        super().__init__(
            p=p,
            training=training,
            scale=scale,
            scene=scene,
            unit=unit,
            pool=pool,
            seed=seed,
            draws=draws,
            window=WINDOW if window is None else window,
            anchor=anchor,
        )

    def __repr__(self) -> str:
        """One line: rate, mode, and the law of the output, or the two means of the pool."""
        mode = f"training, kept units × {number(self._factor)}" if self.training else "evaluation"
        if self.scene == "pool":
            before, after = (self.pool_mean(self.pool, place) for place in ("before", "after"))
            result = (
                f"the {self.pool} pool has mean {number(before)} with dropout before it, "
                f"{number(after)} with dropout after it"
            )
        else:
            mean, variance = self.output_moments()
            result = f"the output has mean {number(mean)}, variance {number(variance)}"
        return f"DropoutExplorer: p = {self.p:g}, {mode}: {result}"

    @property
    def _rate(self) -> float:
        """Probability of dropping in the present mode."""
        return float(self.p) if self.training else 0.0

    @property
    def _factor(self) -> float:
        """What a kept value is multiplied by."""
        return 1 / (1 - self._rate) if self.scale else 1.0

    @property
    def _share(self) -> float:
        """Mean under the present rule, as a share of the mean under inverted dropout."""
        return 1.0 if self.scale else 1 - self._rate

    def masks(self) -> Array:
        """Masks drawn so far in training.

        Returns
        -------
        (draws, 8) array of bool
            True where a hidden unit is kept.

        Examples
        --------
        >>> DropoutExplorer(draws=2).masks().astype(int)
        array([[1, 0, 1, 1, 1, 0, 1, 1],
               [0, 1, 0, 0, 0, 0, 0, 0]])
        """
        u = uniforms(self.seed, self.draws * len(UNITS)).reshape(self.draws, len(UNITS))
        return np.asarray(u >= self._rate)

    def outputs(self) -> Array:
        """Output of the network in each draw so far.

        Returns
        -------
        (draws,) array
        """
        return np.asarray(self.masks() * self._factor @ (OUTPUT_WEIGHT * UNITS))

    def unit_moments(self) -> tuple[float, float]:
        """Mean and variance of the chosen hidden unit, by its law.

        Returns
        -------
        mean, variance : float

        Examples
        --------
        >>> DropoutExplorer(unit=1).unit_moments()  # its value is 3
        (3.0, 9.0)
        >>> DropoutExplorer(unit=1, scale=False).unit_moments()
        (1.5, 2.25)
        """
        mean, variance = laws.moments(UNITS[[self.unit - 1]], self._rate)
        return mean.item() * self._share, variance.item() * self._share**2

    def output_moments(self) -> tuple[float, float]:
        """Mean and variance of the output, by its law.

        Returns
        -------
        mean, variance : float

        Examples
        --------
        >>> DropoutExplorer(p=0.5).output_moments()
        (8.0, 36.0)
        """
        mean, variance = laws.dot_product_moments(OUTPUT_WEIGHT, UNITS, self._rate)
        return mean * self._share, variance * self._share**2

    def pool_mean(self, pool: str = "max", dropout: Literal["before", "after"] = "before") -> float:
        """Mean of a pool over the window, with dropout before or after it.

        Parameters
        ----------
        pool : {'max', 'average'}, default 'max'
            Which pool.
        dropout : {'before', 'after'}, default 'before'
            Where dropout stands.

        Returns
        -------
        float

        Examples
        --------
        >>> explorer = DropoutExplorer(window=[[8, 6], [4, 2]])
        >>> explorer.pool_mean(), explorer.pool_mean(dropout="after")
        (12.25, 8.0)
        """
        pool = choice("DropoutExplorer.pool_mean", "pool", pool, ("max", "average"))
        order = choice("DropoutExplorer.pool_mean", "dropout", dropout, ("before", "after"))
        values = np.array(self.window, dtype=float).ravel()
        if pool == "average":
            mean = values.mean()
        else:
            mean = laws.expected_max(values, self._rate) if order == "before" else values.max()
        return float(mean) * self._share

    def fallback(self) -> str:
        """Tables of the hidden units in the last draw, of the laws, and of the pools."""
        kept = self.masks()[-1]
        factor = number(self._factor)
        fates = [f"kept, × {factor}" if k else "dropped" for k in kept]
        after = [number(v) for v in UNITS * kept * self._factor]
        mean, variance = self.output_moments()
        unit_mean, unit_variance = self.unit_moments()
        plain = number(float(OUTPUT_WEIGHT @ UNITS))
        laws_of = [
            (f"Hidden unit {self.unit}", number(UNITS[self.unit - 1]), unit_mean, unit_variance),
            ("Output", plain, mean, variance),
        ]
        pools = [
            (f"{pool} pool", *(number(self.pool_mean(pool, at)) for at in ("before", "after")))
            for pool in ("max", "average")
        ]
        mode = "Training" if self.training else "Evaluation"
        return "\n".join(
            [
                '<div class="cnn-still">',
                f"<p>{mode}, p = {self.p:g}. In draw {self.draws} the output is "
                f"{number(self.outputs()[-1])}; without dropout it is {plain}.</p>",
                _named_table(
                    f"Hidden units in draw {self.draws}",
                    ("unit", "value", "fate", "handed on"),
                    [
                        (str(i + 1), number(value), fate, result)
                        for i, (value, fate, result) in enumerate(
                            zip(UNITS, fates, after, strict=True)
                        )
                    ],
                ),
                _named_table(
                    "By the law",
                    ("", "no dropout", "mean", "variance"),
                    [(name, x, number(m), number(v)) for name, x, m, v in laws_of],
                ),
                table("Window", np.array(self.window)),
                _named_table(
                    "Mean, dropout before or after the pool", ("", "before", "after"), pools
                ),
                "</div>",
            ]
        )


def _named_table(name: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """HTML table with a heading for each column."""
    head = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return (
        f"<table>\n<caption>{name}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody>\n</table>"
    )
