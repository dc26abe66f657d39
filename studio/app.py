"""The application: routes, static files, errors as one sentence, behind the gate."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from studio.api.jobs import JobRoutes
from studio.api.models import ModelRoutes
from studio.api.pictures import PictureRoutes
from studio.api.projects import ProjectRoutes
from studio.api.uploads import TooManyUploadsError, UploadRoutes
from studio.bodies import TooLargeError, TooSlowError
from studio.description import describe_service
from studio.events import TooManyListenersError
from studio.gate import Gate
from studio.jobs import RUNNING, WAITING, QueueFullError
from studio.making import hide_folder
from studio.models import LIVE_PX, NotPreparedError
from studio.orders import KINDS, USUAL_BUDGET
from studio.parts import API, Studio, build_studio
from studio.pictures import LATER, BusyError
from studio.settings import StudioSettings
from studio.workspace import ConflictError, NotFoundError
from synth.emotions import Emotion
from synth.motion.emotion_track import DEFAULT_GAP_S, MAX_INTENSITY
from synth.motion.paths import EASINGS

STATIC = Path(__file__).with_name("static")
#: What each kind of error is to a program that calls.
STATUSES: dict[type[Exception], int] = {
    NotFoundError: 404,
    ConflictError: 409,
    NotPreparedError: 409,
    TooLargeError: 413,
    TooSlowError: 408,
    QueueFullError: 429,
    BusyError: 429,
    TooManyUploadsError: 429,
    TooManyListenersError: 429,
    FileNotFoundError: 404,
    ValueError: 400,
    OSError: 500,
    sqlite3.OperationalError: 507,
    RecursionError: 400,
}
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def build_app(settings: StudioSettings) -> tuple[Gate, Studio]:
    """The application behind its gate, and its parts. The address must have a token."""
    studio = build_studio(settings)

    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        studio.announcer.start(asyncio.get_running_loop())
        studio.remove_old_uploads()
        studio.worker.start()
        # Loaded while the first page is looked at.
        studio.desk.do(lambda: (studio.models.live, studio.models.directions), LATER)
        try:
            yield
        finally:
            await asyncio.to_thread(studio.close)

    async def answer_error(request: Request, error: Exception) -> Response:
        return _explain(error, studio)

    handlers = {kind: answer_error for kind in (*STATUSES, HTTPException)}
    app = Starlette(routes=list_routes(studio), lifespan=run, exception_handlers=handlers)
    return Gate(app, settings.address), studio


def list_routes(studio: Studio) -> list[Route | Mount]:
    """Every route of the studio."""
    found: list[Route | Mount] = []
    for part in (ProjectRoutes, PictureRoutes, JobRoutes, ModelRoutes, UploadRoutes):
        found += part(studio).make_routes()

    async def show_state(request: Request) -> Response:
        return JSONResponse(_describe_state(studio))

    async def show_description(request: Request) -> Response:
        return JSONResponse(describe_service())

    async def show_page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})

    found.append(Route(f"{API}/state", show_state, methods=["GET"]))
    found.append(Route(f"{API}/openapi.json", show_description, methods=["GET"]))
    found.append(Route("/", show_page, methods=["GET"]))
    found.append(Mount("/static", StaticFiles(directory=STATIC)))
    return found


def _describe_state(studio: Studio) -> dict:
    own, limits = studio.models, studio.settings.limits
    generator = own.generator if own.is_ready else None
    observer = studio.settings.tools.score.observer
    return {
        "ready": own.is_ready,
        "generator": None if generator is None else generator.name,
        "moves": generator is None or own.directions is not None,
        "resolution": None if generator is None else generator.resolution,
        "emotions": [emotion.label for emotion in Emotion],
        "easings": list(EASINGS),
        "kinds": list(KINDS),
        "max_intensity": MAX_INTENSITY,
        "gap_s": DEFAULT_GAP_S,
        "live_px": LIVE_PX,
        "identity_budget": USUAL_BUDGET if observer is not None else None,
        "reads_clips": studio.settings.tools.read_clip is not None,
        "limits": {"film_s": limits.film_s, "film_frames": limits.film_frames},
        "waiting": studio.store.count(WAITING),
        "running": studio.store.count(RUNNING),
        "warnings": studio.announcer.warnings,
    }


def _explain(error: Exception, studio: Studio) -> Response:
    """An error as its status and one sentence, without the studio's folders."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)
    status = next((STATUSES[k] for k in type(error).__mro__ if k in STATUSES), 500)
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        status = 507
    sentence = hide_folder(str(error), studio.workspace.folder)
    content: dict = {"error": sentence or type(error).__name__}
    if isinstance(error, ConflictError):
        content["current"] = error.current
    return JSONResponse(content, status)
