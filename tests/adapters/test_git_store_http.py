"""The mirror over HTTP: where the token goes, and what each answer of the server becomes."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from test_git_store import BOT, Remote

from bot.changeset.tree import TreeChange
from bot.core.errors import (
    CadenceError,
    Forbidden,
    Limited,
    NotFound,
    Unauthorized,
    Unavailable,
    UnknownOutcome,
)
from bot.core.names import CommitSha
from bot.effects.guard import effects_allowed
from bot.git_store import mirror as mirror_module
from bot.git_store.mirror import Mirror

TOKEN = "ghs_4711_eyJhbGciOi.JUNK-part_two"
BASIC = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


@pytest.fixture(autouse=True)
def _through_the_door() -> Iterator[None]:
    with effects_allowed():
        yield


class Server(ThreadingHTTPServer):
    """Serves repositories below a directory with git's own CGI, or answers every request with one status."""

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.root = root
        self.status = 200
        self.location = ""
        self.seen: list[str | None] = []
        self.stall = threading.Event()
        self.lose_next_post = False
        """Do what the next POST asks, and answer it with a server's error."""
        self.repeat_next_post = False
        """Do what the next POST asks twice, as after a connection that broke, and give the second answer."""
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(body)

    def answer(self, body: bytes) -> None:
        self.server.seen.append(self.headers.get("Authorization"))
        if self.server.status == 0:
            self.server.stall.wait(30)
        if self.server.status != 200:
            self.send_response(self.server.status or 500)
            if self.server.location:
                self.send_header("Location", self.server.location + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        parts = urlsplit(self.path)
        env = os.environ | {
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "x",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        if self.command == "POST" and self.server.repeat_next_post:
            self.server.repeat_next_post = False
            subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=True)
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        if self.command == "POST" and self.server.lose_next_post:
            self.server.lose_next_post = False
            self.send_response(502)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        for line in head.decode().splitlines():
            self.send_header(*line.split(": ", 1))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def running(root: Path) -> Iterator[Server]:
    """A server of its own thread on the repositories below a directory."""
    with Server(root) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.stall.set()
        made.shutdown()
        thread.join()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as made:
        yield made


@pytest.fixture
def mirror(server: Server, tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(tmp_path / "mirrors" / "1.git", origin=server.url)
    yield made
    made.close()


def secret_free(room: Path) -> bool:
    texts = [path.read_bytes() for path in room.rglob("*") if path.is_file()]
    return not any(secret.encode() in text for secret in (TOKEN, BASIC) for text in texts)


def test_fetch_and_push_carry_the_token_and_leave_no_trace_of_it(
    server: Server, mirror: Mirror, tmp_path: Path
) -> None:
    remote = Remote(tmp_path)
    url = f"{server.url}/remote.git"
    mirror.fetch(url, lambda: TOKEN)
    commit = mirror.write_commit(
        remote.main,
        [TreeChange(f"f{n}", os.urandom(2000)) for n in range(3)],
        message="m",
        author=BOT,
        date=datetime(2026, 1, 1, tzinfo=UTC),
    )
    mirror.push(url, lambda: TOKEN, commit=commit, branch="cadence/issue-3", expect=None)
    mirror.push(url, lambda: TOKEN, commit=commit, branch="cadence/issue-3", expect=None)
    assert remote.tip("cadence/issue-3") == commit
    assert set(server.seen) == {f"Basic {BASIC}"}
    assert secret_free(mirror.path)


@pytest.mark.parametrize(
    ("status", "fetching", "pushing"),
    [
        (401, Unauthorized, Unauthorized),
        (403, Forbidden, Forbidden),
        (404, NotFound, NotFound),
        (429, Limited, Limited),
        (500, Unavailable, UnknownOutcome),
        (503, Unavailable, UnknownOutcome),
    ],
)
def test_each_answer_becomes_its_error(
    server: Server,
    mirror: Mirror,
    tmp_path: Path,
    status: int,
    fetching: type[CadenceError],
    pushing: type[CadenceError],
) -> None:
    main = Remote(tmp_path).main
    url = f"{server.url}/remote.git"
    mirror.fetch(url, None)
    server.status = status
    with pytest.raises(fetching) as failed:
        mirror.fetch(url, lambda: TOKEN)
    with pytest.raises(pushing) as refused:
        mirror.push(url, lambda: TOKEN, commit=main, branch="x", expect=None)
    for error in (failed.value, refused.value):
        shown = f"{error} {error.details}"
        assert TOKEN not in shown and BASIC not in shown
    assert mirror.tip("main") == main


def test_no_server_and_a_silent_one(server: Server, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    server.status = 0
    monkeypatch.setattr(mirror_module, "FETCH_SECONDS", 0.2)
    monkeypatch.setattr(mirror_module, "PUSH_SECONDS", 0.2)
    with pytest.raises(Unavailable, match="did not end"):
        mirror.fetch(f"{server.url}/remote.git", lambda: TOKEN)
    with pytest.raises(UnknownOutcome, match="did not end"):
        mirror.push(f"{server.url}/remote.git", lambda: TOKEN, commit=CommitSha("1" * 40), branch="x", expect=None)
    nobody = Mirror(mirror.path, origin="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="no usable answer"):
        nobody.fetch("http://127.0.0.1:9/o/r.git", lambda: TOKEN)


def test_a_redirect_is_not_followed_with_the_token(server: Server, mirror: Mirror, tmp_path: Path) -> None:
    Remote(tmp_path)
    with Server(tmp_path) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.status, server.location = 301, other.url.replace("127.0.0.1", "localhost")
        with pytest.raises(NotFound, match="no longer at this address"):
            mirror.fetch(f"{server.url}/remote.git", lambda: TOKEN)
        other.shutdown()
        thread.join()
    assert server.seen == [f"Basic {BASIC}"]
    assert not other.seen
