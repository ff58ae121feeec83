"""What all tests share: a generator, Node.js, a browser, and the rule that CI skips nothing."""

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def rng():
    """A fresh generator with a fixed seed for each test."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def node():
    """Path of a Node.js: the one that comes with Playwright, otherwise one on the PATH."""
    import playwright

    name = "node.exe" if sys.platform == "win32" else "node"
    bundled = Path(playwright.__file__).parent / "driver" / name
    found = str(bundled) if bundled.is_file() else shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not here: install it, and run make test again.")
    return found


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests."""
    import browser
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = browser.launch(playwright)
        if launched is None:
            pytest.skip(browser.HOW_TO_GET_ONE)
        yield launched
        launched.close()


def is_ci():
    """Whether this is a CI run, where every test has to be executed."""
    return os.environ.get("CI", "").lower() == "true"


def pytest_terminal_summary(terminalreporter):
    """Say once for each reason what was not run, and why a run with skips has failed."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, times in reasons.items():
        terminalreporter.write_line(f"Not run ({times}): {reason}", yellow=True)
    if skipped and is_ci():
        terminalreporter.write_line(
            f"This run has failed: with CI=true every test has to run, and {len(skipped)} did not.",
            red=True,
        )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """With CI=true, turn a run that skipped a test into a failed one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and is_ci() and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
