"""Numbers and tables print the same characters everywhere."""

import re

import numpy as np
import pytest

from cnnlab import nn, shapes
from cnnlab.text import Table, layers, number


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 3, "0"),
        (999, 3, "999"),
        (-42, 3, "-42"),
        (1_234_567, 3, "1 234 567"),
        (0.5, 3, "0.500"),
        (-0.0001, 3, "0.000"),
        (-0.0, 1, "0.0"),
        (12.345, 1, "12.3"),
        (1234.5, 3, "1 234.500"),
        (12345.678, 2, "12 345.68"),
        (1e6, 0, "1 000 000"),
        (None, 3, "–"),
        ("2×6×6", 3, "2×6×6"),
        (float("nan"), 3, "nan"),
        (float("inf"), 3, "inf"),
    ],
)
def test_numbers_by_hand(value, digits, text):
    assert number(value, digits).replace("\u202f", " ").replace("\u2009", " ") == text


def test_whole_numbers_of_numpy_print_like_those_of_python():
    assert number(np.int64(80)) == number(80)


@pytest.mark.parametrize("value", [1234, 12345, 1234567])
def test_a_minus_sign_changes_nothing_about_the_grouping(value):
    assert number(-value) == "-" + number(value)
    assert number(-value + 0.0, 0) == "-" + number(value + 0.0, 0)


def test_a_table_by_hand():
    table = Table(
        ["rule", "accuracy", "note"], [["max", 0.9, "a"], ["average", 12, "bb"]], "Two", 2
    )
    assert repr(table).splitlines() == [
        "Two",
        "rule     accuracy  note",
        "max          0.90  a",
        "average        12  bb",
    ]


def test_a_table_without_caption_starts_with_its_columns():
    assert repr(Table(["a", "b"], [["x", 1]])).splitlines()[0] == "a  b"


def test_a_table_without_rows_shows_its_columns():
    assert repr(Table(["a", "b"], [])) == "a  b"


def test_no_line_ends_in_blanks():
    text = repr(Table(["name", "note"], [["long name", ""], ["x", "yes"]]))
    assert not re.search(r" $", text, re.MULTILINE)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"\['x'\] has 1 entries, needed 2"):
        Table(["a", "b"], [["x"]])


def test_html_has_scopes_caption_and_escaped_text():
    html = Table(["a<b", "n"], [["x&y", 1234]], "1 < 2")._repr_html_()
    assert "<caption>1 &lt; 2</caption>" in html
    assert '<th scope="col" class="text-left">a&lt;b</th>' in html
    assert '<th scope="col" class="text-right">n</th>' in html
    assert '<th scope="row" class="text-left">x&amp;y</th>' in html
    assert '<td class="text-right">' + number(1234) + "</td>" in html


def test_html_without_a_caption_has_no_caption_element():
    assert "<caption" not in Table(["a"], [["x"]])._repr_html_()


def test_layers_of_a_network_end_in_totals():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 10))
    table = layers(shapes.trace(model, (1, 8, 8)), "A network")
    assert table.columns == ["layer", "output", "activations", "parameters", "MACs", "sees"]
    assert table.rows == [
        ["Conv2d", "2×6×6", "72", "20", "648", "3×3"],
        ["Flatten", "72", "72", "0", "0", "all"],
        ["Linear", "10", "10", "730", "720", "all"],
        ["total", "", "154", "750", number(1368), ""],
    ]


def test_a_receptive_field_is_height_by_width():
    table = layers(shapes.trace(nn.Conv2d(1, 2, (1, 5)), (1, 8, 8)))
    assert [row[-1] for row in table.rows] == ["1×5", ""]


def test_the_receptive_field_can_be_left_out():
    rows = shapes.trace(nn.Conv2d(1, 2, 3), (1, 8, 8))
    table, full = layers(rows, "A layer", sees=False), layers(rows)
    assert table.columns == ["layer", "output", "activations", "parameters", "MACs"]
    assert table.rows == [row[:-1] for row in full.rows]
    assert table.caption == "A layer"
