"""Jobs of every kind: films, faces of photos, tracks of clips; their states, events, results."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from studio.api.routing import Answer, StudioRoutes
from studio.commands import make_command, make_python
from studio.jobs import OVER
from studio.making import check_length
from studio.model_orders import ModelOrder, parse_model
from studio.orders import (
    FaceOrder,
    FilmOrder,
    describe_order,
    parse_face,
    parse_order,
    parse_track_source,
)
from studio.parts import describe_job
from studio.workspace import NotFoundError

TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".gif": "image/gif",
    ".png": "image/png",
    ".json": "application/json",
    ".yaml": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
}


class JobRoutes(StudioRoutes):
    """Films, faces of photos, tracks; what each is, how far it is, and its end."""

    def list_answers(self) -> Mapping[str, Answer]:
        """See StudioRoutes."""
        return {
            "POST /films": self.create_film,
            "GET /films": self.list_films,
            "GET /films/{id}": self.show,
            "DELETE /films/{id}": self.delete,
            "GET /films/{id}/files/{name}": self.send_file,
            "POST /faces": self.create_face,
            "GET /faces/{id}": self.show,
            "POST /tracks": self.create_track,
            "GET /tracks/{id}": self.show,
            "GET /jobs": self.list_jobs,
            "GET /jobs/{id}": self.show,
            "POST /jobs/{id}/cancel": self.cancel,
            "GET /jobs/{id}/events": self.tell_one,
            "GET /events": self.tell_all,
            "POST /commands": self.write_commands,
        }

    async def create_film(self, request: Request) -> Response:
        """Put a film into the queue."""
        order = parse_order(await self._studio.read(request))
        self._check_order(order)
        return self._add("film", describe_order(order))

    async def create_face(self, request: Request) -> Response:
        """Prepare a face, such as a photo's."""
        content = await self._studio.read(request)
        model = content.pop("model", None) if isinstance(content, dict) else None
        self._check_face(parse_face(content), parse_model(model))
        return self._add("face", {"face": content, **({"model": model} if model else {})})

    async def create_track(self, request: Request) -> Response:
        """Read a clip's emotions, or a sound's turns."""
        source = parse_track_source(await self._studio.read(request))
        for upload in source.values():
            self._studio.workspace.find_upload(upload)
        return self._add("track", {"track": source})

    async def list_films(self, request: Request) -> Response:
        """Films, newest first."""
        return JSONResponse([describe_job(job) for job in self._studio.store.list("film")])

    async def list_jobs(self, request: Request) -> Response:
        """Jobs of every kind, newest first."""
        return JSONResponse([describe_job(job) for job in self._studio.store.list()])

    async def show(self, request: Request) -> Response:
        """One job; where the address names a kind, of that kind alone."""
        kind = {"films": "film", "faces": "face", "tracks": "track"}.get(
            request.url.path.split("/")[3]
        )
        return JSONResponse(describe_job(self._studio.find_job(request.path_params["id"], kind)))

    async def cancel(self, request: Request) -> Response:
        """Stop a job; 409 for one that is over."""
        job = self._studio.find_job(request.path_params["id"])
        cancelled = self._studio.worker.cancel(job.id)
        return JSONResponse({"cancelled": cancelled}, 202 if cancelled else 409)

    async def delete(self, request: Request) -> Response:
        """Delete a film that is over, with its files."""
        job = self._studio.find_job(request.path_params["id"], "film")
        if job.state not in OVER:
            raise ValueError("needs a film that is over to delete it; try cancelling it first")
        await asyncio.to_thread(self._studio.maker.remove_film, job.id)
        self._studio.store.delete(job.id)
        return Response(status_code=204)

    async def send_file(self, request: Request) -> Response:
        """One of the film's own files, by a name out of its list."""
        job = self._studio.find_job(request.path_params["id"], "film")
        name = request.path_params["name"]
        if name not in job.result.get("files", ()):
            raise NotFoundError("needs the name of one of the film's files; found none")
        kind = TYPES.get(Path(name).suffix, "application/octet-stream")
        path = self._studio.workspace.find_film(job.id) / name
        if not path.is_file():
            raise NotFoundError("needs a film whose files are there; this one's are gone")
        saved = {"content-disposition": f'attachment; filename="moodreel-{job.id[:8]}-{name}"'}
        headers = saved if "download" in request.query_params else {}
        return FileResponse(path, media_type=kind, headers=headers)

    async def tell_one(self, request: Request) -> Response:
        """The states of one job until it is over."""
        job = self._studio.find_job(request.path_params["id"])
        first = [(job.id, describe_job(job))]
        return self._stream(first, job.id)

    async def tell_all(self, request: Request) -> Response:
        """The states of all jobs."""
        jobs = [job for job in self._studio.store.list(most=50) if job.state not in OVER]
        first = [(job.id, describe_job(job)) for job in jobs]
        return self._stream(first)

    async def write_commands(self, request: Request) -> Response:
        """The order as a command line, as Python, and as a project's file."""
        order = parse_order(await self._studio.read(request))
        self._check_order(order)
        tools = self._studio.shelf.find(order.model).tools
        find = self._studio.workspace.find_upload
        return JSONResponse(
            {
                "command": make_command(order, find, tools.command),
                "python": make_python(order, find, tools.generator_path, tools.directions),
                "order": describe_order(order),
            }
        )

    def _add(self, kind: str, content: dict) -> Response:
        job = self._studio.add_job(kind, content)
        return JSONResponse(job, 202, headers={"location": job["url"]})

    def _check_order(self, order: FilmOrder) -> None:
        """What can be wrong is told at once, not when the job's turn comes."""
        self._check_face(order.face, order.model)
        for upload in (order.track.clip, order.sound):
            if upload is not None:
                self._studio.workspace.find_upload(upload)
        if order.track.track is not None:
            check_length(order.track.track, order, self._studio.settings.limits)

    def _check_face(self, face: FaceOrder, model: ModelOrder) -> None:
        self._studio.shelf.find(model).make_source(face)

    def _stream(self, first: list, only: str | None = None) -> Response:
        self._studio.announcer.check_room()  # before an answer begins, which could not be refused
        events = self._studio.announcer.listen(first, only)
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)
