"""Files that are sent: photos, clips, sounds, latents; looked at before they are taken."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from embed.faces.base import NoFaceError
from embed.photos.loading import load_photo
from studio.bodies import save_body
from studio.identifiers import make_id
from studio.making import hide_folder
from studio.parts import API, Studio
from studio.pictures import encode_jpeg
from studio.workspace import UPLOAD_KINDS
from synth.faces.latents import load_latents
from synth.plain_text import show
from synth.resizing import resize_frames
from synth.video.reading import probe_video
from synth.video.sound import check_sound

PREVIEW_PX = 640


class TooManyUploadsError(Exception):
    """Others are being sent."""


def make_routes(studio: Studio) -> list[Route]:
    """The routes of uploads."""
    routes = _UploadRoutes(studio)
    return [
        Route(f"{API}/uploads", routes.create, methods=["POST"]),
        Route(f"{API}/uploads/{{id}}", routes.delete, methods=["DELETE"]),
        Route(f"{API}/uploads/{{id}}/preview", routes.preview, methods=["GET"]),
        Route(f"{API}/uploads/{{id}}/faces", routes.find_faces, methods=["GET"]),
    ]


class _UploadRoutes:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._running = 0

    async def create(self, request: Request) -> Response:
        """The body is the file; `?kind=` says what it is meant to be."""
        kind = request.query_params.get("kind", "")
        if kind not in UPLOAD_KINDS:
            raise ValueError(f"needs ?kind= out of {', '.join(UPLOAD_KINDS)}; got {show(kind)}")
        limits, workspace = self._studio.settings.limits, self._studio.workspace
        if self._running >= limits.uploads_at_once:
            raise TooManyUploadsError("needs fewer uploads at once; try again in a moment")
        self._running += 1
        name = make_id()
        path = workspace.uploads / f"{name}{UPLOAD_KINDS[kind]}"
        try:
            announced = request.headers.get("content-length", "0")
            wanted = int(announced) if announced.isdigit() and len(announced) < 16 else 0
            await asyncio.to_thread(workspace.check_room, min(wanted, limits.upload_bytes))
            size = await save_body(request, path, limits)
            facts = await asyncio.to_thread(self._look, kind, path)
        except ValueError as error:
            path.unlink(missing_ok=True)
            raise ValueError(self._unname(str(error), path)) from error
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            self._running -= 1
        content = {"id": name, "kind": kind, "bytes": size, **facts}
        return JSONResponse(content, 201, headers={"location": f"{API}/uploads/{name}"})

    async def delete(self, request: Request) -> Response:
        path = self._studio.workspace.find_upload(request.path_params["id"])
        path.unlink(missing_ok=True)
        return Response(status_code=204)

    async def preview(self, request: Request) -> Response:
        """A photo, small."""
        path = self._studio.workspace.find_upload(request.path_params["id"])
        picture = await asyncio.to_thread(self._draw_preview, path)
        return Response(picture, media_type="image/jpeg")

    async def find_faces(self, request: Request) -> Response:
        """The faces of a photo, largest first: boxes in shares of its width and height, and how
        sure the detector is of each (a pattern on clothes may be taken for one)."""
        path = self._studio.workspace.find_upload(request.path_params["id"])
        return JSONResponse({"faces": await asyncio.to_thread(self._find, path)})

    def _look(self, kind: str, path: Path) -> dict[str, object]:
        """What the file holds, decoded within the library's caps. Raises ValueError."""
        if kind == "photo":
            height, width = self._load(path).shape[:2]
            return {"width_px": width, "height_px": height}
        if kind == "clip":
            facts = probe_video(path)
            return {"duration_s": round(facts.duration_s, 3), "frames": facts.frame_count}
        if kind == "sound":
            check_sound("video.mp4", path)
            return {}
        return {"faces": len(load_latents(path, self._studio.models.generator))}

    def _load(self, path: Path) -> np.ndarray:
        return load_photo(path, self._studio.settings.limits.photo_pixels)

    def _draw_preview(self, path: Path) -> bytes:
        photo = self._load(path)
        longest = min(PREVIEW_PX, max(photo.shape[:2]))
        return encode_jpeg(resize_frames(photo[None], longest)[0])

    def _find(self, path: Path) -> list[dict[str, float]]:
        finder = self._studio.settings.tools.recipe.finder
        photo = self._load(path)
        height, width = photo.shape[:2]
        if finder is None:
            return []
        try:
            found = finder.find_faces(photo, "all")
        except NoFaceError:
            return []
        sides = np.array([width, height, width, height], dtype=float)
        faces = []
        for face in found:
            left, top, right, bottom = (round(x, 4) for x in (face.box / sides).tolist())
            place = {"left": left, "top": top, "right": right, "bottom": bottom}
            faces.append({**place, "score": round(float(face.score), 3)})
        return faces

    def _unname(self, message: str, path: Path) -> str:
        """The sentence with 'the file' in place of the server's own name for it."""
        named = message.replace(str(path), "the file").replace(path.name, "the file")
        return hide_folder(named, self._studio.workspace.folder)
