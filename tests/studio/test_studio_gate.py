"""Who may come in: attacks by other pages, other names, other programs."""

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from studio_samples import HOST, TOKEN

from studio.gate import Gate
from studio.settings import Address

STATE = "/api/v1/state"
ORDER = {"face": {"seed": 1}, "track": ["calm"]}


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8760", "127.0.0.1.evil.example", "127.0.0.1@evil.example", ""],
)
def test_a_foreign_host_reaches_nothing(client, host):
    answer = client.get(STATE, headers={"Host": host})
    assert answer.status_code == 421
    assert client.get("/", params={"token": TOKEN}, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8760", "127.0.0.1:1", "[::1]:8760", "LOCALHOST"])
def test_this_computers_names_are_known(client, host):
    assert client.get(STATE, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": f"http://{HOST}.evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": f"file://{HOST}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_foreign_pages_form_changes_nothing(running, headers):
    client, studio = running
    form = {**headers, "Content-Type": "text/plain"}
    assert client.post("/api/v1/films", json=ORDER, headers=form).status_code == 403
    assert studio.store.list() == []


def test_a_foreign_page_may_not_read_either(client):
    assert client.get(STATE, headers={"Origin": "http://evil.example"}).status_code == 403


def test_the_own_page_and_programs_may(client):
    own = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/commands", json=ORDER, headers=own).status_code == 200
    assert client.post("/api/v1/commands", json=ORDER).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", f"http://{HOST}"])
def test_sockets_are_refused(client, origin):
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/api/v1/events", headers={"Origin": origin}),
    ):
        pass


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Basic " + "x" * 20},
        {"Authorization": "", "Cookie": "moodreel_8760=wrong"},
        {"Authorization": "", "Cookie": f"moodreel_1={TOKEN}"},
        {"Authorization": "", "Cookie": "=;;=\x7f"},
    ],
)
@pytest.mark.parametrize("path", [STATE, "/static/main.js", "/api/v1/openapi.json", "/"])
def test_without_the_token_nothing_is_served(client, path, headers):
    client.cookies.clear()
    assert client.get(path, headers=headers).status_code == 401


def test_the_printed_address_gives_a_cookie_once_and_hides_the_token(client):
    del client.headers["Authorization"]
    assert client.get("/", params={"token": "wrong"}).status_code == 401
    greeted = client.get("/", params={"token": TOKEN}, follow_redirects=False)
    assert greeted.status_code == 303 and greeted.headers["location"] == "/"
    cookie = greeted.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert client.get("/").status_code == 200 and client.get(STATE).status_code == 200


@pytest.mark.parametrize("path", ["/", "/static/main.js", STATE, "/nothing"])
def test_every_answer_has_its_policy(client, path):
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/..\\app.py",
    ],
)
def test_static_files_are_those_of_the_folder(client, path):
    assert client.get(path).status_code == 404


def test_a_studio_for_others_knows_this_computer_too():
    """Its printed address is that of 127.0.0.1."""
    hosts = Address(host="0.0.0.0", password="correct horse battery").list_hosts()
    assert "127.0.0.1" in hosts and "evil.example" not in hosts


def test_serving_others_needs_a_password():
    with pytest.raises(ValueError, match="needs a password to serve others"):
        Address(host="0.0.0.0")
    with pytest.raises(ValueError, match="at least 12 characters"):
        Address(host="0.0.0.0", password="short")


def test_a_password_lets_others_in(monkeypatch):
    monkeypatch.setattr("studio.gate.GUESS_S", 0.01)

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})

    address = Address("192.0.2.7", 80, TOKEN, "correct horse battery")
    client = TestClient(Gate(app, address), "http://192.0.2.7")
    refused = client.get("/")
    assert refused.status_code == 401 and "Basic" in refused.headers["www-authenticate"]
    assert client.get("/", auth=("me", "wrong")).status_code == 401
    assert client.get("/", auth=("me", "correct horse battery")).text == "in"
    assert client.get("/", headers={"Host": "127.0.0.1"}).status_code == 421


def test_a_gate_without_a_token_is_refused():
    with pytest.raises(ValueError, match="with a token"):
        Gate(lambda *_: None, Address())
