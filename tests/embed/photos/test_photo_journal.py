"""A journal survives being cut off anywhere, and has one writer."""

import pytest

from embed.photos.journal import Entry, open_journal, read_journal

ENTRIES = [
    Entry("a", "in/a.png", "failed", "no face: »ü«", 0.5),
    Entry("b", "in/b.png", "done", seconds=1.0),
    Entry("a", "in/a.png", "done"),
    Entry("c", "in/c.png", "failed", "broken"),
    Entry("c", "in/c.png", "skipped", "failed before: broken"),
]


@pytest.fixture
def path(tmp_path):
    with open_journal(tmp_path / "journal.jsonl") as journal:
        for entry in ENTRIES:
            journal.write(entry)
    return tmp_path / "journal.jsonl"


def test_what_was_written_is_read_back_and_the_last_word_counts(path):
    assert read_journal(path) == ENTRIES
    with open_journal(path) as journal:
        assert journal.failures == {"c": "broken"}


def test_a_journal_cut_off_at_any_byte_goes_on(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        kept = read_journal(path)
        assert kept == ENTRIES[: len(kept)]
        with open_journal(path) as journal:
            journal.write(ENTRIES[1])
        assert read_journal(path) in ([*kept, ENTRIES[1]], [*ENTRIES[: len(kept) + 1], ENTRIES[1]])


def test_a_second_writer_is_refused_until_the_first_has_closed(path):
    with open_journal(path), pytest.raises(ValueError, match="another process"):
        open_journal(path).__enter__()
    with open_journal(path):
        pass
