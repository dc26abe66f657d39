"""Files that are sent: photos, clips, sounds, latents, models; looked at before they are taken."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from embed.faces.base import NoFaceError
from embed.photos.loading import load_photo
from studio.api.routing import Answer, StudioRoutes
from studio.bodies import save_body
from studio.identifiers import make_id
from studio.making import hide_folder
from studio.model_orders import ModelOrder, parse_model
from studio.parts import API, Studio
from studio.pictures import encode_jpeg
from studio.workspace import UPLOAD_KINDS
from synth.faces.latents import load_latents
from synth.generators import load_generator
from synth.motion.direction_sets import load_directions
from synth.plain_text import show
from synth.resizing import resize_frames
from synth.sound.waveform import compute_peaks
from synth.storage.atomic import write_atomically
from synth.video.reading import probe_video
from synth.video.sampling import load_frame
from synth.video.sound import check_sound

PREVIEW_PX, CROP_PX = 640, 256
#: Longer side of a clip's frame that is taken for a photo.
FRAME_PX = 2160
#: Stretches a second of a sound's outline.
WAVE_PER_S = 40


class TooManyUploadsError(Exception):
    """Others are being sent."""


class UploadRoutes(StudioRoutes):
    """Files that are sent, and what is seen in them."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._running = 0
        # Of a photo that is decoded: others wait, so that memory holds one.
        self._decoding = threading.Lock()

    def list_answers(self) -> Mapping[str, Answer]:
        """See StudioRoutes."""
        return {
            "POST /uploads": self.create,
            "DELETE /uploads/{id}": self.delete,
            "GET /uploads/{id}/preview": self.preview,
            "GET /uploads/{id}/faces": self.find_faces,
            "GET /uploads/{id}/crop": self.show_crop,
            "GET /uploads/{id}/waveform": self.show_waveform,
            "POST /uploads/{id}/frame": self.take_frame,
        }

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
            model = parse_model({"generator": request.query_params.get("generator")})
            facts = await asyncio.to_thread(self._look, kind, path, model)
        except ValueError as error:
            path.unlink(missing_ok=True)
            raise ValueError(self._unname(str(error), path)) from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            self._running -= 1
        content = {"id": name, "kind": kind, "bytes": size, **facts}
        return JSONResponse(content, 201, headers={"location": f"{API}/uploads/{name}"})

    async def delete(self, request: Request) -> Response:
        """Delete a file that was sent."""
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

    async def show_crop(self, request: Request) -> Response:
        """What would be inverted of a photo: its face number `?which=`, 0 the largest."""
        path = self._studio.workspace.find_upload(request.path_params["id"])
        which = request.query_params.get("which", "0")
        if not which.isascii() or not which.isdigit() or len(which) > 4:
            raise ValueError(f"needs the number of a face for which; got {show(which)}")
        picture = await asyncio.to_thread(self._cut_crop, path, int(which))
        return Response(picture, media_type="image/jpeg")

    async def show_waveform(self, request: Request) -> Response:
        """The outline of a sound, or of a clip's: the largest magnitude of each stretch."""
        path = self._studio.workspace.find_upload(request.path_params["id"])
        longest_s = self._studio.settings.limits.film_s
        peaks = await asyncio.to_thread(compute_peaks, path, WAVE_PER_S, longest_s)
        shown = [round(float(peak), 3) for peak in peaks]
        return JSONResponse({"per_s": WAVE_PER_S, "peaks": shown})

    async def take_frame(self, request: Request) -> Response:
        """A clip's frame at `time_s` as a photo of its own: {"time_s": 1.5} -> an upload."""
        path = self._studio.workspace.find_upload(request.path_params["id"])
        content = await self._studio.read(request)
        time_s = content.get("time_s") if isinstance(content, dict) else None
        if isinstance(time_s, bool) or not isinstance(time_s, int | float) or not 0 <= time_s < 1e5:
            raise ValueError(f"needs seconds of 0 or more for time_s; got {show(time_s)}")
        name = make_id()
        photo = self._studio.workspace.uploads / f"{name}{UPLOAD_KINDS['photo']}"
        await asyncio.to_thread(self._studio.workspace.check_room)
        facts = await asyncio.to_thread(self._cut_frame, path, float(time_s), photo)
        content = {"id": name, "kind": "photo", "bytes": photo.stat().st_size, **facts}
        return JSONResponse(content, 201, headers={"location": f"{API}/uploads/{name}"})

    def _cut_crop(self, path: Path, which: int) -> bytes:
        recipe = replace(self._studio.models.tools.recipe, which=which)
        try:
            with self._decoding:
                return encode_jpeg(recipe.cut_face(path, CROP_PX).crop)
        except ValueError as error:
            raise ValueError(self._unname(str(error), path)) from error

    def _cut_frame(self, clip: Path, time_s: float, photo: Path) -> dict[str, object]:
        with self._decoding:
            frame = load_frame(clip, time_s, FRAME_PX)
        with write_atomically(photo) as temporary:
            Image.fromarray(frame).save(temporary, "PNG")
        return {"width_px": frame.shape[1], "height_px": frame.shape[0]}

    def _look(self, kind: str, path: Path, model: ModelOrder) -> dict[str, object]:
        """What the file holds, decoded within the library's caps. Raises ValueError."""
        if kind == "photo":
            with self._decoding:
                height, width = self._load(path).shape[:2]
            return {"width_px": width, "height_px": height}
        if kind == "clip":
            facts = probe_video(path)
            return {"duration_s": round(facts.duration_s, 3), "frames": facts.frame_count}
        if kind == "sound":
            check_sound("video.mp4", path)
            return {}
        if kind == "generator":
            generator = load_generator(path)
            return {"name": generator.name, "resolution": generator.resolution}
        if kind == "directions":
            return {"name": load_directions(path).generator_name}
        return {"faces": len(load_latents(path, self._studio.shelf.find(model).generator))}

    def _load(self, path: Path) -> np.ndarray:
        return load_photo(path, self._studio.settings.limits.photo_pixels)

    def _draw_preview(self, path: Path) -> bytes:
        with self._decoding:
            photo = self._load(path)
            longest = min(PREVIEW_PX, max(photo.shape[:2]))
            small = resize_frames(photo[None], longest)[0]
        return encode_jpeg(small)

    def _find(self, path: Path) -> list[dict[str, float]]:
        finder = self._studio.models.tools.recipe.finder
        if finder is None:
            return []
        with self._decoding:
            photo = self._load(path)
            height, width = photo.shape[:2]
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
