"""A real browser, the system's Chromium, at a studio in a process of its own."""

import base64

import pytest
from browsers import launch
from studio_samples import ServedStudio

PATIENCE_MS = 60_000
PIXELS = """() => { const c = document.querySelector("#after canvas");
  return Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data).join(); }"""


def drop(page, path, kind: str) -> None:
    """A file is let go over the page."""
    content = base64.b64encode(path.read_bytes()).decode()
    data = page.evaluate_handle(
        """([content, name, type]) => { const data = new DataTransfer();
        const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
        data.items.add(new File([bytes], name, { type })); return data; }""",
        [content, path.name, kind],
    )
    page.dispatch_event("body", "drop", {"dataTransfer": data})


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        opened = launch(driver)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory, sample_files):
    studio = ServedStudio(tmp_path_factory.mktemp("served") / "studio", *sample_files)
    yield studio
    studio.kill()


@pytest.fixture
def visit(browser, served):
    """Opens the page as a first visitor does; what went wrong in it fails the test."""
    contexts, troubles = [], []

    def open_page(context=None, **settings):
        context = context or browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: troubles.append(r.url) if not _is_own(r.url, served) else None)
        page.goto(served.page)
        page.wait_for_selector("body[data-ready=true]")
        page.wait_for_function("() => document.querySelector('#after canvas').dataset.drawn > 0")
        page.wait_for_function("() => !studio.live._busy && !studio.live._wanted")
        return page

    yield open_page
    for context in contexts:
        context.close()
    # Two tabs: as it should be.
    assert [text for text in troubles if " 409 " not in text] == []


def _is_own(url: str, served: ServedStudio) -> bool:
    return url.startswith((served.url + "/", "blob:", "data:"))
