"""Pictures while somebody is working: random faces, moments of a track, measures of identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.api.routing import Answer, StudioRoutes
from studio.making import check_events
from studio.model_orders import parse_model
from studio.orders import FaceOrder, parse_face, parse_plain_track
from studio.parts import wait_for
from studio.pictures import LATER, NOW, SIZES, SOON, PictureWish, Superseded
from synth.motion.emotion_track import EmotionTrack
from synth.motion.interpolation import Interpolation
from synth.plain_text import show

PRIORITIES = {"now": NOW, "soon": SOON, "later": LATER}
MOST_TIMES = 8


class PictureRoutes(StudioRoutes):
    """Live pictures, and measures of them."""

    def list_answers(self) -> Mapping[str, Answer]:
        """See StudioRoutes."""
        return {
            "GET /faces/random/{seed:int}": self.show_random,
            "POST /pictures": self.draw,
            "POST /measures": self.measure,
        }

    async def show_random(self, request: Request) -> Response:
        """The random face of a seed, brought to calm."""
        size = request.query_params.get("size", "128")
        if size not in map(str, SIZES[:2]):
            raise ValueError(f"needs size out of {SIZES[:2]}; got {show(size)}")
        face = FaceOrder(seed=request.path_params["seed"])
        named = {key: request.query_params.get(key) for key in ("generator", "directions")}
        calm = EmotionTrack.of("calm")
        wish = PictureWish(face, calm, "linear", 0.0, int(size), parse_model(named))
        picture = await wait_for(self._studio.desk.wish(wish, SOON))
        # The address does not name the generator, so the browser asks again after a restart.
        return Response(picture, media_type="image/jpeg", headers={"cache-control": "no-cache"})

    async def draw(self, request: Request) -> Response:
        """One moment of a track; 204 where a newer wish of the same hand came meanwhile."""
        content = await self._studio.read(request)
        wish = self._parse_wish(content)
        priority = PRIORITIES.get(str(content.get("priority", "now")), NOW)
        hand = str(content.get("hand", ""))[:64]
        try:
            picture = await wait_for(self._studio.desk.wish(wish, priority, hand))
        except Superseded:
            return Response(status_code=204)
        return Response(picture, media_type="image/jpeg")

    async def measure(self, request: Request) -> Response:
        """Identity distance and expression size at up to eight times of a track."""
        content = await self._studio.read(request)
        times_s = content.get("times_s") if isinstance(content, dict) else None
        if not isinstance(times_s, list) or not 1 <= len(times_s) <= MOST_TIMES:
            raise ValueError(f"needs a list of 1 to {MOST_TIMES} times for times_s")
        wish = self._parse_wish({**content, "time_s": 0.0, "size_px": 256})
        checked = [_take_number(content | {"time_s": time}, "time_s") for time in times_s]
        hand = str(content.get("hand", ""))[:64]
        try:
            found = await wait_for(self._studio.desk.measure(wish, checked, hand))
        except Superseded:
            return Response(status_code=204)
        return JSONResponse({"times_s": checked, **found})

    def _parse_wish(self, content: Any) -> PictureWish:
        if not isinstance(content, dict) or "face" not in content:
            raise ValueError(f"needs an object with a face for a picture; got {show(content)}")
        size = content.get("size_px", 256)
        if not isinstance(size, int) or isinstance(size, bool):
            raise ValueError(f"needs size_px among {SIZES}; got {show(size)}")
        easing = content.get("easing", "linear")
        Interpolation(easing)
        track = parse_plain_track(content.get("track", ["calm"]))
        check_events(track, self._studio.settings.limits)
        time_s = _take_number(content, "time_s", 0.0)
        model = parse_model(content.get("model"))
        return PictureWish(parse_face(content["face"]), track, easing, time_s, size, model)


def _take_number(content: dict, key: str, default: float | None = None) -> float:
    value = content.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"needs a number for {key}; got {show(value)}")
    if not 0 <= value <= 24 * 3600:
        raise ValueError(f"needs 0 to 86400 seconds for {key}; got {value}")
    return float(value)
