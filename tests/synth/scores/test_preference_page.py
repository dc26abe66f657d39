"""The page of a study in a real browser, from a file and from a web server."""

import functools
import http.server
import json
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from browsers import find_serious, launch, load_axe, needs_chromium
from preference_samples import STRENGTHS, decide, save_answers, save_films

from synth.scores.preferences.answers import load_key, load_voters
from synth.scores.preferences.making import make_study
from synth.scores.preferences.plan import StudySettings
from synth.scores.preferences.results import score_voters
from synth.scores.preferences.strengths import Z95

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytestmark = needs_chromium
PATIENCE_MS = 60_000
#: Nobody waits for films.
QUICK = """const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    this.playbackRate = 16; return play.call(this); };"""
NO_STORAGE = """Object.defineProperty(window, "localStorage",
  { get() { throw new DOMException("denied", "SecurityError"); } });"""
#: Answers pair after pair by the keyboard, as soon as the page lets it; null: always the left one.
VOTE = """async (choices) => {
  const keys = { left: "ArrowLeft", right: "ArrowRight", neither: "ArrowDown" };
  const find = (id) => document.querySelector(id);
  while (find("#end").hidden) {
    if (find("#pair").dataset.ready !== "true") { await new Promise((go) => setTimeout(go, 4)); }
    else {
      const { trial, left, right } = page.kept.pairs[page.number];
      const side = choices ? { [left]: "left", [right]: "right" }[choices[trial]] : "left";
      const key = keys[side ?? "neither"];
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
  }
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = launch(driver)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Four pairs, one of them of the same film and one with a frozen one; -> (folder, key)."""
    return make(tmp_path_factory.mktemp("small"), {"ours": 2, "tgan": 2}, same=1, frozen=1)


def make(folder: Path, counts, **settings):
    films = save_films(folder / "films", counts, frames=2)
    make_study(films, StudySettings(per_voter=None, seed=5, plays=1, **settings), folder)
    return folder, json.loads((folder / "key.json").read_text())


@pytest.fixture
def visit(browser):
    """Opens a study; what goes wrong in the page, and what it asks of others, fails the test."""
    contexts, troubles = [], []

    def open_page(address, script=QUICK, context=None, **settings):
        context = context or browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        place = str(address) if re.match("http", str(address)) else Path(address).as_uri()
        own = place.rsplit("/", 1)[0]
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.on(
            "request",
            lambda r: None if r.url.startswith((own, "blob:")) else troubles.append(r.url),
        )
        page.add_init_script(script)
        page.goto(place)
        page.wait_for_selector("body[data-ready=true]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not [text for text in troubles if "ERR_FILE_NOT_FOUND" not in text]


@pytest.fixture
def served(small):
    """The small study's page on a plain web server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *message):
            pass

    handler = functools.partial(Quiet, directory=str(small[0] / "page"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


def wait_for_choice(page):
    page.wait_for_selector("#pair[data-ready=true]")


def test_voters_of_known_taste_are_recovered(visit, tmp_path):
    """Three careful voters and one who always presses the same key, from page to strengths."""
    folder, plain = make(tmp_path, dict.fromkeys(STRENGTHS, 6), same=2, frozen=2)
    page = visit(folder / "page" / "index.html")
    rng, wanted, paths = np.random.default_rng(0), {}, []
    for careful in (True, True, True, False):
        choices = decide(plain, rng, STRENGTHS) if careful else None
        page.click("#start")
        page.evaluate(VOTE, choices)
        with page.expect_download() as waiting:
            page.click("#download")
        paths.append(tmp_path / waiting.value.suggested_filename)
        waiting.value.save_as(paths[-1])
        content = json.loads(paths[-1].read_text())
        assert paths[-1].name == f"answers-{plain['study']}-{content['voter']}.json"
        wanted[content["voter"]] = choices
        page.click("#other")
        page.click("#other-yes")
    key = load_key(folder / "key.json")
    voters = load_voters(paths, key)
    for voter in voters[:3]:
        for vote in voter.votes:
            film = wanted[voter.name][vote.trial]
            score = 0.5 if film is None else float(key.films[film].method == vote.methods[0])
            assert vote.score == score
        assert len(voter.votes) == 18 and voter.failed_share == 0
    results = score_voters(key, voters)
    assert list(results.excluded) == [voters[3].name]
    assert list(results.strengths) == sorted(STRENGTHS, key=lambda name: -STRENGTHS[name])
    for name, strength in results.strengths.items():
        error = (strength.high - strength.low) / (2 * Z95)
        assert abs(strength.log_odds - STRENGTHS[name]) < 2.5 * error and error < 0.5


@pytest.mark.parametrize("place", ["file", "server"])
def test_the_keyboard_alone_is_enough(visit, small, served, place):
    page = visit(small[0] / "page" / "index.html" if place == "file" else served)
    page.keyboard.press("Enter")  # the button to begin has the focus
    chosen = []
    for number, key in enumerate(["ArrowLeft", "ArrowDown", "ArrowRight", "ArrowLeft"]):
        page.wait_for_function(f"page.number === {number}")
        wait_for_choice(page)
        if number == 2:
            rounds = page.evaluate("page.pair.rounds")
            page.keyboard.press("r")
            page.wait_for_function(f"page.pair.rounds > {rounds}")
            page.keyboard.press("Backspace")
            page.wait_for_selector("#choices .neither[aria-pressed=true]")
            page.keyboard.press("ArrowLeft")
            page.wait_for_function("page.number === 2")
            wait_for_choice(page)
        page.keyboard.press(key)
        chosen.append({"ArrowLeft": "left", "ArrowDown": "neither"}.get(key, "right"))
    page.wait_for_selector("#end:not([hidden])")
    chosen[1] = "left"
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    content = json.loads(page.input_value("#text"))
    assert [answer["chosen"] for answer in content["answers"]] == chosen
    assert all(answer["plays"] >= 1 and answer["seconds"] > 0 for answer in content["answers"])


def test_a_reload_goes_on_where_it_was(visit, small):
    page = visit(small[0] / "page" / "index.html")
    page.click("#start")
    wait_for_choice(page)
    page.click("#choices .right")
    page.wait_for_function("page.number === 1")
    before = page.evaluate("page.kept")
    page.reload()
    page.wait_for_selector("body[data-ready=true]")
    assert page.inner_text("#start") == "Go on with pair 2"
    assert page.evaluate("page.kept") == before
    page.click("#start")
    assert page.inner_text("#count") == "Pair 2 of 4"
    page.evaluate(VOTE, {})
    page.reload()
    page.wait_for_selector("#end:not([hidden])")
    assert page.evaluate("page.answers.answers[0].chosen") == "right"
    assert page.evaluate("page.answers.answers.length") == 4


def test_a_browser_that_keeps_nothing_is_told_of(visit, small, tmp_path):
    page = visit(small[0] / "page" / "index.html", script=QUICK + NO_STORAGE)
    assert "keeps nothing" in page.inner_text("#banner")
    page.click("#start")
    page.evaluate(VOTE, {})
    assert "keeps nothing" in page.inner_text("#banner")
    content = page.evaluate("page.answers")
    (voter,) = load_voters([save_answers(tmp_path, content)], load_key(small[0] / "key.json"))
    assert len(voter.votes) == 2 and voter.failed == {"same": 0, "frozen": 1}


def test_nothing_is_answered_before_it_was_seen(visit, small):
    still = "HTMLMediaElement.prototype.play = () => new Promise(() => {});"
    page = visit(small[0] / "page" / "index.html", script=still)
    page.click("#start")
    page.wait_for_function("page.pair.playing")
    for key in ("ArrowLeft", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("page.number") == 0 and page.evaluate("page.kept.answers.length") == 0
    assert page.locator("#choices button:disabled").count() == 3
    page.keyboard.press("Space")
    assert page.inner_text("#play") == "Play"


def test_the_text_can_be_copied(visit, small):
    page = visit(small[0] / "page" / "index.html")
    clipboard = "() => { navigator.clipboard.writeText = async (text) => { %s; }; }"
    page.evaluate(clipboard % "window.copied = text")
    page.click("#start")
    page.evaluate(VOTE, {})
    page.click("#copy")
    page.wait_for_function("document.querySelector('#handed').textContent === WORDS.copied")
    assert json.loads(page.evaluate("copied")) == page.evaluate("page.answers")
    page.evaluate(clipboard % "throw new Error('denied')")
    page.click("#copy")
    page.wait_for_function("document.querySelector('#handed').textContent === WORDS.notCopied")
    assert page.evaluate("document.querySelector('#text').selectionEnd > 100")


def test_a_film_that_is_missing_is_skipped(visit, tmp_path):
    folder, _ = make(tmp_path, {"ours": 1, "tgan": 1}, same=0, frozen=0)
    next((folder / "page" / "films").iterdir()).unlink()
    page = visit(folder / "page" / "index.html")
    page.click("#start")
    page.click("#skip-pair")
    page.wait_for_selector("#end:not([hidden])")
    assert page.evaluate("page.answers.answers[0].chosen") == "broken"


def test_without_no_difference_there_are_two_choices(visit, tmp_path):
    folder, _ = make(tmp_path, {"ours": 1, "tgan": 1}, same=0, frozen=0, undecided=False)
    page = visit(folder / "page" / "index.html", reduced_motion="reduce")
    page.click("#start")
    assert page.inner_text("#play") == "Play" and not page.evaluate("page.pair.playing")
    page.keyboard.press("Space")  # with reduced motion nothing plays by itself
    wait_for_choice(page)
    assert page.locator("#choices button").all_inner_texts() == ["←\nLeft", "→\nRight"]
    page.keyboard.press("ArrowDown")
    assert page.evaluate("page.kept.answers.length") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_bars_nobody(visit, small, theme, width):
    size = {"width": width, "height": 800}
    page = visit(small[0] / "page" / "index.html", viewport=size, color_scheme=theme)
    page.evaluate(load_axe())
    assert not find_serious(page, preload=False)
    page.click("#start")
    wait_for_choice(page)
    assert not find_serious(page, preload=False)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for place in ("#films figure >> nth=0", "#films figure >> nth=1", "#choices .neither", "#play"):
        box = page.locator(place).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, place
        assert box["y"] + box["height"] <= 800 and box["height"] >= 36, place
    page.evaluate(VOTE, {})
    page.click("#other")
    page.click("summary")
    assert not find_serious(page, preload=False)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_looks_like_the_studio():
    """The colours, the corners and the type are the studio's own, and stay so."""
    repository = Path(__file__).resolve().parents[3]
    texts = [
        (repository / path).read_text(encoding="utf-8")
        for path in ("studio/static/studio.css", "synth/scores/preferences/page/page.css")
    ]
    theirs, ours = (dict(re.findall(r"(--[\w-]+): ([^;]+);", text)) for text in texts)
    assert len(ours) >= 12 and ours == {name: theirs[name] for name in ours}
    assert len({re.search(r"font: [^;]+;", text)[0] for text in texts}) == 1
