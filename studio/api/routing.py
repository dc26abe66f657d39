"""What every part of the service's routes has in common: the studio, and a table of answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studio.parts import API, Studio

Answer = Callable[[Request], Awaitable[Response]]


class StudioRoutes:
    """Answers of one part of the service.

    `list_answers` says which request is whose: "GET /films/{id}" -> the method that answers it,
    below API.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def list_answers(self) -> Mapping[str, Answer]:
        """Method and path -> who answers."""
        raise NotImplementedError

    def make_routes(self) -> list[Route]:
        """The same as routes."""
        found = []
        for request, answer in self.list_answers().items():
            method, path = request.split(" ")
            found.append(Route(API + path, answer, methods=[method]))
        return found
