"""A model server that speaks OpenAI's chat completions and answers from a script; it reads nothing.

Every answer carries `system_fingerprint: recorded` and the header `x-cadence-recorded: 1`, so that whoever shows it can
say that no model thought about it. Requests are refused where OpenAI's server refuses them (its page "Structured model
outputs": strict schemas close every object and require every key; "Error codes": 401, 429 and 500).
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from flask import Flask, Response, jsonify, request

from bot.core.json_types import JsonDict
from bot.sandbox.loopback import Loopback
from bot.sandbox.model.script import (
    EXPLORE,
    RECORDED,
    Asked,
    Reply,
    ReplyFault,
    Rule,
    asked_from,
    request_mistake,
    rough_tokens,
)

LONGEST_SILENCE_SECONDS = 60.0


class ScriptedModel:
    """`POST /v1/chat/completions` on 127.0.0.1; the first rule that matches a request answers it.

    `requests` keeps every accepted request in order, `unmatched` those that no rule answered (HTTP 500, loudly).
    """

    def __init__(
        self,
        rules: Sequence[Rule] = (),
        *,
        key: str = "scripted-key",
        name: str = "scripted-1",
        count: Callable[[str], int] = rough_tokens,
    ) -> None:
        """`count` gives the token figures of `usage`; pass Cadence's own where the two are held against each other."""
        self.key = key
        self.name = name
        self.count = count
        self.requests: list[Asked] = []
        self.unmatched: list[Asked] = []
        self._rules = list(rules)
        self._uses: dict[int, int] = {}
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self.app = _routes(self)
        self._server = Loopback(self.app, name="scripted-model")

    @property
    def url(self) -> str:
        """The base URL for `OPENAI_BASE_URL`, with `/v1`. Raises RuntimeError before `start`."""
        return f"{self._server.url}/v1"

    def start(self) -> str:
        """Serve on a free port in a thread of its own; returns `url`."""
        self._server.start()
        return self.url

    def stop(self) -> None:
        """End the server."""
        self.stopping.set()
        self._server.stop()

    def add(self, *rules: Rule, first: bool = False) -> None:
        """Append rules to the script, or put them before all others."""
        with self._lock:
            if first:
                self._rules[:0] = rules
            else:
                self._rules.extend(rules)

    def choose(self, asked: Asked) -> Reply | None:
        """The reply of the first matching rule that is not used up; records the request either way."""
        with self._lock:
            self.requests.append(asked)
            reply = self._scripted(asked)
            if reply is None and asked.kind == EXPLORE:
                # A script that says nothing of it needs no look around.
                return Reply("There is nothing to look up.")
            if reply is None:
                self.unmatched.append(asked)
            return reply

    def _scripted(self, asked: Asked) -> Reply | None:
        for rule in self._rules:
            used = self._uses.get(id(rule), 0)
            if (rule.times is None or used < rule.times) and rule.matches(asked):
                self._uses[id(rule)] = used + 1
                return rule.reply(asked) if callable(rule.reply) else rule.reply
        return None


def _routes(model: ScriptedModel) -> Flask:
    app = Flask("scripted-model")

    @app.get("/v1/models")
    def models() -> Response:
        return jsonify(object="list", data=[{"id": model.name, "object": "model", "owned_by": "cadence-sandbox"}])

    @app.post("/v1/chat/completions")
    def completions() -> Response:
        if request.headers.get("Authorization") != f"Bearer {model.key}":
            return _error(401, "Incorrect API key provided.", code="invalid_api_key")
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return _error(400, "We could not parse the JSON body of your request.")
        mistake = request_mistake(body)
        if mistake is not None:
            return _error(400, mistake.message, code=mistake.code, param=mistake.param)
        asked = asked_from(body)
        reply = model.choose(asked)
        if reply is None:
            return _error(500, f"the script has no answer for this prompt: {asked.describe()}", code="unscripted")
        return _answer(model, asked, reply)

    return app


def _answer(model: ScriptedModel, asked: Asked, reply: Reply) -> Response:
    match reply.fault:
        case ReplyFault.HANG_UP:
            _hang_up()
        case ReplyFault.LIMITED:
            limited = _error(429, "Rate limit reached for requests.", code="rate_limit_exceeded")
            limited.headers["retry-after"] = f"{reply.retry_after:g}"
            return limited
        case ReplyFault.BROKEN:
            return _error(500, "The server had an error while processing your request.", code="server_error")
        case ReplyFault.STALL:
            return Response(_silence(model.stopping), mimetype="text/event-stream")
        case ReplyFault.OVERFLOW:
            message = "This model's maximum context length is 8192 tokens. Please reduce the length of the messages."
            return _error(400, message, code="context_length_exceeded", param="messages")
        case ReplyFault.UNSUPPORTED_FORMAT | ReplyFault.WRONG_TOOL:
            if asked.format:
                message = f"Invalid parameter: 'response_format' of type '{asked.format}' is not supported."
                return _error(400, message, param="response_format")
    whole = _completion(model, asked, reply)
    is_stream = bool(asked.body.get("stream"))
    answer = Response(_events(whole), mimetype="text/event-stream") if is_stream else jsonify(whole)
    answer.headers["x-cadence-recorded"] = "1"
    return answer


def _silence(stopping: threading.Event) -> Iterator[bytes]:
    yield b": begun\n\n"
    stopping.wait(LONGEST_SILENCE_SECONDS)


def _events(whole: JsonDict) -> str:
    """The answer as the events of a stream: the message in two halves, then how it ended, then the token counts.

    https://platform.openai.com/docs/api-reference/chat-streaming
    """
    message = whole["choices"][0]["message"]
    text = message["content"] or ""
    rest = {key: value for key, value in message.items() if key != "content" and value is not None}
    calls = [{"index": index, **call} for index, call in enumerate(rest.pop("tool_calls", ()))]
    deltas: list[JsonDict] = [{**rest, "content": text[: len(text) // 2]}, {"content": text[len(text) // 2 :]}]
    deltas += [{"tool_calls": [call]} for call in calls]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": whole["choices"][0]["finish_reason"]})
    base = {key: value for key, value in whole.items() if key not in ("choices", "usage")}
    base["object"] = "chat.completion.chunk"
    pieces = [{**base, "choices": [choice], "usage": None} for choice in choices]
    pieces.append({**base, "choices": [], "usage": whole["usage"]})
    return "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces) + "data: [DONE]\n\n"


def _completion(model: ScriptedModel, asked: Asked, reply: Reply) -> JsonDict:
    message: JsonDict = {"role": "assistant", "content": reply.content, "refusal": reply.refusal}
    finish = reply.finish
    if asked.tool and reply.content is not None and finish == "stop":
        name = "another_tool" if reply.fault is ReplyFault.WRONG_TOOL else asked.tool
        call = {"name": name, "arguments": reply.content}
        message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]}
        finish = "tool_calls"
    if reply.calls:
        made = [(name, json.dumps(dict(values))) for name, values in reply.calls]
        message["tool_calls"] = [
            {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for number, (name, arguments) in enumerate(made, 1)
        ]
        finish = "tool_calls"
    counted = model.count(asked.text), model.count(reply.content or reply.refusal or "")
    asked_tokens, answered = reply.usage or counted
    return {
        "id": f"chatcmpl-{asked.digest[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": model.name,
        "system_fingerprint": RECORDED,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": asked_tokens,
            "completion_tokens": answered,
            "total_tokens": asked_tokens + answered,
        }
        if reply.states_usage
        else None,
    }


def _error(status: int, message: str, *, code: str | None = None, param: str | None = None) -> Response:
    kinds: Mapping[int, str] = {401: "invalid_request_error", 400: "invalid_request_error", 429: "requests"}
    answer = jsonify(
        error={"message": message, "type": kinds.get(status, "server_error"), "param": param, "code": code}
    )
    answer.status_code = status
    return answer


def _hang_up() -> None:
    """Cut the connection before an answer: werkzeug gives the raw socket, and writing to it then fails."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
