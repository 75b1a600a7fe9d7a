"""The only user of the openai client: any server that speaks chat completions."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai
from openai.types.chat import ChatCompletion

from bot.core.clock import Clock
from bot.core.deadline import Deadline
from bot.core.errors import Audience, CadenceError, ModelUnavailable, ModelUnusable
from bot.effects.guard import side_effect
from bot.llm.model import Completion, ModelKind, Prompt

LADDER = ("json_schema", "tools", "json_object", "plain")
"""From the strictest way to ask for a shape to the loosest; a server that refuses one is asked by the next."""

OPENAI_URL = "https://api.openai.com/v1"
RETRY_PAUSE_SECONDS = 0.5
WHOLE_ANSWER_SECONDS = 600.0
MOST_ANSWER_BYTES = 16 * 1024 * 1024
"""Far more than the longest answer that a prompt's limit on output tokens allows."""
LONGEST_WAIT_SECONDS = 86_400.0

_FORMAT_WORDS = (
    *("response_format", "response format", "json_schema", "json schema", "json_object", "json mode", "schema"),
    *("tool", "function", "structured output", "grammar"),
)


class _FormatRefused(Exception):
    """The server does not know this way of asking for a shape."""


class _LimitRefused(Exception):
    """The server knows the output limit by its older name only."""


class _TooLarge(Exception):
    """The answer has more bytes than are read of one."""


class _Counted(httpx2.SyncByteStream):
    """A body that ends with an error once it is too large."""

    def __init__(self, body: Any, deadline: Deadline) -> None:
        self._body = body
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            if not self._deadline.count(len(piece)):
                raise _TooLarge
            yield piece

    def close(self) -> None:
        self._body.close()


class OpenAIModel:
    """A `LanguageModel` behind an OpenAI-compatible server; safe to use from several threads.

    Retries nothing but a cut connection, once. What a server refused of the ways to ask is remembered per model name
    for the life of the process.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        names: Mapping[ModelKind, str],
        clock: Clock,
        timeout: float = 120.0,
    ) -> None:
        """`base_url` None is OpenAI's own server; `timeout` is in seconds."""
        # Given None, the client would look for the address in the environment, which only the settings may read.
        address = base_url or OPENAI_URL
        self._limits = threading.local()
        self._client = openai.OpenAI(
            api_key=api_key,
            base_url=address,
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultHttpxClient(
                event_hooks={"request": [self._watch], "response": [self._count]},
                # A connection is seen only while it is made, so none is kept for a later call.
                limits=httpx2.Limits(max_keepalive_connections=0),
                timeout=timeout,
            ),
        )
        self._key = api_key
        self._names = dict(names)
        self._clock = clock
        self._rung: dict[str, int] = {}
        self._limit_key: dict[str, str] = {}

    def close(self) -> None:
        """Give the client's connections back."""
        self._client.close()

    def asked_name(self, kind: ModelKind) -> str:
        return self._names[kind]

    @side_effect
    def complete(self, prompt: Prompt) -> Completion:
        """One answer, by the strictest way of asking that the server takes. A cut answer has finish `length`.

        Raises ModelUnavailable for 429, 5xx, a timeout, no connection (`after` where the server says), and, not to be
        retried, for a key, model name, address or quota that does not serve; ModelUnusable for a refusal, an empty
        answer, a prompt that is too long (`model.too_long`) and a request that the server refuses in every form.
        """
        name = self._names[prompt.kind]
        while True:
            rung = self._rung.get(name, 0)
            try:
                return self._ask(prompt, name, LADDER[rung])
            except _FormatRefused:
                self._rung[name] = max(self._rung.get(name, 0), rung + 1)
            except _LimitRefused:
                self._limit_key[name] = "max_tokens"

    def _ask(self, prompt: Prompt, name: str, rung: str) -> Completion:
        started = self._clock.monotonic()
        answer = self._send(prompt, name, rung)
        if not isinstance(answer, ChatCompletion) or not isinstance(answer.choices, list):
            raise _no_protocol("something other than a chat completion")
        message = answer.choices[0].message if answer.choices else None
        if message is not None and message.refusal:
            said = self._without_key(message.refusal)
            raise ModelUnusable(f"the model refused to answer: {said}", code="model.refused", details=[said])
        text = _text_of(message) if message is not None else ""
        finish = _finish(answer.choices[0].finish_reason) if answer.choices else "stop"
        if not text.strip() and finish == "stop":
            raise ModelUnusable(
                "the model gave an empty answer", code="model.empty", remedy="Answer with the JSON object."
            )
        usage = answer.usage
        return Completion(
            text=text,
            model=answer.model or name,
            input_tokens=(usage.prompt_tokens or 0) if usage else 0,
            output_tokens=(usage.completion_tokens or 0) if usage else 0,
            finish=finish,
            duration_ms=int((self._clock.monotonic() - started) * 1000),
            recorded=str(answer.system_fingerprint or "").startswith("recorded"),
        )

    def _send(self, prompt: Prompt, name: str, rung: str, *, again: bool = True) -> object:
        limit = self._limit_key.get(name, "max_completion_tokens")
        with Deadline(WHOLE_ANSWER_SECONDS, MOST_ANSWER_BYTES) as deadline:
            self._limits.deadline = deadline
            try:
                create: Any = self._client.chat.completions.create
                return create(model=name, **{limit: prompt.max_output_tokens}, **_shape(prompt, rung))
            except _TooLarge:
                raise _no_protocol("an answer that is too large") from None
            except openai.APITimeoutError as error:
                raise _late() from error
            except openai.APIConnectionError as error:
                if deadline.too_large:
                    raise _no_protocol("an answer that is too large") from None
                if deadline.passed:
                    raise _late() from error
                if not again:
                    raise ModelUnavailable("the model's server cannot be reached", code="model.unreachable") from error
            except openai.APIStatusError as error:
                # `from None`: some servers repeat the key in their answer, and a logged cause would show it.
                raise self._refused(error, rung=rung, limit=limit) from None
            except (openai.APIResponseValidationError, ValueError, RecursionError):
                raise _no_protocol("something other than JSON") from None
        self._clock.sleep(RETRY_PAUSE_SECONDS)
        return self._send(prompt, name, rung, again=False)

    def _watch(self, request: httpx2.Request) -> None:
        """Put the request's connection under this thread's deadline."""
        deadline: Deadline = self._limits.deadline

        def trace(_name: str, info: dict[str, Any]) -> None:
            stream = info.get("return_value")
            ask = getattr(stream, "get_extra_info", None)
            if ask is not None:
                deadline.watch(ask("socket"))

        request.extensions["trace"] = trace

    def _count(self, response: httpx2.Response) -> None:
        """Count the bytes of the answer as they come."""
        response.stream = _Counted(response.stream, self._limits.deadline)

    def _refused(self, error: openai.APIStatusError, *, rung: str, limit: str) -> Exception:
        """What an error status means: the next way of asking, a prompt at fault, the operator's matter, or a wait."""
        said, status = self._without_key(_words(error)), error.status_code
        low = said.lower()
        if status == 413 or (status in (400, 422) and _too_long(low, error.code)):
            return ModelUnusable(
                "the prompt is longer than the model's context",
                code="model.too_long",
                remedy="Use a smaller blueprint.",
            )
        if status in (400, 404, 422) and error.code != "model_not_found":
            if limit == "max_completion_tokens" and limit in low:
                return _LimitRefused()
            if rung != "plain" and any(word in low for word in _FORMAT_WORDS):
                return _FormatRefused()
        if status in (400, 422):
            if error.code in ("content_filter", "content_policy_violation"):
                return ModelUnusable("the model's server refused the text", code="model.refused", details=[said])
            return ModelUnusable(
                f"the model's server refused the request ({status}): {said}", code="model.refused_request"
            )
        return _status(error, said) or ModelUnavailable(
            f"the model's server answered {status}", after=self._after(error.response.headers)
        )

    def _after(self, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or a date), a day at most."""
        exact, value = headers.get("retry-after-ms"), headers.get("retry-after")
        try:
            if exact:
                seconds = float(exact) / 1000
            elif not value:
                return None
            elif value[:1].isalpha():
                moment = parsedate_to_datetime(value)
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                seconds = (moment - self._clock.now()).total_seconds()
            else:
                seconds = float(value)
        except (ValueError, OverflowError):
            return None
        return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS) if math.isfinite(seconds) else None

    def _without_key(self, text: str) -> str:
        clean = text.replace(self._key, "[key]") if self._key else text
        return clean[:500]


def _shape(prompt: Prompt, rung: str) -> dict[str, Any]:
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    schema = dict(prompt.schema)
    if rung == "json_schema":
        shape = {"name": prompt.schema_name, "strict": True, "schema": schema}
        return {"messages": messages, "response_format": {"type": "json_schema", "json_schema": shape}}
    if rung == "tools":
        tool = {"type": "function", "function": {"name": prompt.schema_name, "parameters": schema}}
        choice = {"type": "function", "function": {"name": prompt.schema_name}}
        return {"messages": messages, "tools": [tool], "tool_choice": choice}
    # Joined to the last turn, because some servers' chat templates take a system message only at the beginning.
    told = f"Answer with one JSON object that follows this JSON Schema, and nothing else:\n{json.dumps(schema)}"
    messages[-1] = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{told}"}
    return {"messages": messages} | ({"response_format": {"type": "json_object"}} if rung == "json_object" else {})


def _text_of(message: Any) -> str:
    for call in message.tool_calls or []:
        if call.type == "function" and call.function.arguments:
            return str(call.function.arguments)
    return str(message.content or "")


def _finish(reason: str | None) -> str:
    return {"length": "length", "content_filter": "filter"}.get(reason or "", "stop")


def _words(error: openai.APIStatusError) -> str:
    """The server's own words, on one line."""
    body = error.body
    inner = body.get("message") or body if isinstance(body, dict) else body or error.message
    return " ".join((inner if isinstance(inner, str) else json.dumps(inner, default=str)).split())


def _too_long(said: str, code: str | None) -> bool:
    return (
        code in ("context_length_exceeded", "string_above_max_length")
        or ("context" in said and any(word in said for word in ("length", "window", "size")))
        or "prompt is too long" in said
    )


def _status(error: openai.APIStatusError, said: str) -> CadenceError | None:
    """What only the operator can fix; None for what may pass automatically."""
    status = error.status_code
    if status in (401, 403):
        return _operator(
            f"the model's server does not accept the key ({status})", "model.unauthorized", "OPENAI_API_KEY"
        )
    if status == 402 or (status == 429 and "insufficient_quota" in (error.code, error.type)):
        return ModelUnavailable(
            "the model account's quota is spent",
            code="model.quota",
            audience=Audience.OPERATOR,
            retry=False,
            remedy="The operator raises the account's quota; then comment `/cadence replan`.",
        )
    if status == 404:
        return _operator(
            f"the model's server does not know this model or this address (404): {said}",
            "model.unknown",
            "CADENCE_MODEL and OPENAI_BASE_URL",
        )
    if 400 <= status < 500 and status not in (408, 409, 425, 429):
        return _operator(f"the model's server refuses such requests ({status})", "model.protocol", "OPENAI_BASE_URL")
    return None


def _late() -> ModelUnavailable:
    return ModelUnavailable("the model did not answer in time", code="model.timeout")


def _no_protocol(what: str) -> CadenceError:
    return _operator(f"the model's server answered with {what}", "model.protocol", "OPENAI_BASE_URL")


def _operator(summary: str, code: str, setting: str) -> CadenceError:
    return ModelUnavailable(
        summary,
        code=code,
        audience=Audience.OPERATOR,
        retry=False,
        remedy=f"The operator corrects {setting}; then comment `/cadence replan`.",
    )
