"""The service's OpenAPI 3.1 description: what every route takes and gives.

A test compares it with the routes that there are.
"""

from __future__ import annotations

from typing import Any

from embed.photos.photo_face import PIXELS
from studio.orders import KINDS
from studio.parts import API
from studio.pictures import SIZES
from studio.workspace import UPLOAD_KINDS
from synth.emotions import Emotion
from synth.motion.emotion_track import MAX_INTENSITY
from synth.motion.paths import EASINGS

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_ID = {"type": "string", "pattern": "^[a-z2-7]{26}$"}
_EMOTION = {"enum": [emotion.label for emotion in Emotion]}
_INTENSITY = {"type": "number", "minimum": 0, "maximum": MAX_INTENSITY}
_EASING = {"enum": list(EASINGS)}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: dict[str, Any] = {
    "Face": _object(
        seed={"type": "integer", "minimum": 0},
        mix={"type": "array", "items": {"type": "integer"}, "minItems": 2},
        share=_NUMBER,
        photo=_ID,
        which={"type": "integer", "description": "the photo's face, 0 the largest"},
        paste={"type": "boolean", "description": "show the whole photo, the moving face in it"},
        pixels={"enum": list(PIXELS)},
        latents=_ID,
        index={"type": "integer"},
        psi=_NUMBER,
    )
    | {"description": "exactly one of seed, mix, photo and latents"},
    "Model": _object(generator=_TEXT, directions=_TEXT)
    | {"description": "ids of uploads, or names out of GET /models; none: the studio's own"},
    "Event": _object(
        ("emotion",),
        emotion=_EMOTION,
        time={"type": "number", "minimum": 0, "description": "seconds"},
        intensity=_INTENSITY,
        hold={"type": "number", "minimum": 0, "description": "seconds"},
        easing=_EASING,
        also={"type": "object", "additionalProperties": _INTENSITY},
    ),
    "Track": _object(
        ("emotions",),
        emotions={"type": "array", "items": {"anyOf": [_EMOTION, _ref("Event")]}},
        loop={"type": "boolean"},
        closing=_NUMBER,
        easing=_EASING,
        hold=_NUMBER,
        intensity=_INTENSITY,
        gap=_NUMBER,
        note=_TEXT,
    ),
    "Clip": _object(("clip",), clip=_ID) | {"description": "the emotions of an uploaded clip"},
    "TrackSource": _object(clip=_ID, sound=_ID) | {"description": "one of them"},
    "Frame": _object(("time_s",), time_s=_NUMBER),
    "FilmOrder": _object(
        ("face", "track"),
        face=_ref("Face"),
        track={"anyOf": [_ref("Track"), _ref("Clip")]},
        easing=_EASING,
        fps=_NUMBER,
        size_px={"type": "integer"},
        identity_budget=_NUMBER,
        sound=_ID,
        kind={"enum": list(KINDS)},
        name=_TEXT,
        model=_ref("Model"),
    ),
    "Job": _object(
        ("id", "kind", "state"),
        id=_ID,
        kind={"enum": ["film", "face", "track"]},
        state={"enum": ["waiting", "running", "finished", "failed", "cancelled"]},
        order={"type": "object"},
        progress=_object(step=_TEXT, done=_NUMBER, total=_NUMBER, left_s=_NUMBER, note=_TEXT),
        error=_TEXT,
        result={"type": "object"},
        files={"type": "object", "additionalProperties": _TEXT},
        video=_TEXT,
        url=_TEXT,
        events=_TEXT,
    ),
    "Upload": _object(("id", "kind", "bytes"), id=_ID, kind=_TEXT, bytes={"type": "integer"}),
    "Picture": _object(
        ("face",),
        face=_ref("Face"),
        track=_ref("Track"),
        easing=_EASING,
        time_s=_NUMBER,
        size_px={"enum": list(SIZES)},
        model=_ref("Model"),
        priority={"enum": ["now", "soon", "later"]},
        hand={"type": "string", "description": "of several wishes of one hand the newest counts"},
    ),
    "Measures": _object(("face", "times_s"), face=_ref("Face"), track=_ref("Track"), times_s={}),
    "Project": _object(("order",), name=_TEXT, order=_ref("FilmOrder"), favourites={}),
    "Prediction": _object(seconds=_NUMBER, liveliness=_NUMBER, seed={"type": "integer"}),
    "Error": _object(("error",), error=_TEXT),
}

_JOB, _JPEG, _NOTHING = "Job", "image/jpeg", None
#: (method, path) -> what it does, the body's schema, the status and kind of its answer.
OPERATIONS: dict[tuple[str, str], tuple[str, str | None, int, str | None]] = {
    ("get", "/state"): ("what the studio is and has", None, 200, "application/json"),
    ("get", "/openapi.json"): ("this description", None, 200, "application/json"),
    ("post", "/films"): ("order a film", "FilmOrder", 202, _JOB),
    ("get", "/films"): ("films, newest first", None, 200, "[Job]"),
    ("get", "/films/{id}"): ("a film's job", None, 200, _JOB),
    ("delete", "/films/{id}"): ("delete a film that is over", None, 204, _NOTHING),
    ("get", "/films/{id}/files/{name}"): ("one of its files", None, 200, "*/*"),
    ("post", "/faces"): ("prepare a face, such as a photo's", "Face", 202, _JOB),
    ("get", "/faces/{id}"): ("the state of that", None, 200, _JOB),
    ("get", "/faces/random/{seed}"): ("a random face, small", None, 200, _JPEG),
    ("post", "/tracks"): ("the emotions of a clip, turns of a sound", "TrackSource", 202, _JOB),
    ("get", "/tracks/{id}"): ("the state of that; its result is a track", None, 200, _JOB),
    ("post", "/tracks/predicted"): ("a track by a network", "Prediction", 200, "Track"),
    ("get", "/models"): ("generators and directions by name", None, 200, "application/json"),
    ("post", "/models"): ("load them and say what they are", "Model", 200, "application/json"),
    ("get", "/jobs"): ("jobs of every kind, newest first", None, 200, "[Job]"),
    ("get", "/jobs/{id}"): ("one of them", None, 200, _JOB),
    ("post", "/jobs/{id}/cancel"): ("stop it", None, 202, "application/json"),
    ("get", "/jobs/{id}/events"): ("its states until it is over", None, 200, "text/event-stream"),
    ("get", "/events"): ("the states of all", None, 200, "text/event-stream"),
    ("post", "/commands"): ("an order as command and Python", "FilmOrder", 200, "application/json"),
    ("post", "/pictures"): ("a moment of a track, now", "Picture", 200, _JPEG),
    ("post", "/measures"): ("identity and expression", "Measures", 200, "application/json"),
    ("post", "/uploads"): ("send a file as the body", "*/*", 201, "Upload"),
    ("delete", "/uploads/{id}"): ("delete it", None, 204, _NOTHING),
    ("get", "/uploads/{id}/preview"): ("a photo, small", None, 200, _JPEG),
    ("get", "/uploads/{id}/faces"): ("where a photo's faces are", None, 200, "application/json"),
    ("get", "/uploads/{id}/crop"): ("what is inverted of a photo", None, 200, _JPEG),
    ("get", "/uploads/{id}/waveform"): ("a sound's outline", None, 200, "application/json"),
    ("post", "/uploads/{id}/frame"): ("a clip's frame as a photo", "Frame", 201, "Upload"),
    ("get", "/projects"): ("projects, newest first", None, 200, "application/json"),
    ("post", "/projects"): ("keep a project", "Project", 201, "application/json"),
    ("get", "/projects/{id}"): ("one with its revision", None, 200, "application/json"),
    ("put", "/projects/{id}"): ("its next revision", "Project", 200, "application/json"),
    ("delete", "/projects/{id}"): ("delete it", None, 204, _NOTHING),
}
#: Beyond the path: (method, path) -> name, place, schema.
PARAMETERS: dict[tuple[str, str], tuple[str, str, Any]] = {
    ("post", "/uploads"): ("kind", "query", {"enum": list(UPLOAD_KINDS)}),
    ("get", "/faces/random/{seed}"): ("size", "query", {"enum": list(SIZES[:2])}),
    ("put", "/projects/{id}"): ("If-Match", "header", {"type": "integer"}),
}


def describe_service() -> dict[str, Any]:
    """The OpenAPI description as plain JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in OPERATIONS.items():
        paths.setdefault(API + path, {})[method] = _describe(method, path, operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Moodreel studio", "version": "1", "license": {"name": "MIT"}},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _describe(
    method: str, path: str, operation: tuple[str, str | None, int, str | None]
) -> dict[str, Any]:
    summary, body, status, answer = operation
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names]
    if (method, path) in PARAMETERS:
        name, place, schema = PARAMETERS[method, path]
        parameters.append({"name": name, "in": place, "required": True, "schema": schema})
    described: dict[str, Any] = {
        "summary": summary,
        "parameters": parameters,
        "responses": {
            str(status): {"description": "as asked", **_describe_content(answer)},
            "4XX": {"description": "one sentence", **_describe_content("Error")},
        },
    }
    if body is not None:
        described["requestBody"] = {"required": True, **_describe_content(body)}
    return described


def _describe_content(kind: str | None) -> dict[str, Any]:
    if kind is None:
        return {}
    if "/" in kind:
        return {"content": {kind: {"schema": {}}}}
    schema = {"type": "array", "items": _ref(kind[1:-1])} if kind[0] == "[" else _ref(kind)
    return {"content": {"application/json": {"schema": schema}}}
