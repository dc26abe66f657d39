"""What is sent to the service: sounds, clips, generators, directions; and models by name."""

import io

import cv2
import numpy as np
from PIL import Image
from studio_samples import API, ORDER, save_beeps, wait_for_job

from synth.video.encoders import Encoding
from synth.video.writing import write_video


def test_a_sound_has_an_outline_and_becomes_a_track(client, tmp_path):
    save_beeps(tmp_path / "beeps.wav")
    content = (tmp_path / "beeps.wav").read_bytes()
    sent = client.post(f"{API}/uploads?kind=sound", content=content).json()
    outline = client.get(f"{API}/uploads/{sent['id']}/waveform").json()
    peaks = np.reshape(outline["peaks"][:120], (6, 20))  # half seconds
    assert outline["per_s"] == 40
    assert (peaks[::2].mean(1) > 0.15).all() and (peaks[1::2, 2:-2] < 0.01).all()
    job = wait_for_job(client, client.post(f"{API}/tracks", json={"sound": sent["id"]}).json())
    events = job["result"]["track"]["emotions"]
    assert len(events) >= 3 and 2 < events[-1]["time"] < 3.2
    assert client.post(f"{API}/tracks", json={"sound": "a" * 26}).status_code == 404
    assert client.post(f"{API}/tracks", json={}).status_code == 400


def test_a_photos_command_names_its_face_and_pixels(client):
    content = cv2.imencode(".png", np.zeros((24, 32, 3), np.uint8))[1].tobytes()
    sent = client.post(f"{API}/uploads?kind=photo", content=content).json()
    face = {"photo": sent["id"], "which": 1, "pixels": "generator"}
    made = client.post(f"{API}/commands", json={**ORDER, "face": face}).json()
    assert "face.recipe.which=1" in made["command"]
    assert "face.pixels=generator" in made["command"] and made["order"]["face"] == face
    assert "recipe=InversionRecipe(which=1)" in made["python"]
    compile(made["python"], "copied", "exec")


def test_a_picture_at_rest_is_put_where_the_film_puts_it(running, monkeypatch):
    client, studio = running
    wish = {"face": {"seed": 3}, "track": ["calm"]}
    plain = client.post(f"{API}/pictures", json=wish).content
    monkeypatch.setattr("studio.pictures.LIVE_PX", 16)
    monkeypatch.setattr(studio.models, "find_stage", lambda actor, path: lambda f, t: 255 - f)
    placed = client.post(f"{API}/pictures", json={**wish, "time_s": 0.01}).content
    one, other = (np.asarray(Image.open(io.BytesIO(x))).astype(int) for x in (plain, placed))
    assert np.abs(255 - one - other).mean() < 12 < np.abs(one - other).mean()


def test_a_clips_frame_becomes_a_photo(client, tmp_path):
    frames = np.stack([np.full((32, 48, 3), 40 * k, np.uint8) for k in range(6)])
    write_video(tmp_path / "clip.mp4", iter([frames]), Encoding(2))
    content = (tmp_path / "clip.mp4").read_bytes()
    clip = client.post(f"{API}/uploads?kind=clip", content=content).json()
    for time_s, level in ((0, 0), (1.6, 120), (99, 200)):
        made = client.post(f"{API}/uploads/{clip['id']}/frame", json={"time_s": time_s}).json()
        assert (made["kind"], made["width_px"], made["height_px"]) == ("photo", 48, 32)
        shown = client.get(f"{API}/uploads/{made['id']}/preview").content
        grey = np.asarray(Image.open(io.BytesIO(shown))).mean()
        assert abs(grey - level) < 8, time_s
    wrong = client.post(f"{API}/uploads/{clip['id']}/frame", json={"time_s": "1"})
    assert wrong.status_code == 400


def test_another_generator_is_sent_and_makes_the_film(running, sample_files):
    client, _ = running
    generator, directions = (file.read_bytes() for file in sample_files)
    sent = client.post(f"{API}/uploads?kind=generator", content=generator).json()
    moves = client.post(f"{API}/uploads?kind=directions", content=directions).json()
    assert sent["resolution"] == 32
    still = client.post(f"{API}/models", json={"generator": sent["id"]}).json()
    assert still["resolution"] == 32 and not still["moves"]
    model = {"generator": sent["id"], "directions": moves["id"]}
    assert client.post(f"{API}/models", json=model).json()["moves"]
    job = client.post(f"{API}/films", json={**ORDER, "model": model}).json()
    copied = client.post(f"{API}/commands", json={**ORDER, "model": model}).json()
    assert copied["command"].count("generator.path=") == 1 and sent["id"] in copied["command"]
    assert copied["order"]["model"] == model and moves["id"] in copied["python"]
    assert wait_for_job(client, job)["state"] == "finished"
    tile = client.get(f"{API}/faces/random/3?size=128&generator={sent['id']}")
    assert tile.content == client.get(f"{API}/faces/random/3?size=128").content


def test_models_are_named_out_of_the_studios_folder_alone(client, running, tmp_path, sample_files):
    _, studio = running
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "mine.safetensors").write_bytes(sample_files[0].read_bytes())
    (folder / "moves.safetensors").write_bytes(sample_files[1].read_bytes())
    (folder / "evil.pkl").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    (folder / ".hidden.pkl").write_bytes(b"x")
    (tmp_path / "outside.pkl").write_bytes(b"x")
    assert client.post(f"{API}/models", json={"generator": "mine.safetensors"}).status_code == 404
    studio.shelf._folder = folder
    assert client.get(f"{API}/models").json() == {
        "generators": ["evil.pkl", "mine.safetensors"],
        "directions": ["moves.safetensors"],
    }
    assert client.post(f"{API}/models", json={"generator": "mine.safetensors"}).is_success
    refused = client.post(f"{API}/models", json={"generator": "evil.pkl"})
    assert refused.status_code == 400 and str(tmp_path) not in refused.text
    for name in ("../outside.pkl", "/etc/passwd", ".hidden.pkl", "models/mine.safetensors", 3):
        assert client.post(f"{API}/models", json={"generator": name}).status_code in (400, 404)
        wish = {"face": {"seed": 1}, "model": {"generator": name}}
        assert client.post(f"{API}/pictures", json=wish).status_code in (400, 404)
