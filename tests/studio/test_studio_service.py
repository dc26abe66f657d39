"""The service: films, faces, tracks, pictures, projects, and what it says of wrong orders."""

import io
import json
import shlex
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image
from studio_samples import API, LONG, ORDER, wait_for_job, wait_until

from studio.app import list_routes
from studio.description import describe_service
from studio.orders import describe_order, parse_order
from synth.film.film import make_film
from synth.video.reading import probe_video, read_frames


def test_a_film_is_ordered_followed_and_fetched(client):
    made = client.post(f"{API}/films", json=ORDER)
    assert made.status_code == 202 and made.headers["location"] == made.json()["url"]
    job = made.json()
    with client.stream("GET", job["events"]) as events:
        told = [json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: ")]
    assert told[-1]["state"] == "finished", told[-1]
    done = client.get(job["url"]).json()
    assert {"video.mp4", "contact_sheet.png", "scorecard.json", "track.yaml"} <= set(done["files"])
    whole = client.get(done["video"])
    assert whole.headers["content-type"] == "video/mp4" and b"ftyp" in whole.content[:12]
    part = client.get(done["video"], headers={"Range": "bytes=0-9"})
    assert part.status_code == 206 and part.content == whole.content[:10]
    saved = client.get(done["video"] + "?download").headers["content-disposition"]
    assert saved.startswith("attachment")
    assert done["result"]["frames"] == 14  # a loop of 1.75 s at 8 a second


def test_the_copied_command_makes_the_same_pictures(running, monkeypatch, tmp_path):
    from scripts import generate_video

    client, studio = running
    done = wait_for_job(client, client.post(f"{API}/films", json=ORDER).json())
    words = client.post(f"{API}/commands", json=ORDER).json()["command"]
    parts = words.split(" ", 3)
    assert parts[:3] == ["python", "-m", "scripts.generate_video"]
    arguments = shlex.split(parts[3])
    more = ["scorecard=none", "render=exact", f"paths.outputs={tmp_path}", "name=copied"]
    monkeypatch.setattr(sys, "argv", ["generate_video", *arguments, *more])
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    generate_video.main()
    own = studio.workspace.find_film(done["id"])
    made = tmp_path / "copied"
    assert (own / "track.yaml").read_bytes() == (made / "track.yaml").read_bytes()
    # The files are signed, so their pictures are compared and not their bytes.
    for frames in zip(*(read_frames(f / "video.mp4") for f in (own, made)), strict=True):
        np.testing.assert_array_equal(*frames)
    sheets = [cv2.imread(str(folder / "contact_sheet.png")) for folder in (own, made)]
    np.testing.assert_array_equal(*sheets)


def test_the_copied_python_makes_the_same_frames(client, tmp_path, monkeypatch):
    text = client.post(f"{API}/commands", json=ORDER).json()["python"]
    monkeypatch.chdir(tmp_path)
    space: dict = {}
    exec(text, space)
    assert probe_video(space["film"].video).frame_count == 14


def test_a_project_file_is_played_on_the_command_line(client, sample_files, tmp_path, monkeypatch):
    from scripts import play_project

    order = client.post(f"{API}/commands", json=ORDER).json()["order"]
    path = tmp_path / "mine.moodreel.json"
    path.write_text(json.dumps({"format": "moodreel-project-1", "name": "x", "order": order}))
    generator, directions = sample_files
    more = ["generator=file", f"generator.path={generator}", f"directions.path={directions}"]
    more += ["scorecard=none", "render=exact", f"paths.outputs={tmp_path}", "name=played"]
    monkeypatch.setattr(sys, "argv", ["play_project", str(path), *more])
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    play_project.main()
    assert probe_video(tmp_path / "played" / "video.mp4").frame_count == 14
    path.write_text("[]")
    with pytest.raises(ValueError, match="needs a project of the studio"):
        play_project.make_arguments([str(path)])


@pytest.mark.parametrize(
    "face",
    [{"seed": 3}, {"mix": [3, 9], "share": 0.25}, {"seed": 3, "psi": 0.5}],
)
def test_an_order_survives_its_plain_form(face):
    order = parse_order({**ORDER, "face": face})
    assert parse_order(json.loads(json.dumps(describe_order(order)))) == order


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"face": {}}, "one of seed, mix, photo"),
        ({"face": {"seed": 1, "mix": [1, 2]}}, "one of seed, mix, photo"),
        ({"face": {"seed": -1}}, "seed from 0"),
        ({"face": {"seed": True}}, "face.seed"),
        ({"face": {"photo": "../../etc/passwd"}}, "id that this server gave"),
        ({"face": {"photo": "a" * 26}}, "found none"),
        ({"face": {"seed": 1, "pixels": "x"}}, "pixels among"),
        ({"face": {"path": "/etc/passwd"}}, "needs keys"),
        ({"track": {"clip": "/etc/passwd"}}, "id that this server gave"),
        ({"track": {"emotions": ["calm"], "source": "x"}}, "needs keys of a track"),
        ({"track": ["bliss"]}, "needs an emotion"),
        ({"track": []}, "at least one emotion"),
        ({"track": ["calm", {"emotion": "fear", "time": float("nan")}]}, "needs"),
        ({"track": ["calm", {"emotion": "fear", "time": 500}]}, "at most 200 s"),
        ({"track": [{"emotion": "fear", "also": {"fear": 1}}]}, "each emotion"),
        ({"fps": 1000, "track": ["calm", {"emotion": "fear", "time": 100}]}, "frames here"),
        ({"size_px": 100000}, "size"),
        ({"kind": "exe"}, "kind among"),
        ({"sound": "sound.wav"}, "id that this server gave"),
        ({"easing": "rubbery"}, "easing"),
        ({"nothing": 1}, "needs keys"),
        ({"name": "x" * 300}, "at most 200"),
    ],
)
def test_a_wrong_order_is_one_sentence(running, change, word):
    client, studio = running
    body = json.dumps({**ORDER, **change})
    answer = client.post(f"{API}/films", content=body)
    assert answer.status_code in (400, 404)
    assert word in answer.json()["error"] and str(studio.workspace.folder) not in answer.text
    assert studio.store.list() == []


def test_photos_and_latents_are_taken(running, tmp_path, sample_files):
    client, studio = running
    Image.new("RGB", (40, 30), "red").save(tmp_path / "red.png")
    photo = client.post(
        f"{API}/uploads?kind=photo", content=(tmp_path / "red.png").read_bytes()
    ).json()
    assert (photo["width_px"], photo["height_px"]) == (40, 30)
    assert client.get(f"{API}/uploads/{photo['id']}/preview").content[:2] == b"\xff\xd8"
    generator = studio.models.generator
    rows = np.random.default_rng(0).normal(size=(2, generator.num_layers, generator.w_dim))
    np.savez(tmp_path / "w.npz", w=rows.astype(np.float32))
    saved = client.post(
        f"{API}/uploads?kind=latents", content=(tmp_path / "w.npz").read_bytes()
    ).json()
    assert saved["faces"] == 2
    order = {**ORDER, "face": {"latents": saved["id"], "index": 1}}
    assert wait_for_job(client, client.post(f"{API}/films", json=order).json())["state"] == (
        "finished"
    )
    assert client.delete(f"{API}/uploads/{photo['id']}").status_code == 204
    assert client.get(f"{API}/uploads/{photo['id']}/preview").status_code == 404


def test_a_running_film_is_cancelled_and_leaves_nothing(running):
    client, studio = running
    job = client.post(f"{API}/films", json=LONG).json()
    wait_until(lambda: client.get(job["url"]).json()["progress"].get("step") == "render")
    assert client.post(f"{API}/jobs/{job['id']}/cancel").status_code == 202
    assert wait_for_job(client, job)["state"] == "cancelled"
    left = studio.workspace.find_film(job["id"])
    assert not left.exists() or not list(left.glob("*.mp4"))
    assert client.post(f"{API}/jobs/{job['id']}/cancel").status_code == 409
    assert client.delete(f"{API}/films/{job['id']}").status_code == 204
    assert client.get(job["url"]).status_code == 404


def test_pictures_follow_the_track_and_the_newest_wish_wins(running):
    client, _ = running
    wish = {"face": {"seed": 3}, "track": ORDER["track"], "size_px": 256}
    first = client.post(f"{API}/pictures", json={**wish, "time_s": 0})
    other = client.post(f"{API}/pictures", json={**wish, "time_s": 0.5})
    assert first.headers["content-type"] == "image/jpeg" and first.content != other.content
    assert client.get(f"{API}/faces/random/3?size=128").content[:2] == b"\xff\xd8"
    assert client.get(f"{API}/faces/random/3?size=4096").status_code == 400
    assert client.post(f"{API}/pictures", json={**wish, "size_px": 77}).status_code == 400


def test_of_one_hand_only_the_newest_wish_is_drawn(running):
    from threading import Event

    from studio.orders import FaceOrder
    from studio.pictures import PictureWish, Superseded
    from synth.motion.emotion_track import EmotionTrack

    _, studio = running
    held = Event()
    studio.desk.do(held.wait, priority=-0)
    track = EmotionTrack.of("calm", "fear")
    wishes = [PictureWish(FaceOrder(seed=3), track, "linear", k / 10, 256) for k in range(5)]
    futures = [studio.desk.wish(wish, hand="hand") for wish in wishes]
    held.set()
    assert futures[-1].result(30)[:2] == b"\xff\xd8"
    assert all(isinstance(future.exception(30), Superseded) for future in futures[:-1])


def test_a_live_picture_is_the_films_frame(running):
    """The page must not show what the film will not."""
    from synth.faces.face import RandomFace
    from synth.film.settings import FilmSettings
    from synth.video.reading import read_frames

    client, studio = running
    order = parse_order(ORDER)
    assert order.track.track is not None
    settings = FilmSettings(fps=8, file="frames", render=studio.settings.tools.render)
    motion = studio.models.make_motion(order, order.track.track)
    folder = studio.workspace.folder / "film"
    film = make_film(studio.models.generator, RandomFace(3), motion, settings, folder)
    frames = np.concatenate(list(read_frames(film.video)))
    wish = {"face": {"seed": 3}, "track": ORDER["track"], "easing": "cubic", "time_s": 5 / 8}
    picture = client.post(f"{API}/pictures", json=wish).content
    shown = np.asarray(Image.open(io.BytesIO(picture))).astype(float)
    # JPEG loses some of the random network's colours, so frames are told apart by distance.
    distances = [np.abs(shown - frame).mean() for frame in frames.astype(float)]
    assert int(np.argmin(distances)) == 5


def test_two_tabs_do_not_overwrite_each_other(client):
    project = {"name": "one", "order": ORDER, "favourites": [3]}
    made = client.post(f"{API}/projects", json=project).json()
    url = f"{API}/projects/{made['id']}"
    first = client.put(url, json={**project, "name": "first"}, headers={"If-Match": "1"})
    assert first.status_code == 200 and first.json()["revision"] == 2
    second = client.put(url, json={**project, "name": "second"}, headers={"If-Match": "1"})
    assert second.status_code == 409 and second.json()["current"]["name"] == "first"
    assert client.get(url).json()["name"] == "first"
    assert client.put(url, json=project).status_code == 400
    assert [one["name"] for one in client.get(f"{API}/projects").json()] == ["first"]
    assert client.delete(url).status_code == 204 and client.get(url).status_code == 404


@pytest.mark.parametrize(
    "project",
    [{}, {"order": {}}, {"order": ORDER, "favourites": ["x"]}, {"order": ORDER, "more": 1}],
)
def test_a_wrong_project_is_not_kept(client, project):
    assert client.post(f"{API}/projects", json=project).status_code == 400
    assert client.get(f"{API}/projects").json() == []


def test_the_description_knows_every_route(running):
    _, studio = running
    routes = {
        (method.lower(), route.path.replace(":int}", "}"))
        for route in list_routes(studio)
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD" and route.path.startswith(API)
    }
    described = describe_service()["paths"]
    assert routes == {(method, path) for path, item in described.items() for method in item}
    text = json.dumps(describe_service())
    schemas = describe_service()["components"]["schemas"]
    for name in text.split("#/components/schemas/")[1:]:
        assert name.partition('"')[0] in schemas


def test_nothing_heavy_is_needed_to_be_told_what_is_missing(tmp_path):
    """Without starlette the script says what to install."""
    code = (
        "import sys, importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if n == 'starlette' else find(n, *a)\n"
        "from scripts.studio import run_studio\n"
        "try: run_studio(None, None)\n"
        "except ValueError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "try make studio" in done.stdout, done.stderr
