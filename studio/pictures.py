"""Live pictures: the newest wish is drawn next, and what nobody waits for any more is left out.

In: a face, a track, a time, a size. Out: a JPEG. One thread draws, by priority: what a hand is
moving now, then frames ahead of the play head and the wall of faces, then measures of identity.
"""

from __future__ import annotations

import inspect
import io
import itertools
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from studio.model_orders import OWN, ModelOrder
from studio.model_shelf import ModelShelf
from studio.models import LIVE_PX, Actor
from studio.orders import FaceOrder
from synth.devices import find_device
from synth.faces.observers import FaceEncoder, FaceObserver
from synth.motion.emotion_track import EmotionTrack
from synth.resizing import resize_frames
from synth.scores.expression import compute_expression_size
from synth.types import Frames, Times, WPlus, to_frames

NOW, SOON, LATER = 0, 1, 2
QUALITY = 88
PICTURES_KEPT = 600
SIZES = (128, 256, 512, 1024)


class Superseded(Exception):
    """A newer wish of the same hand came before this one was drawn."""


class BusyError(Exception):
    """Too many pictures are waited for."""


@dataclass(frozen=True)
class PictureWish:
    """One picture: who, which track, when (seconds), how large, and by which generator."""

    face: FaceOrder
    track: EmotionTrack
    easing: str
    time_s: float
    size_px: int
    model: ModelOrder = OWN

    def __post_init__(self) -> None:
        if self.size_px not in SIZES:
            raise ValueError(f"needs size_px among {SIZES}; got {self.size_px}")
        if not 0 <= self.time_s <= 24 * 3600:
            raise ValueError(f"needs time_s of 0 or more; got {self.time_s}")


class PictureDesk:
    """One thread that draws what is wished."""

    def __init__(self, shelf: ModelShelf, most_waiting: int) -> None:
        self._shelf, self._most = shelf, most_waiting
        self._queue: queue.PriorityQueue[tuple[int, int, Any]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._newest: dict[str, int] = {}
        self._kept: OrderedDict[PictureWish, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Draw nothing more; whoever still waits is told so."""
        self._queue.put((-1, next(self._numbers), None))
        self._thread.join(timeout=30)
        while not self._queue.empty():
            task = self._queue.get()[2]
            if task is not None and not task[0].done():
                task[0].set_exception(BusyError("needs a studio that runs; it is being stopped"))

    def wish(self, wish: PictureWish, priority: int = NOW, hand: str = "") -> Future[bytes]:
        """The picture, soon. Of several wishes of one `hand` only the newest is drawn."""
        with self._lock:
            known = self._kept.get(wish)
        if known is not None:
            done: Future[bytes] = Future()
            done.set_result(known)
            return done
        return self._ask(lambda: self._draw(wish), priority, hand)

    def measure(
        self, wish: PictureWish, times_s: Sequence[float], hand: str
    ) -> Future[dict[str, list[float | None]]]:
        """Identity distance from the calm face, and size of the expression, at some times."""
        return self._ask(lambda: self._measure(wish, times_s), LATER, hand)

    def do(self, work: Callable[[], Any], priority: int = SOON) -> Future[Any]:
        """Anything else that must not be drawn beside."""
        return self._ask(work, priority, "")

    def _ask(self, work: Callable[[], Any], priority: int, hand: str) -> Future[Any]:
        future: Future[Any] = Future()
        if self._queue.qsize() >= self._most:
            raise BusyError("needs fewer pictures at once; try again in a moment")
        number = next(self._numbers)
        if hand:
            with self._lock:
                if len(self._newest) > 10_000:
                    self._newest.clear()
                self._newest[hand] = number
        self._queue.put((priority, number, (future, work, hand)))
        return future

    def _run(self) -> None:
        while True:
            priority, number, task = self._queue.get()
            if task is None:
                return
            future, work, hand = task
            if not future.running() and not future.set_running_or_notify_cancel():
                continue
            if hand and self._newest.get(hand, number) != number:
                future.set_exception(Superseded())
                continue
            try:
                result = work()
                if not inspect.isgenerator(result):
                    future.set_result(result)
                    continue
                next(result)
                # Long work lets others in after each step: a hand does not wait for curves.
                self._queue.put((priority, number, (future, lambda own=result: own, hand)))
            except StopIteration as end:
                future.set_result(end.value)
            except BaseException as error:  # told to whoever waits
                future.set_exception(error)

    def _draw(self, wish: PictureWish) -> Generator[None, None, bytes]:
        """At rest a picture is put where the film puts it, as a step of its own."""
        models = self._shelf.find(wish.model)
        actor = models.prepare_actor(wish.face)
        times_s = torch.tensor([wish.time_s], dtype=torch.float64)
        path = models.plan(actor, wish.track, wish.easing, 30.0)
        frames = self._render(actor, path(times_s), wish.size_px)
        stage = models.find_stage(actor, path) if wish.size_px > LIVE_PX else None
        if stage is not None:
            yield
            frames = stage(frames, times_s)
        picture = encode_jpeg(_fit(frames, wish.size_px)[0])
        with self._lock:
            self._kept[wish] = picture
            while len(self._kept) > PICTURES_KEPT:
                self._kept.popitem(last=False)
        return picture

    def _render(self, actor: Actor, rows: WPlus, size_px: int) -> Frames:
        generator = actor.live if size_px <= actor.live.resolution else actor.full
        with torch.inference_mode():
            held = rows[:, : generator.num_layers].to(find_device(generator))
            return to_frames(generator.synthesis(held))

    def _measure(
        self, wish: PictureWish, times_s: Sequence[float]
    ) -> Generator[None, None, dict[str, list[float | None]]]:
        """In steps of one picture, drawn or looked at."""
        models = self._shelf.find(wish.model)
        observer = models.tools.score.observer
        actor = models.prepare_actor(wish.face)
        calm = models.plan(actor, EmotionTrack.of("calm"), "linear", 30.0)
        path = models.plan(actor, wish.track, wish.easing, 30.0)
        times: Times = torch.tensor(list(times_s), dtype=torch.float64)
        rows = torch.cat([calm(torch.zeros(1, dtype=torch.float64)), path(times)])
        found: dict[str, list[float | None]] = {"identity": [], "expression": []}
        if not isinstance(observer, FaceObserver | FaceEncoder):
            return found
        embedded, landmarks = [], []
        for row in rows:
            frame = _fit(self._render(actor, row[None], wish.size_px), wish.size_px)
            yield
            if isinstance(observer, FaceObserver):
                seen = observer.observe(frame)
                landmarks.append(seen.landmarks)
                embedded.append(seen.embeddings)
            else:
                embedded.append(observer.encode(frame))
            yield
        if landmarks:
            found["expression"] = _list(compute_expression_size(np.concatenate(landmarks))[1:])
        vectors = np.concatenate(embedded)
        found["identity"] = _list(np.linalg.norm(vectors[1:] - vectors[:1], axis=1))
        return found


def _fit(frames: Frames, size_px: int) -> Frames:
    return frames if max(frames.shape[1:3]) <= size_px else resize_frames(frames, size_px)


def encode_jpeg(frame: np.ndarray) -> bytes:
    """uint8 RGB [height, width, 3] -> JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _list(values: np.ndarray) -> list[float | None]:
    return [round(float(x), 4) if np.isfinite(x) else None for x in values]
