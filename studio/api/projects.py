"""Projects that the page keeps on the server, a revision after the other; and predicted tracks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.api.routing import Answer, StudioRoutes
from studio.identifiers import make_id
from studio.orders import describe_order, parse_order
from synth.motion.emotion_track import EmotionTrack, describe_track
from synth.plain_text import show

MOST_FAVOURITES = 200


def check_project(content: Any) -> dict[str, Any]:
    """A project: an order, and the seeds of favourite faces. Raises ValueError."""
    if not isinstance(content, dict) or set(content) - {"name", "order", "favourites"}:
        raise ValueError(f"needs a project with name, order, favourites; got {show(content)}")
    favourites = content.get("favourites", [])
    good = isinstance(favourites, list) and len(favourites) <= MOST_FAVOURITES
    if not good or not all(type(seed) is int and 0 <= seed < 2**32 for seed in favourites):
        raise ValueError("needs a list of seeds for favourites")
    name = content.get("name", "")
    if not isinstance(name, str) or len(name) > 200:
        raise ValueError("needs a name of at most 200 characters")
    order = describe_order(parse_order(content.get("order")))
    return {"name": name, "order": order, "favourites": favourites}


class ProjectRoutes(StudioRoutes):
    """Projects, and predicted tracks."""

    def list_answers(self) -> Mapping[str, Answer]:
        """See StudioRoutes."""
        return {
            "GET /projects": self.list,
            "POST /projects": self.create,
            "GET /projects/{id}": self.show,
            "PUT /projects/{id}": self.save,
            "DELETE /projects/{id}": self.delete,
            "POST /tracks/predicted": self.predict,
        }

    async def list(self, request: Request) -> Response:
        """Projects, newest first."""
        return JSONResponse(self._studio.projects.list())

    async def create(self, request: Request) -> Response:
        """Keep a new project."""
        project = check_project(await self._studio.read(request))
        return JSONResponse(self._studio.projects.create(make_id(), project), 201)

    async def show(self, request: Request) -> Response:
        """One project with its revision."""
        return JSONResponse(self._studio.projects.load(request.path_params["id"]))

    async def save(self, request: Request) -> Response:
        """Needs If-Match with the revision that was seen; 409 with the newest otherwise."""
        seen = request.headers.get("if-match", "").strip('" ')
        if not seen.isdigit() or len(seen) > 9:
            raise ValueError("needs If-Match with the revision that was loaded; got none")
        project = check_project(await self._studio.read(request))
        saved = self._studio.projects.save(request.path_params["id"], int(seen), project)
        return JSONResponse(saved)

    async def delete(self, request: Request) -> Response:
        """Delete a project."""
        self._studio.projects.delete(request.path_params["id"])
        return Response(status_code=204)

    async def predict(self, request: Request) -> Response:
        """A track that a network writes: seconds, liveliness (0 to 2) and a seed."""
        content = await self._studio.read(request)
        if not isinstance(content, dict) or set(content) - {"seconds", "liveliness", "seed"}:
            raise ValueError(f"needs seconds, liveliness and seed; got {show(content)}")
        seconds = _take(content, "seconds", 20.0)
        if not 1 <= seconds <= self._studio.settings.limits.film_s:
            most = self._studio.settings.limits.film_s
            raise ValueError(f"needs 1 to {most:g} seconds; got {seconds:g}")
        liveliness = _take(content, "liveliness", 1.0)
        if not 0 <= liveliness <= 2:
            raise ValueError(f"needs a liveliness from 0 to 2; got {liveliness:g}")
        seed = int(_take(content, "seed", 0))
        track = await asyncio.to_thread(_predict, seconds, liveliness, seed)
        return JSONResponse({"track": describe_track(track)})


def _predict(seconds: float, liveliness: float, seed: int) -> EmotionTrack:
    # Here, since Keras takes seconds to import and most visits need none.
    from emotion_seq.predict import Sampling, predict_track

    return predict_track(seconds, sampling=Sampling(temperature=liveliness, seed=seed))


def _take(content: dict[str, Any], key: str, default: float) -> float:
    value = content.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**32:
        raise ValueError(f"needs a number of 0 or more for {key}; got {show(value)}")
    return value
