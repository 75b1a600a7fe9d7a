"""A model's server on loopback for tests: plain and streamed answers of both APIs, and what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response, request

from bot.sandbox.loopback import Loopback

Reply = Callable[[dict[str, Any]], Response]


class ModelServer:
    """Answers by the function of each path, and keeps what it was sent: (path, body)."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str] = []
        self.chat: Reply = lambda _: no_such("chat/completions")
        self.responses: Reply = lambda _: no_such("responses")
        self.listed: Callable[[], Response] = lambda: no_such("models")
        self.over = threading.Event()
        app = Flask("model-server")

        @app.post("/v1/<path:path>")
        def ask(path: str) -> Response:
            body = request.get_json()
            self.asked.append((path, body))
            self.keys.append(request.headers.get("Authorization", ""))
            return {"chat/completions": self.chat, "responses": self.responses}[path](body)

        @app.get("/v1/models")
        def models() -> Response:
            return self.listed()

        self.loopback = Loopback(app, name="model-server")

    @property
    def url(self) -> str:
        return f"{self.loopback.url}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for _, body in self.asked]


@contextmanager
def serving() -> Iterator[ModelServer]:
    """A server that runs; what waits for `over` is released at the end."""
    server = ModelServer()
    server.loopback.start()
    try:
        yield server
    finally:
        server.over.set()
        server.loopback.stop()


def no_such(what: str) -> Response:
    return Response(f"no {what} here", 404, content_type="text/plain")


def told(message: str, *, status: int = 400, code: str | None = None, param: str | None = None) -> Response:
    """An error as OpenAI's server words it."""
    error = {"message": message, "type": "invalid_request_error", "code": code, "param": param}
    return Response(json.dumps({"error": error}), status, content_type="application/json")


def chat(content: str | None, *, finish: str = "stop", usage: Any = (100, 5), **rest: Any) -> Response:
    """A whole chat completion; `rest` is of the message, such as `tool_calls`."""
    model = rest.pop("model", "served-1")
    message = {"role": "assistant", "content": content, **rest}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    whole = {"id": "1", "object": "chat.completion", "created": 0, "model": model, "choices": [choice]}
    return Response(json.dumps({**whole, "usage": chat_usage(usage)}), content_type="application/json")


def chat_usage(usage: Any) -> dict[str, Any] | None:
    if not isinstance(usage, tuple):
        return usage  # type: ignore[no-any-return]
    return {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}


def stream(*events: object, then: Callable[[], Iterator[bytes]] | None = None, ends: bool = True) -> Response:
    """A stream of these events; `then` goes on after them."""

    def pieces() -> Iterator[bytes]:
        for event in events:
            yield event if isinstance(event, bytes) else f"data: {json.dumps(event)}\n\n".encode()
        if then is not None:
            yield from then()
        if ends:
            yield b"data: [DONE]\n\n"

    return Response(pieces(), content_type="text/event-stream")


def delta(content: str | None = None, finish: str | None = None, **rest: Any) -> dict[str, Any]:
    """One piece of a streamed chat completion."""
    change = {"content": content, **rest} if content is not None else rest
    choice = {"index": 0, "delta": change, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "model": "served-1", "choices": [choice]}


def counts(usage: Any = (100, 5)) -> dict[str, Any]:
    """The last piece, with the token counts."""
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "model": "served-1",
        "choices": [],
        "usage": chat_usage(usage),
    }


def response(*items: dict[str, Any], status: str = "completed", **rest: Any) -> dict[str, Any]:
    """A whole answer of the Responses API."""
    usage = {"input_tokens": 100, "output_tokens": 5, "total_tokens": 105}
    whole = {"id": "resp_1", "object": "response", "model": "served-1", "status": status, "error": None}
    return {**whole, "output": list(items), "usage": usage, **rest}


def says(text: str) -> dict[str, Any]:
    """A message of the Responses API."""
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def json_response(value: object) -> Response:
    return Response(json.dumps(value), content_type="application/json")
