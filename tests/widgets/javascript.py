"""Run exported functions of a widget's JavaScript module under Node.js."""

import json
import shutil
import subprocess
from pathlib import Path

from cnnlab.widgets.modules import HERE

RUNNER = """
import { readFileSync } from "node:fs";
import * as module from "./MODULE";
const calls = JSON.parse(readFileSync("calls.json", "utf8"));
const value = ([name, ...args]) =>
  typeof module[name] === "function" ? module[name](...args) : module[name];
process.stdout.write(JSON.stringify(calls.map(value)));
"""


def call(node: str, folder: Path, module: str, calls: list[list]) -> list:
    """Return what each ``[name, *arguments]`` gives; a name that is no function gives its value."""
    for source in HERE.glob("*.js"):
        shutil.copy(source, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "runner.js").write_text(RUNNER.replace("MODULE", module), encoding="utf-8")
    (folder / "calls.json").write_text(json.dumps(calls), encoding="utf-8")
    done = subprocess.run(
        [node, "runner.js"], cwd=folder, capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
