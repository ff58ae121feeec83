"""Stable text for tables and numbers: the same characters on every machine."""

from collections.abc import Sequence
from html import escape
from numbers import Integral
from typing import Any

Cell = str | int | float | None


def number(value: Cell, digits: int = 3) -> str:
    """Format one table entry: thin-grouped integers, rounded floats, a dash for nothing.

    Examples
    --------
    >>> number(1234567), number(0.12345), number(-0.0001, 2), number(None), number("max")
    ('1\u202f234\u202f567', '0.123', '0.00', '–', 'max')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return f"{int(value):,}".replace(",", "\u202f")
    return f"{value:z,.{digits}f}".replace(",", "\u202f")


class Table:
    """A small table that prints well everywhere: as text, and as HTML in a notebook.

    Parameters
    ----------
    columns : sequence of str
        Headings; the first column holds the names of the rows.
    rows : sequence of sequences
        Strings, integers, floats or None.
    caption : str
        What the table shows, in one sentence.
    digits : int, default 3
        Digits of floats.

    Examples
    --------
    >>> Table(["layer", "parameters"], [["Conv2d", 80], ["MaxPool2d", 0]], "Two layers")
    Two layers
    layer      parameters
    Conv2d             80
    MaxPool2d           0
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        caption: str = "",
        digits: int = 3,
    ) -> None:
        self.columns, self.caption = list(columns), caption
        for row in rows:
            if len(row) != len(columns):
                raise ValueError(
                    f"Table: the row {list(row)} has {len(row)} entries, needed {len(columns)}, "
                    f"one for each of the columns {self.columns}."
                )
        self.rows = [[number(cell, digits) for cell in row] for row in rows]
        self._left = [
            column == 0 or all(isinstance(row[column], str) for row in rows)
            for column in range(len(columns))
        ]

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if left else cell.rjust(width)
                for cell, width, left in zip(row, widths, self._left, strict=True)
            ).rstrip()
            for row in [self.columns, *self.rows]
        ]
        return "\n".join(([self.caption] if self.caption else []) + lines)

    def _repr_html_(self) -> str:
        sides = ["text-left" if left else "text-right" for left in self._left]
        head = "".join(
            f'<th scope="col" class="{side}">{escape(cell)}</th>'
            for cell, side in zip(self.columns, sides, strict=True)
        )
        body = "".join(
            "<tr>"
            + f'<th scope="row" class="{sides[0]}">{escape(row[0])}</th>'
            + "".join(
                f'<td class="{side}">{escape(cell)}</td>'
                for cell, side in zip(row[1:], sides[1:], strict=True)
            )
            + "</tr>"
            for row in self.rows
        )
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return (
            f'<table class="table">{caption}<thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )


def layers(trace: Sequence[Any], caption: str = "", sees: bool = True) -> Table:
    """Show the result of :func:`cnnlab.shapes.trace` as a table with a last row of totals.

    Parameters
    ----------
    trace : sequence of LayerSummary
    caption : str
        What the table shows, in one sentence.
    sees : bool, default True
        Whether a last column shows the receptive field, in input pixels.

    Examples
    --------
    >>> from cnnlab import nn, shapes
    >>> layers(shapes.trace(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), (1, 8, 8)))
    layer      output  activations  parameters  MACs  sees
    Conv2d     2×6×6            72          20   648  3×3
    MaxPool2d  2×3×3            18           0     0  4×4
    total                       90          20   648
    >>> layers(shapes.trace(nn.ReLU(), (1, 8, 8)), sees=False)
    layer  output  activations  parameters  MACs
    ReLU   1×8×8            64           0     0
    total                   64           0     0
    """
    costs = ("activations", "parameters", "macs")
    columns = ["layer", "output", "activations", "parameters", "MACs"]
    rows: list[list[Cell]] = [
        [row.name, _product(row.output_shape), *(getattr(row, cost) for cost in costs)]
        for row in trace
    ]
    rows.append(["total", "", *(sum(getattr(row, cost) for row in trace) for cost in costs)])
    if sees:
        columns.append("sees")
        for cells, row in zip(rows, trace, strict=False):  # the totals have no layer
            cells.append(_field(row.receptive_field))
        rows[-1].append("")
    return Table(columns, rows, caption)


def _product(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes))


def _field(field: int | tuple[int, int] | None) -> str:
    """Write a receptive field as height × width."""
    if field is None:
        return "all"
    return _product((field, field) if isinstance(field, int) else field)
