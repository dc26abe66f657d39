"""Which generators and directions there are to choose from, and what a chosen one can do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from studio.api.routing import Answer, StudioRoutes
from studio.model_orders import ModelOrder, describe_model, parse_model
from studio.parts import Studio


class ModelRoutes(StudioRoutes):
    """Choosing a generator and directions."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        # Of a checkpoint that is converted: others wait, so that memory holds one.
        self._loading = threading.Lock()

    def list_answers(self) -> Mapping[str, Answer]:
        """See StudioRoutes."""
        return {
            "GET /models": self.list,
            "POST /models": self.load,
        }

    async def list(self, request: Request) -> Response:
        """Files of the studio's folder, by name."""
        return JSONResponse(await asyncio.to_thread(self._studio.shelf.list_files))

    async def load(self, request: Request) -> Response:
        """Load a generator with its directions, which may take a while, and describe it."""
        order = parse_model(await self._studio.read(request))
        return JSONResponse(await asyncio.to_thread(self._load, order))

    def _load(self, order: ModelOrder) -> dict[str, Any]:
        models = self._studio.shelf.find(order)
        try:
            with self._loading:
                generator, directions = models.generator, models.directions
        except ValueError as error:
            raise ValueError(self._studio.shelf.hide_files(str(error), order)) from error
        return {
            "model": describe_model(order),
            "name": generator.name,
            "resolution": generator.resolution,
            "moves": directions is not None,
        }
