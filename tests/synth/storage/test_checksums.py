from synth.storage.checksums import CHECKSUMS, find_damage, write_checksums


def test_damage_is_found_by_name(tmp_path):
    assert find_damage(tmp_path) == str(tmp_path / CHECKSUMS)
    (tmp_path / "below").mkdir()
    one, other = tmp_path / "a.txt", tmp_path / "below" / "b.txt"
    one.write_text("a")
    other.write_text("b")
    for _ in range(2):
        write_checksums(tmp_path)
        assert find_damage(tmp_path) is None
    other.write_text("c")
    assert find_damage(tmp_path) == str(other)
    one.unlink()
    assert find_damage(tmp_path) == str(one)
    for text in ("", "[]", "{", '{"a.txt": 3}'):
        (tmp_path / CHECKSUMS).write_text(text)
        assert find_damage(tmp_path) in (str(tmp_path / CHECKSUMS), str(one))
