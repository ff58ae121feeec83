"""Each rule for chapters accepts a good notebook and refuses the mistake it is there for."""

import pytest
from nbformat import v4
from rules import RULES, problems


def code(source, *outputs, tags=(), count=1, **metadata):
    if tags:
        metadata["tags"] = list(tags)
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=count, metadata=metadata)


def value(**data):
    data = {kind.replace("_", "/"): content for kind, content in data.items()}
    return v4.new_output("execute_result", data, execution_count=1)


def stream(text, to="stdout"):
    return v4.new_output("stream", name=to, text=text)


def error(message="pads too much"):
    return v4.new_output("error", ename="ValueError", evalue=message, traceback=[])


def picture(alt):
    data = {"image/png": "iVBORw0KGgo="}
    return v4.new_output("display_data", data, metadata={"image/png": {"alt": alt}} if alt else {})


def notebook(*cells, **metadata):
    """A chapter with these cells after its title, run from top to bottom."""
    start = [
        code("from cnnlab.notebook import setup\n\nsetup()", tags=["remove-cell"]),
        v4.new_markdown_cell("# Why do we pool?"),
        code("import numpy as np\nfrom cnnlab import nn"),
    ]
    made = v4.new_notebook(cells=[*start, *cells], metadata=metadata)
    numbered = [cell for cell in made.cells if cell.cell_type == "code"]
    for number, cell in enumerate(numbered, start=1):
        cell.execution_count = number
    return made


def test_a_good_chapter_breaks_no_rule():
    good = notebook(
        code("x = np.arange(4)"),
        code("x.sum()", value(text_plain="6")),
        code("print(2)", stream("2\n")),
        code("nn.MaxPool2d(2, padding=2)", error(), tags=["raises-exception"]),
        code("plot(x)", picture("three rising bars"), tags=["hide-input"]),
        code("ax = plot(x)", picture(""), mystnb={"image": {"alt": "three rising bars"}}),
        kernelspec={"name": "python3", "display_name": "Python 3"},
    )
    assert problems(good) == []


MISTAKES = {
    "fails_only_on_purpose": [
        code("1 / 0", error()),
        code("x = 1", tags=["raises-exception"]),
    ],
    "uses_known_tags_only": [code("x = 1", tags=["nbval-skip"])],
    "has_cells_of_readable_length": [code("x = 1\n" * 26)],
    "ends_no_cell_with_a_semicolon": [code("plt.plot(x);")],
    "stores_what_a_cell_shows": [code("x"), code("print(x)"), code("x + 1  # the sum")],
    "warns_about_nothing": [code("x = 1", stream("RuntimeWarning", to="stderr"))],
    "prints_the_same_on_every_machine": [
        code("layer", value(text_plain="<Layer object at 0x7f2b10>")),
        code("print(path)", stream("/tmp/data\n")),
        code("print(path)", stream("saved to C:\\Users\\reader\n")),
        code("x", value(text_plain="[np.float64(1.5)]")),
        code("x", value(text_html="<td>-0.00</td>")),
        code("fit()", stream(" 20%|##   | 1/5")),
        code("fail()", error("no file /tmp/x"), tags=["raises-exception"]),
    ],
    "is_written_for_every_machine": [
        code("np.random.seed(0)"),
        code("%timeit x.sum()"),
        code("import sys\nsys.path.append('..')"),
        code("# NBVAL_SKIP\nx = 1"),
    ],
    "describes_every_picture": [
        code("ax = plot(x)", picture("")),
        code("ax = plot(x)", picture("figure")),
    ],
    "has_pictures_that_can_be_compared": [
        code("x", v4.new_output("display_data", {"image/svg+xml": "<svg/>"})),
    ],
    "stores_nothing_but_content": [
        code("x = 1", execution={"iopub.status.busy": "12:00"}),
        code("w", v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})),
    ],
}


@pytest.mark.parametrize(
    ("rule", "cell"),
    [(rule, cell) for rule, cells in MISTAKES.items() for cell in cells],
)
def test_a_cell_with_a_mistake_breaks_the_rule_against_it(rule, cell):
    assert any(problem.startswith(f"{rule}: ") for problem in problems(notebook(cell)))


def test_a_cell_that_was_never_run_is_refused():
    chapter = notebook(code("x = 1"))
    chapter.cells[-1].execution_count = None
    assert problems(chapter) == ["executed_in_order: 'x = 1' was run as number None, not 3"]


def test_cells_run_out_of_order_are_refused():
    chapter = notebook(code("x = 1"), code("y = 2"))
    chapter.cells[-2].execution_count, chapter.cells[-1].execution_count = 4, 3
    assert len(problems(chapter)) == 2


def test_a_first_cell_that_shows_is_refused():
    chapter = notebook()
    chapter.cells[0].metadata.clear()
    assert problems(chapter) == [
        "starts_with_the_hidden_setup: the first cell is not a code cell tagged remove-cell"
    ]


def test_a_first_cell_that_sets_nothing_up_is_refused():
    chapter = notebook()
    chapter.cells[0].source = "import cnnlab"
    assert problems(chapter) == [
        "starts_with_the_hidden_setup: the first cell does not call setup()"
    ]


def test_a_second_cell_that_computes_is_refused():
    chapter = notebook()
    chapter.cells[2].source += "\nx = np.zeros(3)"
    assert problems(chapter)[0].startswith("then_imports_and_nothing_else: 'import numpy as np'")


def test_a_stored_widget_state_is_refused():
    assert problems(notebook(widgets={}))[0].startswith("stores_nothing_but_content: ")


def test_long_cells_are_accepted_where_the_page_hides_them():
    assert problems(notebook(code("x = 1\n" * 30, tags=["hide-input"]))) == []


def test_every_rule_has_a_mistake_that_it_refuses():
    tested_alone = {
        "executed_in_order",
        "starts_with_the_hidden_setup",
        "then_imports_and_nothing_else",
    }
    assert {rule.__name__ for rule in RULES} == set(MISTAKES) | tested_alone
