"""`POST /webhooks/github`: what is kept and answered 202, and what is refused with a code and a next step."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.intake.signature import sign
from bot.intake.webhook import MAX_BYTES, webhook_blueprint
from bot.ledger.ledger import Ledger
from bot.settings import Settings
from tests.adapters.ledger_rows import waiting
from tests.fakes.fake_clock import FakeClock

SECRET, APP = "old secret", 42
PAYLOAD: dict[str, Any] = {
    "action": "labeled", "installation": {"id": 7}, "repository": {"id": 11, "full_name": "o/r"}, "text": "größer",
}  # fmt: skip
BODY = json.dumps(PAYLOAD, ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    ledger = Ledger.open(f"sqlite:///{path}", FakeClock())
    ledger.migrate()
    ledger.close()
    return path


@pytest.fixture
def ledger(migrated: Path, tmp_path: Path) -> Iterator[Ledger]:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(migrated.read_bytes())
    ledger = Ledger.open(f"sqlite:///{path}", FakeClock())
    yield ledger
    ledger.close()


@pytest.fixture
def client(ledger: Ledger) -> FlaskClient:
    env = {"CADENCE_APP_ID": str(APP), "CADENCE_WEBHOOK_SECRET": f"new secret, {SECRET}"}
    web = Flask("test")
    web.register_blueprint(webhook_blueprint(Settings.load(env, dotenv=None), ledger, Event(), FakeClock()))
    return web.test_client()


def headers(body: bytes = BODY, **changes: str | None) -> dict[str, str]:
    whole = {
        "Content-Type": "application/json",
        "X-Hub-Signature-256": sign(SECRET, body),
        "X-GitHub-Event": "issues",
        "X-GitHub-Delivery": "guid-1",
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-GitHub-Hook-Installation-Target-ID": str(APP),
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def post(client: FlaskClient, body: bytes = BODY, **changes: str | None) -> Any:
    return client.post("/webhooks/github", data=body, headers=headers(body, **changes))


def test_a_delivery_is_kept_and_answered_202(client: FlaskClient, ledger: Ledger) -> None:
    answer = post(client)
    assert (answer.status_code, answer.json) == (202, {"delivery": "guid-1", "status": "accepted"})
    (kept,) = ledger.deliveries()
    assert (kept.guid, kept.event, kept.action, kept.installation_id, kept.repository_id, kept.status) == (
        "guid-1", "issues", "labeled", 7, 11, "new",
    )  # fmt: skip
    assert kept.body.encode() == BODY
    assert waiting(ledger) == [("guid-1", 1)]


def test_the_same_delivery_again_is_a_duplicate(client: FlaskClient, ledger: Ledger) -> None:
    post(client)
    assert (post(client).status_code, post(client).json) == (202, {"delivery": "guid-1", "status": "duplicate"})
    assert waiting(ledger) == [("guid-1", 1)]


@pytest.mark.parametrize(("status", "again"), [("failed", "accepted"), ("done", "duplicate"), ("ignored", "duplicate")])
def test_a_redelivery_takes_up_only_what_failed(client: FlaskClient, ledger: Ledger, status: str, again: str) -> None:
    post(client)
    ledger.mark_delivery(waiting(ledger)[0][0], status, reason="why")
    assert post(client).json["status"] == again
    assert waiting(ledger) == ([("guid-1", 2)] if status == "failed" else [])


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_content_types_that_are_json(client: FlaskClient, kind: str) -> None:
    assert post(client, **{"Content-Type": kind}).status_code == 202


REFUSED: list[tuple[dict[str, str | None], bytes, int, str]] = [
    ({"Content-Type": "application/x-www-form-urlencoded"}, BODY, 415, "webhook.content_type"),
    ({"Content-Type": None}, BODY, 415, "webhook.content_type"),
    ({"X-Hub-Signature-256": None}, BODY, 401, "webhook.signature"),
    ({"X-Hub-Signature-256": sign(SECRET, BODY + b" ")}, BODY, 401, "webhook.signature"),
    ({"X-Hub-Signature-256": sign("", BODY)}, BODY, 401, "webhook.signature"),
    ({"X-Hub-Signature-256": "sha256=\xe9"}, BODY, 401, "webhook.signature"),
    ({"X-GitHub-Event": None}, BODY, 400, "webhook.headers"),
    ({"X-GitHub-Delivery": None}, BODY, 400, "webhook.headers"),
    ({"X-GitHub-Delivery": "g" * 101}, BODY, 400, "webhook.headers"),
    ({"X-GitHub-Hook-Installation-Target-Type": "repository"}, BODY, 403, "webhook.target"),
    ({"X-GitHub-Hook-Installation-Target-ID": "43"}, BODY, 403, "webhook.target"),
    ({"X-GitHub-Hook-Installation-Target-ID": None}, BODY, 403, "webhook.target"),
    ({}, b"not json", 400, "webhook.json"),
    ({}, b"[]", 400, "webhook.json"),
    ({}, b"", 400, "webhook.json"),
    ({}, b"\xff" + BODY, 400, "webhook.json"),
    ({}, BODY.decode().encode("utf-16"), 400, "webhook.json"),
    ({}, b"[" * 100_000, 400, "webhook.json"),
    ({}, b'{"a": ' + b"9" * 10_000 + b"}", 400, "webhook.json"),
    ({}, b'{"a": "\x00"}', 400, "webhook.json"),
    ({}, b'{"action": "labeled"}', 400, "webhook.installation"),
    ({}, b'{"installation": {"id": "7"}}', 400, "webhook.installation"),
    ({}, b'{"installation": {"id": true}}', 400, "webhook.installation"),
    ({}, b'{"installation": {"id": 9223372036854775808}}', 400, "webhook.installation"),
    ({}, b'{"installation": 7}', 400, "webhook.installation"),
]


@pytest.mark.parametrize(("changes", "body", "status", "code"), REFUSED)
def test_what_is_refused_and_why(
    client: FlaskClient, ledger: Ledger, changes: dict[str, str | None], body: bytes, status: int, code: str
) -> None:
    answer = post(client, body, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json["error"] and answer.json["remedy"]
    assert ledger.deliveries() == []


def test_a_ping_needs_no_installation(client: FlaskClient, ledger: Ledger) -> None:
    assert post(client, b'{"zen": "Keep it logically awesome."}', **{"X-GitHub-Event": "ping"}).status_code == 202
    assert ledger.deliveries()[0].installation_id is None


@pytest.mark.parametrize("action", [5, None, "\ud800", "a\u0000b", "größer", "x" * 200])
def test_an_odd_action_is_kept_as_none_or_cut(client: FlaskClient, ledger: Ledger, action: Any) -> None:
    assert post(client, json.dumps({**PAYLOAD, "action": action}).encode()).status_code == 202
    assert ledger.deliveries()[0].action == ("x" * 100 if action == "x" * 200 else "")


# -- the size -------------------------------------------------------------------------------------------------------
class Endless(io.RawIOBase):
    """A body without end that remembers how much of it was read."""

    def __init__(self) -> None:
        self.read_so_far = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.read_so_far += len(buffer)
        buffer[:] = b" " * len(buffer)
        return len(buffer)


def stream(client: FlaskClient, body: io.IOBase, **environ: Any) -> Any:
    """A request as a server hands it over that does not buffer bodies."""
    return client.post(
        "/webhooks/github", headers=headers(), environ_overrides={"wsgi.input": body, "CONTENT_LENGTH": "", **environ}
    )


def test_the_cap_is_githubs_own() -> None:
    assert MAX_BYTES == 25 * 1024 * 1024


def test_a_declared_length_above_the_cap_is_refused_unread(client: FlaskClient) -> None:
    body = Endless()
    answer = stream(client, body, CONTENT_LENGTH=str(MAX_BYTES + 1))
    assert (answer.status_code, answer.json["code"]) == (413, "webhook.size")
    assert body.read_so_far == 0


def test_a_body_without_a_declared_length_is_read_no_further_than_the_cap(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.intake.webhook.MAX_BYTES", 100_000)
    body = Endless()
    answer = stream(client, body, **{"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True})
    assert (answer.status_code, answer.json["code"]) == (413, "webhook.size")
    assert body.read_so_far <= 300_000


def test_a_chunked_body_within_the_cap_is_taken(client: FlaskClient) -> None:
    answer = stream(client, io.BytesIO(BODY), **{"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True})
    assert answer.status_code == 202


def test_a_declared_length_that_is_too_short_is_a_wrong_signature(client: FlaskClient, ledger: Ledger) -> None:
    """No more is read than was declared; the signature is over the whole."""
    answer = stream(client, io.BytesIO(BODY), CONTENT_LENGTH=str(len(BODY) - 1))
    assert (answer.status_code, answer.json["code"]) == (401, "webhook.signature")
    assert ledger.deliveries() == []


def test_a_body_cut_off_before_its_declared_length_is_refused(client: FlaskClient, ledger: Ledger) -> None:
    answer = stream(client, io.BytesIO(BODY[:-5]), CONTENT_LENGTH=str(len(BODY)))
    assert answer.status_code == 400
    assert ledger.deliveries() == []


def test_a_payload_of_exactly_the_cap_is_taken(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.intake.webhook.MAX_BYTES", len(BODY))
    assert post(client).status_code == 202
    assert post(client, BODY + b" ").status_code == 413


def test_no_other_method(client: FlaskClient) -> None:
    assert client.get("/webhooks/github").status_code == 405
