"""The page in a real browser: the system's Chromium, driven by playwright."""

import json

import pytest
from browsers import find_serious, load_axe, needs_chromium
from studio_browser import PIXELS

pytestmark = needs_chromium
SMALL_FILM = "studio.project.change((d) => { d.fps = 12; }); studio.project.endGesture();"


def key(page, number: int = 1):
    """The moment of that number on the timeline."""
    return page.locator(f".key[aria-label^='Moment {number + 1}:']")


def test_from_the_first_visit_to_a_finished_film(visit):
    page = visit(viewport={"width": 1280, "height": 800})
    page.locator(".pick").nth(2).click()
    page.evaluate(SMALL_FILM)
    page.click("#render")
    page.locator(".film.finished button.primary").first.click()
    video = page.locator("dialog video")
    video.wait_for()
    page.wait_for_function("() => document.querySelector('dialog video').duration > 3.9")
    assert page.locator("dialog .files a").count() >= 5
    assert page.locator("dialog .score tr").count() >= 1
    copied = page.locator("dialog [data-copy=command]")
    copied.click()
    page.locator("dialog [data-copy=command][data-copied]").wait_for()
    assert "face.seed=2" in copied.get_attribute("data-copied")


def test_dragging_a_moment_changes_the_picture(visit):
    page = visit(viewport={"width": 1280, "height": 800})
    moment = key(page, 2)
    before, value = page.evaluate(PIXELS), float(moment.get_attribute("aria-valuenow"))
    box = moment.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 40, steps=6)
    page.mouse.up()
    page.wait_for_function("(before) => (" + PIXELS + ")() !== before", arg=before)
    assert float(moment.get_attribute("aria-valuenow")) > value + 0.2
    assert "at 2.4" not in moment.get_attribute("aria-valuetext")
    page.click("#undo")  # one gesture is one step
    assert float(moment.get_attribute("aria-valuenow")) == value
    page.evaluate("studio.setTime(2.4)")
    page.wait_for_function("(before) => (" + PIXELS + ")() === before", arg=before)
    page.click("#redo")
    assert float(moment.get_attribute("aria-valuenow")) > value + 0.2


def test_everything_by_the_keyboard(visit):
    page = visit(viewport={"width": 1280, "height": 800})

    def tab_to(check: str) -> None:
        for _ in range(150):
            if page.evaluate(f"() => {{ const n = document.activeElement; return {check}; }}"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the Tab key does not reach {check}")

    tab_to("n.matches('.skip')")
    page.keyboard.press("Tab")
    tab_to("n.matches('.wall .pick')")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("f")
    page.keyboard.press("Enter")
    assert page.evaluate("studio.project.document.face.seed") == 15  # the next one
    assert page.evaluate("studio.project.document.favourites") == [15]
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    tab_to("n.matches('.key') && n.getAttribute('aria-label').includes('Surprise')")
    focused = page.locator(".key:focus")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("]")
    text = focused.get_attribute("aria-valuetext")
    assert "0.85" in text and "1.60" in text and "held for 0.30" in text
    page.keyboard.press("Delete")
    assert page.locator(".key").count() == 3
    page.keyboard.press("Control+z")
    assert page.locator(".key").count() == 4
    page.evaluate(SMALL_FILM)
    page.locator("#project-name").focus()
    tab_to("n.id === 'render'")
    page.keyboard.press("Enter")
    page.locator(".film").first.wait_for()
    tab_to("n.closest('.film') !== null")
    assert page.evaluate("document.querySelector('.key').getAttribute('role')") == "slider"


def test_the_table_says_and_changes_the_same(visit):
    page = visit()
    page.click("#table summary")
    times = page.locator("#table tbody tr td:first-child input")
    times.nth(3).wait_for()  # it is drawn when it opens
    assert times.count() == 4
    times.nth(1).fill("0.9")
    times.nth(1).press("Tab")
    assert "at 0.90 seconds" in key(page, 1).get_attribute("aria-valuetext")


def test_several_emotions_at_once_and_loops_are_ordered(visit):
    page = visit(viewport={"width": 1280, "height": 900})
    page.click("#side-tabs-Moment")  # a film of another visit may be shown
    page.locator("select[aria-label='Add another emotion']").select_option("fear")
    page.check("#loop")
    order = page.evaluate("studio.project.describe().order")
    assert order["track"]["emotions"][2]["also"] == {"fear": 0.5} and order["track"]["loop"]


def test_playing_shows_frames(visit):
    page = visit()
    page.evaluate("studio.setTime(0)")
    page.click("#play")
    page.wait_for_function("() => studio.time > 0.6")
    drawn = int(page.locator("#after canvas").get_attribute("data-drawn"))
    assert drawn >= 4
    page.click("#play")
    assert not page.evaluate("studio.live.playing")


def test_a_reload_in_the_middle_of_a_render(visit, served):
    page = visit()
    last = "d.events[d.events.length - 1]"
    page.evaluate(f"studio.project.change((d) => {{ {last}.time = 150; }})")
    page.evaluate("studio.project.endGesture()")
    page.click("#render")
    page.locator(".film.running progress[value]").wait_for()
    page.wait_for_function("() => studio.project.state === 'saved'")
    page.reload()
    page.locator(".film.running progress[value]").wait_for()
    assert page.evaluate("studio.project.document.events.at(-1).time") == 150
    page.locator(".film.running button", has_text="Cancel").click()
    page.locator(".film.cancelled").first.wait_for()


def test_two_tabs_on_one_project(visit):
    first = visit()
    first.fill("#project-name", "mine")
    first.wait_for_function("() => studio.project.state === 'saved'")
    second = visit(context=first.context)
    second.fill("#project-name", "theirs")
    second.wait_for_function("() => studio.project.state === 'saved' && !studio.project._dirty")
    first.fill("#project-name", "mine again")
    first.locator("#banner button").first.wait_for()
    first.locator("#banner button", has_text="Load that").click()
    assert first.input_value("#project-name") == "theirs"


def test_a_project_is_saved_as_a_file_and_opens_again(visit, tmp_path):
    page = visit()
    page.fill("#project-name", "Ups and downs")
    page.click("#project-menu")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as a file").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert path.name == "Ups-and-downs.moodreel.json"
    content = json.loads(path.read_text())
    assert content["format"] == "moodreel-project-1"
    content["order"]["face"] = {"mix": [1, 2], "share": 0.25}
    path.write_text(json.dumps(content))
    page.click("#project-menu")
    page.set_input_files("#project-file", path)
    page.wait_for_function("() => studio.project.document.face.mix")
    assert page.input_value("#project-name") == "Ups and downs"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_narrow_screen_shows_everything(visit, theme):
    page = visit(viewport={"width": 390, "height": 844}, color_scheme=theme, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for place in ("#render", "#play", ".key >> nth=0", "#add", "#side-tabs button >> nth=0"):
        box = page.locator(place).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 391, place
        assert box["height"] >= 24, place
    page.locator(".tile .pick").first.tap()
    page.wait_for_function("() => studio.project.document.face.seed === 0")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_axe_finds_no_serious_issue(visit, theme, width):
    source = load_axe()
    page = visit(viewport={"width": width, "height": 860}, color_scheme=theme, bypass_csp=True)
    page.click("#table summary")
    page.evaluate(source)
    for place in ("#side-tabs-Moment", "#side-tabs-Film", "#face-tabs-Photo", "#model"):
        page.click(place)
        assert not find_serious(page, preload=True), place
