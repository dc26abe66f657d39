"""A studio that answers in this process, around a tiny generator."""

import pytest

pytest.importorskip("starlette", reason="needs the extra studio: starlette and uvicorn")
pytest.importorskip("httpx", reason="needs httpx, by which starlette's test client speaks")

import torch
from starlette.testclient import TestClient
from studio_browser import browser, served, visit  # noqa: F401 (fixtures)
from studio_samples import HOST, TOKEN, make_settings, save_samples

from studio.app import build_app


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory):
    return save_samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def studio_settings(tmp_path, sample_files):
    return make_settings(tmp_path / "studio", *sample_files)


@pytest.fixture
def running(studio_settings):
    """(client with the token, the studio's parts)."""
    app, studio = build_app(studio_settings)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(app, f"http://{HOST}", headers=headers) as client:
        yield client, studio


@pytest.fixture
def client(running):
    return running[0]
