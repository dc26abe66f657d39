import stat
import sys
import threading

import pytest

pytest.importorskip("cryptography")

from synth.film.marks.keys import CHAIN, FOLDER, KEY, load_key, load_or_make_key, load_own_root


def test_keys_are_made_once_and_for_the_user_alone(tmp_path):
    assert load_own_root(tmp_path) is None
    first = load_or_make_key(tmp_path)
    assert load_or_make_key(tmp_path).chain == first.chain
    files = sorted((tmp_path / FOLDER).iterdir())
    assert [path.name for path in files] == ["certificates.pem", "key.pem", "root.pem"]
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    root = load_own_root(tmp_path)
    assert root is not None and first.chain.endswith(root)


def test_two_at_once_get_the_same(tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(load_or_make_key(tmp_path).chain))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1


def test_a_key_of_another_certificate_is_refused(tmp_path):
    for name in "ab":
        load_or_make_key(tmp_path / name)
    chain, key = tmp_path / "a" / FOLDER / CHAIN, tmp_path / "b" / FOLDER / KEY
    with pytest.raises(ValueError, match="needs the key of the first certificate"):
        load_key(chain, key)
    key.write_text("nothing")
    with pytest.raises(ValueError, match="needs certificates and a key"):
        load_key(chain, key)


def test_signatures_are_of_64_bytes(tmp_path):
    assert {len(load_or_make_key(tmp_path).sign(bytes([n]))) for n in range(20)} == {64}
