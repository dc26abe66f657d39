"""The parts of one running studio, put together; and what routes share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request

from studio.bodies import read_json
from studio.events import Announcer
from studio.identifiers import check_id, make_id
from studio.jobs import OVER, Job, JobStore
from studio.making import Maker
from studio.model_shelf import ModelShelf
from studio.models import Models
from studio.pictures import PictureDesk
from studio.settings import StudioSettings
from studio.worker import Worker
from studio.workspace import NotFoundError, ProjectShelf, Workspace

Result = TypeVar("Result")
API = "/api/v1"


@dataclass(frozen=True, eq=False)
class Studio:
    """Everything that answers requests."""

    settings: StudioSettings
    workspace: Workspace
    models: Models
    shelf: ModelShelf
    store: JobStore
    announcer: Announcer
    maker: Maker
    worker: Worker
    desk: PictureDesk
    projects: ProjectShelf

    async def read(self, request: Request) -> Any:
        """The request's JSON, within bounds."""
        return await read_json(request, self.settings.limits)

    def add_job(self, kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """A new job of the queue. Raises QueueFullError, and OSError for a full disk."""
        self.workspace.check_room()
        job = self.store.create(make_id(), kind, content, self.settings.limits.waiting_jobs)
        self.worker.wake()
        return describe_job(job)

    def find_job(self, name: str, kind: str | None = None) -> Job:
        """A job by its id. Raises NotFoundError."""
        job = self.store.find(check_id(name))
        if job is None or kind not in (None, job.kind):
            raise NotFoundError(f"needs the id of a {kind or 'job'}; found none of that id")
        return job

    def remove_old_uploads(self) -> None:
        """Delete uploads that no project, no film and no job to come names."""
        jobs = self.store.list(most=100_000)
        named = [job.content for job in jobs if job.kind == "film" or job.state not in OVER]
        self.workspace.remove_old_uploads(json.dumps(named))

    def stop_answering(self) -> None:
        """End streams and refuse pictures, so that no connection holds a stop up."""
        self.announcer.stop()
        self.desk.close()

    def close(self) -> None:
        """Stop the threads; waiting jobs stay for the next start."""
        self.announcer.stop()
        self.worker.close()
        self.desk.close()
        self.store.close()


def build_studio(settings: StudioSettings) -> Studio:
    """The parts of a studio; nothing runs yet but the thread that draws."""
    workspace = Workspace(settings.folder, settings.limits)
    workspace.make()
    shelf = ModelShelf(settings.tools, workspace, settings.models)
    announcer = Announcer(settings.limits.listeners)
    store = JobStore(
        settings.folder / "jobs.sqlite", lambda job: announcer.tell(job.id, describe_job(job))
    )
    maker = Maker(shelf, workspace, settings.limits)
    return Studio(
        settings,
        workspace,
        shelf.own,
        shelf,
        store,
        announcer,
        maker,
        Worker(store, maker, announcer),
        PictureDesk(shelf, settings.limits.waiting_pictures),
        ProjectShelf(settings.folder / "projects", settings.limits.projects),
    )


def describe_job(job: Job) -> dict[str, Any]:
    """A job as the service tells it, with addresses of what it made."""
    plural = {"film": "films", "face": "faces", "track": "tracks"}[job.kind]
    content: dict[str, Any] = {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "order": job.content,
        "progress": job.progress,
        "created": job.created,
        "begun": job.begun,
        "ended": job.ended,
        "url": f"{API}/{plural}/{job.id}",
        "events": f"{API}/jobs/{job.id}/events",
    }
    if job.error:
        content["error"] = job.error
    if job.state in OVER and job.result:
        content["result"] = job.result
        if job.kind == "film":
            content["files"] = {
                name: f"{API}/films/{job.id}/files/{name}" for name in job.result["files"]
            }
            content["video"] = f"{API}/films/{job.id}/files/{job.result['video']}"
    return content


async def wait_for(future: Any) -> Any:
    """The result of another thread's future."""
    return await asyncio.wrap_future(future)
