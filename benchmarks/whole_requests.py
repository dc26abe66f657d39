"""A page with a whole request for every picture, for `benchmarks.studio` to compare with.

    python -m benchmarks.whole_requests [GENERATOR]

It works as pages made of forms do: every move sends all settings, a function draws the picture at
the generator's full size, and a PNG comes back as base64 within JSON. The generator is laid out for
speed as the studio's is, and the page is as small as can be, so that what is measured is the way of
working and no library. In: an intensity. Out: an address on standard output, served until stopped.
"""

from __future__ import annotations

import asyncio
import base64
import io
import socket
import sys
import tempfile
from pathlib import Path

import torch
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from studio.models import Models
from studio.orders import FaceOrder
from studio.settings import Limits, Tools
from studio.workspace import Workspace
from synth.generators import load_generator
from synth.motion.emotion_track import EmotionTrack
from synth.types import to_frames

PAGE = """<!doctype html><title>whole requests</title>
<input type="range" id="intensity" min="0" max="2" step="0.01"><img id="picture" alt="">
<script>
const slider = document.getElementById("intensity"), picture = document.getElementById("picture");
slider.addEventListener("input", async () => {
  const body = JSON.stringify({ face: 7, emotion: "happiness", intensity: Number(slider.value) });
  const answer = await (await fetch("/draw", { method: "POST", body })).json();
  picture.src = answer.picture;
  await picture.decode();
  picture.dataset.drawn = Number(picture.dataset.drawn ?? 0) + 1;
});
</script>"""


def draw(models: Models, content: dict) -> str:
    """One picture of a face with an emotion, as an address that holds a PNG."""
    actor = models.prepare_actor(FaceOrder(seed=content["face"]))
    event = {"emotion": content["emotion"], "intensity": content["intensity"]}
    path = models.plan(actor, EmotionTrack.of(event), "linear", 30.0)
    with torch.inference_mode():
        rows = path(torch.zeros(1, dtype=torch.float64))
        frames = to_frames(actor.full.synthesis(rows))
    buffer = io.BytesIO()
    Image.fromarray(frames[0]).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def build_page(models: Models) -> Starlette:
    """The page and its one function."""

    async def show(request: Request) -> Response:
        return HTMLResponse(PAGE)

    async def answer(request: Request) -> Response:
        content = await request.json()
        return JSONResponse({"picture": await asyncio.to_thread(draw, models, content)})

    return Starlette(
        routes=[Route("/", show, methods=["GET"]), Route("/draw", answer, methods=["POST"])]
    )


def main() -> None:
    """Serve until the process is stopped."""
    named = sys.argv[1] if len(sys.argv) > 1 else "bundled"
    with tempfile.TemporaryDirectory() as folder:
        tools = Tools(lambda: load_generator(named))
        models = Models(tools, Workspace(Path(folder), Limits()))
        draw(models, {"face": 7, "emotion": "happiness", "intensity": 1.0})
        # As the studio's own: see studio/serving.py.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
            config = uvicorn.Config(build_page(models), log_level="warning")
            uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
