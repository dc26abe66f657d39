"""What the service refuses and survives: nonsense, floods, kills, full disks."""

import os
import select
import signal
import socket
import subprocess
import urllib.error

import cv2
import numpy as np
import pytest
from full_disk import limit_file_size
from PIL import Image
from studio_samples import API, LONG, ORDER, TOKEN, ServedStudio, wait_for_job, wait_until

from studio.app import build_app
from studio.jobs import FINISHED, RUNNING, WAITING, JobStore, QueueFullError
from studio.orders import describe_order, parse_order


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 5000,
        b'{"face":',
    ],
)
@pytest.mark.parametrize("path", ["films", "faces", "pictures", "measures", "projects", "commands"])
def test_malformed_json_is_refused(client, path, body):
    answer = client.post(f"{API}/{path}", content=body)
    assert answer.status_code == 400 and answer.json()["error"]


def test_a_body_beyond_the_limit_is_refused(client):
    answer = client.post(f"{API}/films", content=b" " * 2_000_000)
    assert answer.status_code == 413
    announced = {"Content-Length": str(10 << 30)}
    assert client.post(f"{API}/uploads?kind=clip", headers=announced).status_code == 413


@pytest.mark.parametrize("kind", ["photo", "clip", "sound", "latents"])
def test_a_file_that_is_something_else_is_not_kept(running, kind):
    client, studio = running
    answer = client.post(f"{API}/uploads?kind={kind}", content=b"#!/bin/sh\necho hello\n")
    assert answer.status_code == 400
    assert str(studio.workspace.folder) not in answer.text and "the file" in answer.text
    assert list(studio.workspace.uploads.iterdir()) == []
    assert client.post(f"{API}/uploads?kind={kind}", content=b"").status_code == 400
    assert client.post(f"{API}/uploads?kind=../x", content=b"x").status_code == 400


def test_a_photo_with_too_many_pixels_is_refused(running, tmp_path):
    client, _ = running
    bomb = tmp_path / "bomb.png"
    Image.new("1", (9000, 9000)).save(bomb)
    assert bomb.stat().st_size < 100_000
    answer = client.post(f"{API}/uploads?kind=photo", content=bomb.read_bytes())
    assert answer.status_code == 400 and "pixels" in answer.json()["error"]


def test_a_thousand_jobs_meet_the_bound_of_the_queue(running):
    client, studio = running
    answers = [client.post(f"{API}/films", json=LONG).status_code for _ in range(30)]
    assert set(answers) == {202, 429} and answers.count(202) <= 7
    refused = 0
    for _ in range(1000):
        try:
            studio.add_job("film", LONG)
        except QueueFullError:
            refused += 1
    assert refused >= 998 and studio.store.count(WAITING) <= 5
    for job in client.get(f"{API}/jobs").json():
        client.post(f"{API}/jobs/{job['id']}/cancel")
    wait_until(lambda: not studio.store.count(RUNNING) + studio.store.count(WAITING))
    assert client.post(f"{API}/films", json=ORDER).status_code == 202


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fjobs.sqlite", "%2e%2e/x", "film.json", ".finished", "config.yaml%00", "C:\\x"],
)
def test_a_films_files_are_those_of_its_list(client, name):
    job = wait_for_job(client, client.post(f"{API}/films", json=ORDER).json())
    assert client.get(f"{API}/films/{job['id']}/files/{name}").status_code == 404


@pytest.mark.parametrize("name", ["..", "%2e%2e", "x", "A" * 26, "..%2f..", "1; drop table jobs"])
@pytest.mark.parametrize("kind", ["films", "jobs", "projects"])
def test_an_id_is_an_id(client, kind, name):
    assert client.get(f"{API}/{kind}/{name}").status_code in (400, 404)


def test_a_full_disk_fails_the_upload_and_the_film_not_the_studio(running, tmp_path):
    client, studio = running
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    content = (tmp_path / "noise.png").read_bytes()
    assert 100_000 < len(content) < 200_000
    with limit_file_size(60_000):
        assert client.post(f"{API}/uploads?kind=photo", content=content).status_code == 507
        job = client.post(f"{API}/films", json=LONG).json()
        failed = wait_for_job(client, job)
    assert failed["state"] == "failed" and str(studio.workspace.folder) not in failed["error"]
    assert list(studio.workspace.uploads.iterdir()) == []
    assert wait_for_job(client, client.post(f"{API}/films", json=ORDER).json())["state"] == (
        "finished"
    )


def test_jobs_that_a_killed_server_left_are_looked_after(studio_settings):
    """Whole films are finished, others wait again, those that end servers fail."""
    _, studio = build_app(studio_settings)
    whole, begun, deadly, waiting = (c * 26 for c in "abcd")
    for name in (whole, begun, deadly):
        studio.store.create(name, "film", describe_order(parse_order(ORDER)), 9)
        studio.store.take_next()
    studio.store.create(waiting, "film", ORDER, 9)
    studio.store._data.execute("update jobs set attempts = 2 where id = ?", (deadly,))
    order = parse_order(ORDER)
    assert order.track.track is not None
    studio.maker._make_film(whole, order, lambda progress: None)
    studio.store.take_next = lambda: None  # only looking, no doing
    studio.worker.start()
    states = {job.id: job.state for job in studio.store.list()}
    assert states == {whole: FINISHED, begun: WAITING, deadly: "failed", waiting: WAITING}
    assert studio.store.find(whole).result["frames"] == 14
    studio.close()


def test_stopping_in_order_speaks_against_no_job(running):
    _, studio = running
    job = studio.store.create("a" * 26, "face", {"face": {"seed": 1}}, 9)
    studio.store.take_next = lambda: None
    for _ in range(3):
        studio.store._data.execute("update jobs set attempts = attempts + 1, state = 'running'")
        studio.store.put_back(job.id, forgive=True)
    assert studio.store.find(job.id).attempts == 0


def test_uploads_that_nothing_names_go_after_a_day(running):
    client, studio = running
    kept, young, old = (c * 26 for c in "abc")
    for name in (kept, young, old):
        (studio.workspace.uploads / f"{name}.photo").write_bytes(b"x")
        if name != young:
            os.utime(studio.workspace.uploads / f"{name}.photo", (0, 0))
    face = {"photo": kept}
    assert client.post(f"{API}/projects", json={"order": {**ORDER, "face": face}}).is_success
    studio.remove_old_uploads()
    assert {path.stem for path in studio.workspace.uploads.iterdir()} == {kept, young}


def test_a_photo_that_is_not_prepared_holds_nobody_up(running):
    """A picture of it is refused at once: to invert it takes minutes."""
    client, _ = running
    noise = np.random.default_rng(0).integers(0, 256, (160, 240, 3), dtype=np.uint8)
    content = cv2.imencode(".png", noise)[1].tobytes()
    sent = client.post(f"{API}/uploads?kind=photo", content=content).json()
    answer = client.post(f"{API}/pictures", json={"face": {"photo": sent["id"]}})
    assert answer.status_code == 409 and "found in the photo first" in answer.json()["error"]


def test_listeners_beyond_the_bound_are_told_so(running):
    client, studio = running
    studio.announcer._most = 0
    assert client.get(f"{API}/events").status_code == 429


def test_a_store_keeps_what_it_was_told(tmp_path):
    store = JobStore(tmp_path / "jobs.sqlite")
    store.create("one", "film", {"x": 1}, 2)
    store.close()
    store = JobStore(tmp_path / "jobs.sqlite")
    assert store.take_next().content == {"x": 1} and store.take_next() is None
    store.close()


@pytest.mark.slow
def test_a_served_studio_withstands(sample_files, tmp_path):
    """Over real connections: slow and endless uploads, and kill -9 in the middle of a film."""
    served = ServedStudio(tmp_path / "studio", *sample_files, errors=subprocess.PIPE)
    try:
        assert " 408 " in _send_slowly(served)
        assert " 413 " in _send_without_end(served)
        assert list((tmp_path / "studio" / "uploads").iterdir()) == []
        _kill_in_the_middle(served)
        _stop_with_an_open_page(served)
    finally:
        served.kill()


def _stop_with_an_open_page(served: ServedStudio) -> None:
    """A stop ends streams at once, and leaves no traceback behind."""
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as page:
        head = f"GET {API}/events HTTP/1.1\r\nHost: {host}:{port}\r\n"
        page.sendall(f"{head}Authorization: Bearer {TOKEN}\r\n\r\n".encode())
        assert b"200 OK" in page.recv(4096)
        served.process.send_signal(signal.SIGTERM)
        _, errors = served.process.communicate(timeout=60)
    assert "Traceback" not in errors and "ERROR" not in errors


def _open_upload(served: ServedStudio, more: str) -> socket.socket:
    host, port = served.url.removeprefix("http://").split(":")
    opened = socket.create_connection((host, int(port)), timeout=60)
    head = f"POST {API}/uploads?kind=photo HTTP/1.1\r\nHost: {host}:{port}\r\n"
    opened.sendall(f"{head}Authorization: Bearer {TOKEN}\r\n{more}\r\n\r\n".encode())
    return opened


def _send_slowly(served: ServedStudio) -> str:
    """The first line of the answer to an upload that stops in the middle."""
    with _open_upload(served, "Content-Length: 5000") as slow:
        slow.sendall(b"abc")
        return slow.recv(4096).decode().split("\r\n")[0]


def _send_without_end(served: ServedStudio) -> str:
    """The answer to an upload of unknown length, of which 10 GiB would come."""
    chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    with _open_upload(served, "Transfer-Encoding: chunked") as endless:
        for sent in range(0, 10 << 30, 1 << 16):
            try:
                endless.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                assert sent < 64 << 20  # what fits into the buffers on the way
                break
            if select.select([endless], [], [], 0)[0]:
                break
        return endless.recv(4096).decode().split("\r\n")[0]


def _kill_in_the_middle(served: ServedStudio) -> None:
    """kill -9 while a film is made: the next start makes it again, the one after gives up."""
    done = served.call("/films", ORDER)
    wait_until(lambda: served.call(f"/films/{done['id']}")["state"] == "finished")
    job = served.call("/films", LONG)
    url = f"/films/{job['id']}"
    for _ in range(2):
        wait_until(lambda: served.call(url)["progress"].get("done", 0) > 3)
        served.kill()
        served.start()
    assert served.call(url)["state"] == "failed"
    assert "2 times" in served.call(url)["error"]
    assert served.call(f"/films/{done['id']}")["state"] == "finished"
    with pytest.raises(urllib.error.HTTPError) as refused:
        served.call(f"/films/{job['id']}/files/video.mp4")
    assert refused.value.code == 404
