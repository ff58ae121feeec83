"""Run exported functions of a widget's JavaScript module under Node.js."""

import json
import shutil
import subprocess
from pathlib import Path

from cnnlab.widgets.modules import HERE

RUNNER = """
import { createInterface } from "node:readline";
const value = (module, name, args) =>
  typeof module[name] === "function" ? module[name](...args) : module[name];
for await (const line of createInterface({ input: process.stdin })) {
  const [file, calls] = JSON.parse(line);
  const answer = {};
  try {
    const module = await import(`./${file}`);
    answer.values = calls.map(([name, ...args]) => value(module, name, args));
  } catch (error) {
    answer.error = error.stack;
  }
  process.stdout.write(JSON.stringify(answer) + "\\n");
}
"""


class Node:
    """One Node.js for many calls, since each start takes a third of a second."""

    def __init__(self, program: str, folder: Path) -> None:
        for source in HERE.glob("*.js"):
            shutil.copy(source, folder)
        (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
        (folder / "runner.js").write_text(RUNNER, encoding="utf-8")
        pipe = subprocess.PIPE
        self.running = subprocess.Popen(
            [program, "runner.js"], cwd=folder, stdin=pipe, stdout=pipe, encoding="utf-8"
        )

    def call(self, module: str, calls: list[list]) -> list:
        """Return what each ``[name, *arguments]`` gives; a name that is no function, its value."""
        self.running.stdin.write(json.dumps([module, calls]) + "\n")
        self.running.stdin.flush()
        answer = json.loads(self.running.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["values"]

    def close(self) -> None:
        with self.running:  # which waits for its end
            self.running.stdin.close()


def call(program: str, folder: Path, module: str, calls: list[list]) -> list:
    """Make one call, with a Node.js of its own."""
    running = Node(program, folder)
    try:
        return running.call(module, calls)
    finally:
        running.close()
