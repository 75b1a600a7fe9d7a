"""The openai client's adapter against servers that answer in every wrong way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from flask import Flask, Response, request

from bot.core.errors import ModelUnavailable, ModelUnusable
from bot.llm.openai_model import OpenAIModel
from bot.sandbox.loopback import Loopback
from tests.adapters.openai_stage import KEY, SCHEMA, VALUE, complete, failure, model_at
from tests.fakes.fake_clock import FakeClock


class Server:
    """Answers by the function it is given, and keeps the bodies it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.reply: Callable[[dict[str, Any]], Response] = lambda _: Response("{}")
        app = Flask("server")

        @app.post("/v1/chat/completions")
        def answer_it() -> Response:
            body = request.get_json()
            self.bodies.append(body)
            return self.reply(body)

        self.loopback = Loopback(app, name="server")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.loopback.start()
    yield server
    server.loopback.stop()


def at(server: Server, **rest: Any) -> OpenAIModel:
    return model_at(f"{server.loopback.url}/v1", **rest)


def told(message: str, *, status: int = 400, code: str | None = None, **headers: str) -> Response:
    body = json.dumps({"error": {"message": message, "type": "x", "code": code}})
    return Response(body, status, content_type="application/json", headers=headers)


def completion(content: Any = '{"verdict": "approve"}', **rest: Any) -> Response:
    message = {"role": "assistant", "content": content, **rest.pop("message", {})}
    whole = {
        "id": "1", "object": "chat.completion", "created": 0, "model": "other-1",
        "choices": [{"index": 0, "message": message, "finish_reason": rest.pop("finish", "stop")}], **rest,
    }  # fmt: skip
    return Response(json.dumps(whole), content_type="application/json")


def rung(body: dict[str, Any]) -> str:
    if "tools" in body:
        return "tools"
    return str(body.get("response_format", {}).get("type", "plain"))


@pytest.mark.parametrize(
    ("taken", "asked"),
    [
        ("json_schema", ["json_schema"]),
        ("tools", ["json_schema", "tools"]),
        ("json_object", ["json_schema", "tools", "json_object"]),
        ("plain", ["json_schema", "tools", "json_object", "plain"]),
    ],
)
def test_the_ladder_goes_down_to_what_the_server_takes(server: Server, taken: str, asked: list[str]) -> None:
    def reply(body: dict[str, Any]) -> Response:
        return completion() if rung(body) == taken else told(f"{rung(body)}: response_format and tool are unknown")

    server.reply = reply
    model = at(server)
    assert json.loads(complete(model).text) == VALUE
    assert [rung(body) for body in server.bodies] == asked
    last = server.bodies[-1]["messages"]
    assert [turn["role"] for turn in last] == ["system", "user"]
    assert (json.dumps(SCHEMA) in last[-1]["content"]) is (taken in ("json_object", "plain"))
    complete(model)
    assert rung(server.bodies[-1]) == taken and len(server.bodies) == len(asked) + 1


def test_a_server_that_refuses_every_form_is_not_asked_for_ever(server: Server) -> None:
    server.reply = lambda _: told("this schema is not supported")
    assert failure(at(server)).code == "model.refused_request"
    assert len(server.bodies) == 4


def test_an_older_server_knows_the_limit_by_its_older_name(server: Server) -> None:
    def reply(body: dict[str, Any]) -> Response:
        if "max_completion_tokens" in body:
            return told("Unrecognized request argument supplied: max_completion_tokens")
        return completion()

    server.reply = reply
    complete(at(server))
    assert [rung(body) for body in server.bodies] == ["json_schema", "json_schema"]
    assert server.bodies[-1]["max_tokens"] == 500


STATUSES: list[tuple[Response, type, str, bool]] = [
    (told(f"Incorrect API key provided: {KEY}.", status=401), ModelUnavailable, "model.unauthorized", False),
    (told("Forbidden", status=403), ModelUnavailable, "model.unauthorized", False),
    (told("Payment required", status=402), ModelUnavailable, "model.quota", False),
    (told("You exceeded your quota", status=429, code="insufficient_quota"), ModelUnavailable, "model.quota", False),
    (told("The model `asked-model` does not exist", status=404, code="model_not_found"),
     ModelUnavailable, "model.unknown", False),
    (told("Not found", status=404), ModelUnavailable, "model.unknown", False),
    (told("Method not allowed", status=405), ModelUnavailable, "model.protocol", False),
    (told("Request timeout", status=408), ModelUnavailable, "model.unavailable", True),
    (told("Slow down", status=429), ModelUnavailable, "model.unavailable", True),
    (told("Overloaded", status=529), ModelUnavailable, "model.unavailable", True),
    (told("Bad gateway", status=502), ModelUnavailable, "model.unavailable", True),
    (told("too big", status=413), ModelUnusable, "model.too_long", False),
    (told("maximum context length is 8192 tokens", status=400), ModelUnusable, "model.too_long", False),
    (told("no", status=400, code="context_length_exceeded"), ModelUnusable, "model.too_long", False),
    (told("policy", status=400, code="content_filter"), ModelUnusable, "model.refused", False),
    (told(f"bad request with {KEY} in it", status=400), ModelUnusable, "model.refused_request", False),
    (Response("<html>", 200, content_type="text/html"), ModelUnavailable, "model.protocol", False),
    (Response("{", 200, content_type="application/json"), ModelUnavailable, "model.protocol", False),
    (Response("[]", 200, content_type="application/json"), ModelUnavailable, "model.protocol", False),
    (Response("{}", 200, content_type="application/json"), ModelUnavailable, "model.protocol", False),
    (Response("<html>", 503, content_type="text/html"), ModelUnavailable, "model.unavailable", True),
    (completion(choices=[]), ModelUnusable, "model.empty", False),
    (completion(None), ModelUnusable, "model.empty", False),
    (completion(None, message={"refusal": f"No, {KEY}."}), ModelUnusable, "model.refused", False),
]  # fmt: skip


@pytest.mark.parametrize(("response", "kind", "code", "retry"), STATUSES)
def test_each_answer_has_its_meaning(server: Server, response: Response, kind: type, code: str, retry: bool) -> None:
    server.reply = lambda _: response
    error = failure(at(server))
    assert (type(error), error.code, error.retry) == (kind, code, retry), error


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "30"}, 0.25),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "999999999"}, 86_400.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(server: Server, headers: dict[str, str], after: float | None) -> None:
    server.reply = lambda _: told("Slow down", status=429, **headers)
    assert failure(at(server)).after == after


def test_a_date_to_wait_for(server: Server) -> None:
    clock = FakeClock()
    moment = format_datetime(clock.now() + timedelta(seconds=90), usegmt=True)
    server.reply = lambda _: told("Slow down", status=503, **{"retry-after": moment})
    assert failure(at(server, clock=clock)).after == pytest.approx(90.0)


def test_a_server_that_does_not_answer(server: Server) -> None:
    over = threading.Event()

    def reply(_: dict[str, Any]) -> Response:
        over.wait(20)
        return completion()

    server.reply = reply
    try:
        error = failure(at(server, whole=0.3))
    finally:
        over.set()
    assert (error.code, error.retry) == ("model.timeout", True)


def test_nobody_at_the_address() -> None:
    loopback = Loopback(Flask("gone"), name="gone")
    url = loopback.start()
    loopback.stop()
    error = failure(model_at(f"{url}/v1"))
    assert (error.code, error.retry, error.may_cost) == ("model.unreachable", True, False)


def test_figures_that_a_server_leaves_out_are_zero(server: Server) -> None:
    server.reply = lambda _: completion(usage=None)
    answered = complete(at(server))
    assert (answered.model, answered.input_tokens, answered.output_tokens, answered.recorded) == (
        "other-1",
        0,
        0,
        False,
    )


@pytest.mark.parametrize(
    ("finish", "seen"), [("length", "length"), ("content_filter", "filter"), ("tool_calls", "stop")]
)
def test_how_an_answer_ended(server: Server, finish: str, seen: str) -> None:
    server.reply = lambda _: completion(finish=finish)
    assert complete(at(server)).finish == seen


def test_the_key_is_sent_and_the_environment_is_not_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def reply(_: dict[str, Any]) -> Response:
        seen.append(request.headers.get("Authorization", ""))
        return completion()

    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    server.reply = reply
    complete(at(server))
    assert seen == [f"Bearer {KEY}"]
