"""Run exported functions of a widget's JavaScript module under Node.js."""

import json
import shutil
import subprocess
from pathlib import Path

from cnnlab.widgets.base import HERE

RUNNER = """
import { readFileSync } from "node:fs";
import * as module from "./module.mjs";
const calls = JSON.parse(readFileSync("calls.json", "utf8"));
const value = ([name, ...args]) =>
  typeof module[name] === "function" ? module[name](...args) : module[name];
process.stdout.write(JSON.stringify(calls.map(value)));
"""


def call(node: str, folder: Path, module: str, calls: list[list]) -> list:
    """Return what each ``[name, *arguments]`` gives; a name that is no function gives its value."""
    shutil.copy(HERE / module, folder / "module.mjs")  # the ending tells Node what it is
    (folder / "runner.mjs").write_text(RUNNER, encoding="utf-8")
    (folder / "calls.json").write_text(json.dumps(calls), encoding="utf-8")
    done = subprocess.run(
        [node, "runner.mjs"], cwd=folder, capture_output=True, encoding="utf-8", timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
