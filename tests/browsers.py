"""A real browser for tests of pages: the system's Chromium, and axe-core to look for barriers."""

from __future__ import annotations

import os
import shutil
from importlib import resources

import pytest

CHROMIUM = os.environ.get("MOODREEL_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium; on Debian: apt install chromium, or MOODREEL_CHROMIUM"
)


def launch(driver):
    """Chromium, driven by playwright."""
    # Containers give browsers no namespaces of their own to put a sandbox into.
    return driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def load_axe() -> str:
    """The text of axe-core out of a development package, or of the file MOODREEL_AXE."""
    named = os.environ.get("MOODREEL_AXE")
    if named:
        return open(named, encoding="utf-8").read()
    try:
        folder = resources.files("axe_playwright_python")
    except ModuleNotFoundError:
        pytest.skip("needs axe-core; try pip install axe-playwright-python, or MOODREEL_AXE")
    found = next((p for p in folder.iterdir() if p.name == "axe.min.js"), None)
    if found is None:
        pytest.skip("needs axe.min.js in the package axe-playwright-python; found none")
    return found.read_text(encoding="utf-8")


def find_serious(page, preload: bool) -> list:
    """What axe, loaded into the page, calls serious or critical.

    preload: also by the style sheets, which a page from a file may not ask for.
    """
    found = page.evaluate(
        "(preload) => axe.run(document, {resultTypes: ['violations'], preload})", preload
    )
    return [
        (issue["id"], [node["html"][:120] for node in issue["nodes"]][:3])
        for issue in found["violations"]
        if issue["impact"] in ("serious", "critical")
    ]
