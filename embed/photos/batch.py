"""Many photos, one commit each: what is done stays done, what is bad stops nothing.

In: items, an inverter, a folder. Out: folder/photos/<item>/ for each photo that could be inverted,
and a journal of all. A photo is done when its folder is there, and it appears there at once and
whole; the same call again does the rest. A shard keeps a journal of its own, so that any number
of shards can work in one folder.
"""

from __future__ import annotations

import errno
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embed.photos.inverter import PhotoInverter
from embed.photos.journal import Entry, Journal, open_journal
from embed.photos.listing import Item, Shard
from embed.photos.recipe import CutFace
from embed.photos.result_folder import save_result
from embed.photos.result_names import RESULTS
from synth.batches import take_batches
from synth.storage.atomic import remove_leftovers
from synth.storage.run_settings import keep_settings

#: Errors of a disk that would meet every photo to come.
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)

Report = Callable[[Entry], None]


@dataclass(frozen=True)
class _Cut:
    """An item whose face was cut out, and when work on it began."""

    item: Item
    face: CutFace
    began_s: float


@dataclass(frozen=True)
class BatchJob:
    """Where results go and how photos are taken: `batch` at once, failed ones again or not.

    report: called with each entry of the journal. Raises ValueError for a batch below 1.
    """

    folder: Path
    shard: Shard = field(default_factory=Shard)
    batch: int = 1
    retry_failed: bool = False
    report: Report = lambda entry: None

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ValueError(f"needs a batch of at least 1 photo; got {self.batch}")

    def run(
        self,
        items: Sequence[Item],
        settings: dict[str, Any],
        load_inverter: Callable[[], PhotoInverter],
    ) -> Counter[str]:
        """Invert this shard's part of `items`; how many ended in each state.

        settings: what the results depend on; a folder holds results of one kind only. The inverter
        is loaded if there is anything to do. Raises ValueError for another kind, or when another
        process works on this shard, and OSError when the disk takes no more.
        """
        chosen = self.shard.choose(items)
        counts: Counter[str] = Counter()
        with open_journal(self.folder / f"journal-{self.shard}.jsonl") as journal:
            own = self.folder / f"settings-{self.shard}.json"
            keep_settings(own, settings, self.folder.glob("settings-*.json"))

            def note(entry: Entry) -> None:
                journal.write(entry)
                counts[entry.state] += 1
                self.report(entry)

            left = [item for item in chosen if not self._skip(item, journal, note)]
            if left:
                inverter = load_inverter()
                for group in take_batches(self._cut_faces(left, inverter, note), self.batch):
                    self._invert(group, inverter, settings, note)
        return counts

    def find_result(self, item: Item) -> Path:
        """The folder of a photo's results."""
        return self.folder / RESULTS / item.name

    def _skip(self, item: Item, journal: Journal, note: Report) -> bool:
        """Whether nothing is to be done for an item; removes what a killed process left of it."""
        if self.find_result(item).is_dir():
            note(Entry(item.name, str(item.path), "skipped", "done before"))
            return True
        if item.name in journal.failures and not self.retry_failed:
            reason = f"failed before: {journal.failures[item.name]}"
            note(Entry(item.name, str(item.path), "skipped", reason))
            return True
        remove_leftovers(self.find_result(item))
        return False

    def _cut_faces(
        self, items: Iterable[Item], inverter: PhotoInverter, note: Report
    ) -> Iterator[_Cut]:
        for item in items:
            began_s = time.monotonic()
            try:
                yield _Cut(item, inverter.cut_face(str(item.path)), began_s)
            except Exception as error:  # whatever is wrong with one photo, the next may be good
                note(_describe_failure(item, error, began_s))

    def _invert(
        self,
        group: Sequence[_Cut],
        inverter: PhotoInverter,
        settings: dict[str, Any],
        note: Report,
    ) -> None:
        """Invert a batch; where that fails, one by one, so that the others are not lost."""
        try:
            found = inverter.invert([x.face for x in group], [x.item.name for x in group])
        except Exception as error:  # as above
            if len(group) > 1:
                for one in group:
                    self._invert([one], inverter, settings, note)
            else:
                note(_describe_failure(group[0].item, error, group[0].began_s))
            return
        for cut, photo in zip(group, found, strict=True):
            try:
                save_result(self.find_result(cut.item), photo, inverter.generator, settings)
            except Exception as error:
                if isinstance(error, OSError) and error.errno in DISK_ERRORS:
                    raise
                note(_describe_failure(cut.item, error, cut.began_s))
                continue
            seconds = round(time.monotonic() - cut.began_s, 2)
            note(Entry(cut.item.name, str(cut.item.path), "done", seconds=seconds))


def _describe_failure(item: Item, error: Exception, began_s: float) -> Entry:
    """Why a photo failed, in one line; of errors that are not about photos the kind and place."""
    reason = " ".join(str(error).split())
    if not isinstance(error, ValueError | OSError):
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {reason} ({Path(place.filename).name}:{place.lineno})"
    seconds = round(time.monotonic() - began_s, 2)
    return Entry(item.name, str(item.path), "failed", reason, seconds)
