"""What a stored chapter must keep to, as functions: notebook -> sentences about what is wrong."""

import ast
import re
import statistics

ALLOWED_TAGS = {
    "hide-cell",  # hints and solutions, folded until a reader asks for them
    "hide-input",  # code that only the curious want to see
    "nbval-ignore-output",  # a cell whose numbers are those of the reader's hardware
    "raises-exception",  # an error shown on purpose; its message is compared
    "remove-cell",  # the first cell
    "remove-input",  # an explorer, a quiz: the code says nothing to a reader
}
HIDING_TAGS = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
LONGEST_CELL, LONGEST_MEDIAN = 25, 8  # lines of code

UNSTABLE_TEXT = {
    "an address in memory": re.compile(r"\bat 0x[0-9a-fA-F]+"),
    "a path of one machine": re.compile(
        r"(?<![\w.:/])/(?:home|root|Users|tmp|usr|work|var)/\w|[A-Z]:\\\w"
    ),
    "a bare NumPy scalar": re.compile(r"\bnp\.(?:float|int|bool)\d*_?\("),
    "a negative zero": re.compile(r"(?<![\w.])-0\.0*(?![\d.])"),
    "a progress bar": re.compile(r"\d+%\|"),
}
UNSTABLE_CODE = {
    "sets a global seed": re.compile(r"\bnp\.random\.seed\b"),
    "times with a magic": re.compile(r"%timeit|%%time"),
    "changes sys.path": re.compile(r"\bsys\.path\b"),
    "switches off nbval in a comment": re.compile(r"#\s*(?:NBVAL_|PYTEST_VALIDATE_)"),
}


def problems(notebook):
    """All that is wrong with a notebook, each as ``rule: where``."""
    found = []
    for rule in RULES:
        found += [f"{rule.__name__}: {where}" for where in rule(notebook)]
    return found


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def name(cell):
    """First line of a cell, which is how a reader of the report finds it."""
    return repr((cell.source.splitlines() or [""])[0])


def executed_in_order(notebook):
    for number, cell in enumerate(code_cells(notebook), start=1):
        if cell.execution_count != number:
            yield f"{name(cell)} was run as number {cell.execution_count}, not {number}"


def fails_only_on_purpose(notebook):
    for cell in code_cells(notebook):
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed != ("raises-exception" in tags(cell)):
            yield f"{name(cell)} {'fails' if failed else 'is tagged raises-exception'}"


def uses_known_tags_only(notebook):
    for cell in notebook.cells:
        if unknown := tags(cell) - ALLOWED_TAGS:
            yield f"{name(cell)} has {sorted(unknown)}"


def starts_with_the_hidden_setup(notebook):
    first = notebook.cells[0]
    if first.cell_type != "code" or "remove-cell" not in tags(first):
        yield "the first cell is not a code cell tagged remove-cell"
    if not re.search(r"^setup\(.*\)$", first.source, re.MULTILINE):
        yield "the first cell does not call setup()"


def then_imports_and_nothing_else(notebook):
    imports = code_cells(notebook)[1]
    if not all(isinstance(node, ast.Import | ast.ImportFrom) for node in parsed(imports).body):
        yield f"{name(imports)}, the second code cell, does more than import"


def has_cells_of_readable_length(notebook):
    shown = [cell for cell in code_cells(notebook) if not tags(cell) & HIDING_TAGS]
    lengths = [len(cell.source.splitlines()) for cell in shown]
    for cell, lines in zip(shown, lengths, strict=True):
        if lines > LONGEST_CELL:
            yield f"{name(cell)} has {lines} lines, at most {LONGEST_CELL} can be read at once"
    if statistics.median(lengths) > LONGEST_MEDIAN:
        yield f"the median is {statistics.median(lengths)} lines, needed at most {LONGEST_MEDIAN}"


def ends_no_cell_with_a_semicolon(notebook):
    # It silences a cell in Jupyter, but not when nbval runs it: end with an assignment instead.
    for cell in code_cells(notebook):
        if cell.source.rstrip().endswith(";"):
            yield name(cell)


def stores_what_a_cell_shows(notebook):
    """A cell that ends with the value of an expression shows something; a call may return None."""
    for cell in code_cells(notebook):
        last = (parsed(cell).body or [None])[-1]
        shows = isinstance(last, ast.Expr) and not isinstance(last.value, ast.Call)
        prints = isinstance(last, ast.Expr) and ast.unparse(last).startswith("print(")
        if (shows or prints) and not cell.outputs:
            yield f"{name(cell)} has no stored output"


def warns_about_nothing(notebook):
    for cell in code_cells(notebook):
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"{name(cell)} writes to stderr"


def prints_the_same_on_every_machine(notebook):
    for cell in code_cells(notebook):
        text = "\n".join(output_text(cell))
        for what, pattern in UNSTABLE_TEXT.items():
            if found := pattern.search(text):
                yield f"{name(cell)} shows {what}: {found[0]!r}"


def is_written_for_every_machine(notebook):
    for cell in code_cells(notebook):
        for what, pattern in UNSTABLE_CODE.items():
            if pattern.search(cell.source):
                yield f"{name(cell)} {what}"


def describes_every_picture(notebook):
    for cell in code_cells(notebook):
        from_cell = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        for output in cell.outputs:
            for kind in {"image/png", "image/jpeg"} & set(output.get("data", {})):
                alt = output.metadata.get(kind, {}).get("alt", "") or from_cell
                if len(alt.split()) < 3:
                    yield f"{name(cell)} has no alternative text, or one too short: {alt!r}"


def has_pictures_that_can_be_compared(notebook):
    for cell in code_cells(notebook):
        if any("image/svg+xml" in output.get("data", {}) for output in cell.outputs):
            yield f"{name(cell)} is stored as SVG, whose text differs in each run: use PNG"


def stores_nothing_but_content(notebook):
    if extra := set(notebook.metadata) - {"kernelspec", "language_info"}:
        yield f"the notebook's metadata has {sorted(extra)}; run: make notebooks"
    for cell in notebook.cells:
        if extra := set(cell.metadata) - {"tags", "mystnb"}:
            yield f"{name(cell)} has metadata {sorted(extra)}; run: make notebooks"
        for output in cell.get("outputs", []):
            if extra := [kind for kind in output.get("data", {}) if "jupyter.widget" in kind]:
                yield f"{name(cell)} stores {extra}; run: make notebooks"


def output_text(cell):
    """Everything textual that a cell shows, traceback left out: nbval does not compare it."""
    for output in cell.outputs:
        yield output.get("text", "")
        yield output.get("evalue", "")
        for kind, content in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield content


def parsed(cell):
    """Syntax tree of a cell; a line with a magic counts as ``pass`` of the same indentation."""
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE))


RULES = (
    executed_in_order,
    fails_only_on_purpose,
    uses_known_tags_only,
    starts_with_the_hidden_setup,
    then_imports_and_nothing_else,
    has_cells_of_readable_length,
    ends_no_cell_with_a_semicolon,
    stores_what_a_cell_shows,
    warns_about_nothing,
    prints_the_same_on_every_machine,
    is_written_for_every_machine,
    describes_every_picture,
    has_pictures_that_can_be_compared,
    stores_nothing_but_content,
)
