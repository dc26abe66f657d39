"""What is dropped on the page or chosen there: photos, clips, sounds, another generator."""

import numpy as np
from browsers import needs_chromium
from PIL import Image
from studio_browser import PIXELS, drop
from studio_samples import save_beeps

from synth.video.encoders import Encoding
from synth.video.writing import write_video

pytestmark = needs_chromium


def test_a_photo_is_dropped_and_becomes_the_face(visit, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((320, 240)).save(tmp_path / "us.jpg")
    page = visit(viewport={"width": 1280, "height": 900})
    page.evaluate("""() => { window.bars = 0; new MutationObserver(() => {
        bars += document.querySelectorAll("#photo progress").length;
    }).observe(document.body, { childList: true, subtree: true }); }""")
    before = page.evaluate(PIXELS)
    drop(page, tmp_path / "us.jpg", "image/jpeg")
    boxes = page.locator("#photo .box")
    boxes.nth(1).wait_for()
    boxes.nth(1).click()
    assert boxes.nth(1).get_attribute("aria-pressed") == "true"
    page.wait_for_function("() => document.querySelector('#photo .crop img').naturalWidth === 256")
    page.click("#photo-use")
    page.wait_for_function("() => studio.project.document.face.photo")
    assert page.evaluate("studio.project.document.face.which") == 1
    assert page.evaluate("bars") > 0
    page.wait_for_function("(before) => (" + PIXELS + ")() !== before", arg=before)
    assert page.locator("#caption").inner_text() == "Photo"


def test_a_dropped_clip_gives_its_emotions_or_a_face(visit, tmp_path):
    frames = (
        np.zeros((8, 240, 320, 3), np.uint8) + np.arange(0, 160, 20, np.uint8)[:, None, None, None]
    )
    write_video(tmp_path / "clip.mp4", iter([frames]), Encoding(4))
    page = visit(viewport={"width": 1280, "height": 900})
    drop(page, tmp_path / "clip.mp4", "video/mp4")
    page.get_by_role("button", name="Its emotions").click()
    page.wait_for_function("() => studio.project.document.events.length === 2")
    assert page.evaluate("studio.project.document.events[1].emotion") == "fear"
    drop(page, tmp_path / "clip.mp4", "video/mp4")
    page.get_by_role("button", name="A face in it").click()
    page.locator("#photo .box").nth(1).wait_for()
    assert page.locator("#clip-time").input_value() == "1"


def test_a_sound_lies_under_the_timeline(visit, tmp_path):
    save_beeps(tmp_path / "beeps.wav")
    page = visit(viewport={"width": 1280, "height": 900})
    page.click("#side-tabs-Film")
    page.set_input_files("#sound-file", tmp_path / "beeps.wav")
    page.locator("#wave polygon").wait_for()
    page.get_by_role("button", name="Start from").click()
    page.click("#from-sound")
    page.wait_for_function("() => studio.project.document.events.at(-1).time > 2")
    assert page.evaluate("studio.project.describe().order.sound") is not None


def test_another_generator_is_chosen_and_draws(visit, sample_files, tmp_path):
    page = visit(viewport={"width": 1280, "height": 900})
    page.click("#model")
    page.locator("#model-generator").wait_for()
    page.set_input_files("#generator-file", sample_files[0])
    page.wait_for_function("() => studio.project.document.model.generator")
    page.locator("#still").wait_for()  # it comes without directions
    said, tabs, wall = (
        page.locator(one).bounding_box() for one in ("#still", "#face-tabs", "#face-panel")
    )
    assert said["y"] + said["height"] <= tabs["y"] and tabs["y"] + tabs["height"] <= wall["y"]
    page.click("#model")
    page.locator("#model-generator").wait_for()
    page.set_input_files("#directions-file", sample_files[1])
    page.wait_for_function("() => studio.project.document.model.directions")
    page.locator("#still").wait_for(state="hidden")
    page.wait_for_function("() => document.querySelector('.tile img').src.includes('generator=')")
    page.wait_for_function("() => !studio.live._busy && !studio.live._wanted")
    page.click("#undo")
    assert page.evaluate("Object.keys(studio.project.document.model)") == ["generator"]


def test_a_photo_is_followed_again_after_a_reload(visit, served, tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((320, 240)).save(tmp_path / "me.png")
    page = visit(viewport={"width": 1280, "height": 900})
    long = {"emotions": ["calm", {"emotion": "anger", "time": 100}]}
    film = served.call("/films", {"face": {"seed": 1}, "track": long})  # the photo waits behind it
    drop(page, tmp_path / "me.png", "image/png")
    page.click("#photo-use:enabled")
    page.locator("#photo-cancel").wait_for()
    page.reload()
    page.locator("#photo-cancel").wait_for()
    served.call(f"/jobs/{film['id']}/cancel", method="POST")
    page.wait_for_function("() => studio.project.document.face.photo")
    page.locator("#photo .box").nth(1).wait_for()
