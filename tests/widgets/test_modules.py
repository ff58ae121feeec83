"""From ES modules to what a notebook and a page load; run under Node.js."""

import json
import re
import subprocess

import pytest

from cnnlab.widgets import base, modules
from cnnlab.widgets.modules import HERE, expression, for_notebook, for_page, order

OURS = sorted(path.name for path in HERE.glob("*.js"))
PARTS = {"toolkit.js", "data.js", "networks.js", "host.js"}
FRONT_ENDS = [name for name in OURS if name not in PARTS]
DEFAULT = "export default {};\n"


@pytest.fixture
def run(node):
    """Run a script and return what the expression at its end gives."""

    def run(script, wanted, *options):
        code = f"{script}\nconsole.log(JSON.stringify({wanted}) ?? null)"
        done = subprocess.run(
            [node, *options, "--eval", code], capture_output=True, encoding="utf-8", timeout=60
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def folder(tmp_path):
    """Three modules, of which one imports from another."""
    (tmp_path / "tools.js").write_text(
        "export const two = 2;\nexport function twice(x) { return two * x; }\n"
    )
    (tmp_path / "a.js").write_text(
        'import { twice } from "./tools.js";\n\nexport default { render: () => twice(21) };\n'
    )
    (tmp_path / "b.js").write_text("const two = 3;\nexport default { render: () => two };\n")
    return tmp_path


def test_a_module_comes_after_what_it_imports(folder):
    assert order(["b.js", "a.js"], folder) == ["b.js", "tools.js", "a.js"]


def test_no_module_comes_twice(folder):
    assert order(["a.js", "tools.js", "a.js"], folder) == ["tools.js", "a.js"]


def test_the_host_comes_last():
    assert modules.page_scripts(["quiz.js", "pooling.js"])[-1] == "host.js"


def test_a_page_without_widgets_needs_no_script():
    assert modules.page_scripts([]) == []


def test_scripts_of_a_page_find_what_they_import(folder, run):
    scripts = "".join(for_page(name, folder) for name in order(["a.js", "b.js"], folder))
    wanted = '["a.js", "b.js"].map((name) => cnnlabModules[name].default.render())'
    assert run(scripts, wanted) == [42, 3]


def test_scripts_of_a_page_define_one_global_name(folder, run):
    before = "const before = new Set(Object.getOwnPropertyNames(globalThis));\n"
    scripts = "".join(for_page(name, folder) for name in order(["a.js"], folder))
    found = run(
        before + scripts, "Object.getOwnPropertyNames(globalThis).filter((n) => !before.has(n))"
    )
    assert found == ["cnnlabModules"]


@pytest.mark.parametrize(
    "declaration",
    ["const f = () => 7;", "let f = () => 7;", "async function f() {}", "class f {}"],
)
def test_every_form_of_export_is_handed_on(run, declaration):
    assert run("", f"typeof ({expression('a.js', f'export {declaration}')}).f") == "function"


@pytest.mark.parametrize(
    "line",
    [
        'import x from "./x.js";',
        'import "./x.js";',
        'import { x } from "elsewhere";',
        'import { x } from "https://example.org/x.js";',
        'const x = import("./x.js");',
        "import.meta.url;",
    ],
)
def test_other_forms_of_import_are_refused(line):
    with pytest.raises(ValueError, match=r"a\.js: found 'import.*needed: import \{ a, b \}"):
        expression("a.js", f"{line}\n{DEFAULT}")


def test_the_word_import_in_a_comment_is_no_import():
    assert "import nothing" in expression(
        "a.js", f"// import nothing\n/*\nimport nothing\n*/\n{DEFAULT}"
    )


@pytest.mark.parametrize("line", ["export { a };", "export * from './a.js';"])
def test_other_forms_of_export_are_refused(line):
    with pytest.raises(ValueError, match=r"a\.js: found .export"):
        expression("a.js", f"const a = 1;\n{line}\n{DEFAULT}")


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_notebook_gets_each_front_end_as_one_module(name, run):
    source = for_notebook(name)
    assert not re.search(r"^import\b", source, re.M)
    body, found, export = source.rpartition("export default ")
    assert found
    assert (
        run(body, f"typeof ({export.strip().rstrip(';')}).render", "--input-type=module")
        == "function"
    )


@pytest.mark.parametrize("name", OURS)
def test_a_front_end_asks_nothing_of_the_network(name):
    source = (HERE / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"\bfetch\(|XMLHttpRequest|https?://", source)


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_a_front_end_ends_with_its_widget(name):
    assert (HERE / name).read_text(encoding="utf-8").endswith("export default { render };\n")


def test_every_stylesheet_belongs_to_a_front_end():
    ours = {path.stem for path in HERE.glob("*.css")} - {"cnnlab"}
    assert ours <= {name.removesuffix(".js") for name in FRONT_ENDS}


def test_a_widget_brings_the_shared_styles_and_its_own():
    assert [path.name for path in base.styles("quiz.js")] == ["cnnlab.css", "quiz.css"]


def test_a_module_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.js"):
        modules.order(["nowhere.js"], tmp_path)


def test_an_import_under_another_name_is_refused():
    with pytest.raises(ValueError, match=r"a\.js: found 'import \{ x as y \}.*needed: import"):
        expression("a.js", f'import {{ x as y }} from "./x.js";\n{DEFAULT}')


@pytest.mark.parametrize(
    "declaration", ["const a = 1, b = 2;", "let a = [1, 2],\n  b = 2;", "let a = f(1),\nb = 2;"]
)
def test_two_names_in_one_exported_statement_are_refused(declaration):
    with pytest.raises(ValueError, match=r"a\.js: found 'export .*declares several names"):
        expression("a.js", f"export {declaration}\n{DEFAULT}")


@pytest.mark.parametrize(
    "value", ["f(1, 2)", "(a, b) => [a, b]", '"1, 2"', "{\n  x: [1, 2],\n  y: 3, // 4, 5\n}"]
)
def test_a_comma_inside_a_value_is_no_second_name(value):
    assert "exports.a = a;" in expression("a.js", f"export const a = {value};\nlet b = 1, c = 2;\n")


def test_modules_that_import_each_other_are_refused(tmp_path):
    for name, other in (("a", "b"), ("b", "c"), ("c", "b")):
        (tmp_path / f"{name}.js").write_text(f'import {{ x }} from "./{other}.js";\n')
    with pytest.raises(ValueError, match=r"b\.js imports c\.js imports b\.js: a circle"):
        order(["a.js"], tmp_path)
