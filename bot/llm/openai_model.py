"""The only user of the openai client: any server with a chat completions endpoint.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import openai
from openai.types.chat import ChatCompletion

from bot.core.clock import Clock
from bot.core.deadline import Deadline
from bot.core.errors import ModelUnavailable, ModelUnusable
from bot.effects.guard import side_effect
from bot.llm.model import Completion, ModelKind, Prompt
from bot.llm.openai_errors import FormatRefused, OldLimitOnly, answered_late, meaning_of, unexpected_answer, words_of

FORMATS = ("json_schema", "tools", "json_object", "plain")
"""Ways to ask for JSON, from the strictest to the loosest. When a server refuses one, the next is tried.

https://platform.openai.com/docs/guides/structured-outputs
"""

OPENAI_URL = "https://api.openai.com/v1"
RETRY_PAUSE_SECONDS = 0.5
WHOLE_ANSWER_SECONDS = 600.0
MOST_ANSWER_BYTES = 16 * 1024 * 1024
"""Far more than the longest answer within a prompt's limit on output tokens: a guard against endless answers."""


class _TooLarge(Exception):
    """The answer has more than `MOST_ANSWER_BYTES`."""


class _CountedBody(httpx2.SyncByteStream):
    """A response body that raises _TooLarge when the deadline's count of bytes is exceeded."""

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

    Retries only a broken connection, once; the engine retries the rest with pauses that survive a restart. Which
    format and which name of the output limit a server accepts is remembered per model until the process ends.
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
        # With None the client reads OPENAI_BASE_URL itself, and only bot/settings.py may read the environment.
        address = base_url or OPENAI_URL
        # One client serves several threads, and each request has a deadline of its own.
        self._limits = threading.local()
        self._client = openai.OpenAI(
            api_key=api_key,
            base_url=address,
            # By default the client retries twice, each time with a whole timeout:
            # https://github.com/openai/openai-python#retries
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultHttpxClient(
                event_hooks={"request": [self._watch], "response": [self._count]},
                # `_watch` sees a connection only when it is opened, so none is kept open for the next call.
                limits=httpx2.Limits(max_keepalive_connections=0),
                timeout=timeout,
            ),
        )
        self._key = api_key
        self._names = dict(names)
        self._clock = clock
        self._format: dict[str, int] = {}
        self._limit_key: dict[str, str] = {}

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def asked_name(self, kind: ModelKind) -> str:
        return self._names[kind]

    @side_effect
    def complete(self, prompt: Prompt) -> Completion:
        """One answer, in the strictest format that the server accepts. An answer that was cut has finish `length`.

        Raises ModelUnavailable for 429, 5xx, a timeout and no connection (`after` where the server says how long to
        wait), and with `retry=False` for a wrong key, model name or address and a spent quota. Raises ModelUnusable
        for a refusal, an empty answer, a prompt that is too long (`model.too_long`) and a request that the server
        refuses in every format.
        """
        name = self._names[prompt.kind]
        while True:
            index = self._format.get(name, 0)
            try:
                return self._ask(prompt, name, FORMATS[index])
            except FormatRefused:
                # Another thread may have moved on to a looser format already.
                self._format[name] = max(self._format.get(name, 0), index + 1)
            except OldLimitOnly:
                self._limit_key[name] = "max_tokens"

    def _ask(self, prompt: Prompt, name: str, format_name: str) -> Completion:
        started = self._clock.monotonic()
        answer = self._send(prompt, name, format_name)
        # The client does not validate: another content type, such as a page of a proxy, is returned as text.
        if not isinstance(answer, ChatCompletion) or not isinstance(answer.choices, list):
            raise unexpected_answer("something other than a chat completion")
        message = answer.choices[0].message if answer.choices else None
        # A refusal is not in `content`: https://platform.openai.com/docs/guides/structured-outputs#refusals
        if message is not None and message.refusal:
            refusal = self._without_key(message.refusal)
            raise ModelUnusable(f"the model refused to answer: {refusal}", code="model.refused", details=[refusal])
        text = "" if message is None else str(message.content or "")
        for call in (message.tool_calls if message is not None else None) or []:
            # In the format `tools` the answer is the arguments of the call.
            if call.type == "function" and call.function.arguments:
                text = str(call.function.arguments)
                break
        reason = answer.choices[0].finish_reason if answer.choices else None
        # `tool_calls` is a complete answer too: https://platform.openai.com/docs/api-reference/chat/object
        finish = {"length": "length", "content_filter": "filter"}.get(reason or "", "stop")
        if not text.strip() and finish == "stop":
            raise ModelUnusable(
                "the model gave an empty answer", code="model.empty", remedy="Answer with the JSON object."
            )
        usage = answer.usage
        return Completion(
            text=text,
            model=answer.model or name,
            # Compatible servers may leave `usage` out or null.
            input_tokens=(usage.prompt_tokens or 0) if usage else 0,
            output_tokens=(usage.completion_tokens or 0) if usage else 0,
            finish=finish,
            duration_ms=int((self._clock.monotonic() - started) * 1000),
            # So the recorded model of the sandbox marks its answers; a fingerprint of OpenAI begins with `fp_`.
            recorded=str(answer.system_fingerprint or "").startswith("recorded"),
        )

    def _send(self, prompt: Prompt, name: str, format_name: str, *, again: bool = True) -> object:
        limit = self._limit_key.get(name, "max_completion_tokens")
        with Deadline(WHOLE_ANSWER_SECONDS, MOST_ANSWER_BYTES) as deadline:
            self._limits.deadline = deadline
            try:
                create: Any = self._client.chat.completions.create
                return create(model=name, **{limit: prompt.max_output_tokens}, **_shape(prompt, format_name))
            except _TooLarge:
                raise unexpected_answer("an answer that is too large") from None
            # Before APIConnectionError, of which it is a subclass.
            except openai.APITimeoutError as error:
                raise answered_late() from error
            except openai.APIConnectionError as error:
                # The client reports whatever ends a request as a lost connection: a socket that the deadline closed,
                # and the exception of our own stream.
                if deadline.too_large:
                    raise unexpected_answer("an answer that is too large") from None
                if deadline.passed:
                    raise answered_late() from error
                if not again:
                    raise ModelUnavailable("the model's server cannot be reached", code="model.unreachable") from error
            except openai.APIStatusError as error:
                # `from None`, because some servers repeat the key in their answer and a logged cause would show it.
                words = self._without_key(words_of(error))
                raise meaning_of(error, words, format_name=format_name, limit=limit, now=self._clock.now()) from None
            except (openai.APIResponseValidationError, ValueError, RecursionError):
                raise unexpected_answer("something other than JSON") from None
        self._clock.sleep(RETRY_PAUSE_SECONDS)
        return self._send(prompt, name, format_name, again=False)

    def _watch(self, request: httpx2.Request) -> None:
        """Give the request's socket to this thread's deadline, which shuts it when the time is over."""
        # The client's own timeout is for each read: a server that sends a byte a minute never reaches it.
        # https://www.python-httpx.org/advanced/timeouts/
        deadline: Deadline = self._limits.deadline

        def trace(_name: str, info: dict[str, Any]) -> None:
            stream = info.get("return_value")
            ask = getattr(stream, "get_extra_info", None)
            if ask is not None:
                deadline.watch(ask("socket"))

        # The only way to the socket: https://www.python-httpx.org/advanced/extensions/#trace
        request.extensions["trace"] = trace

    def _count(self, response: httpx2.Response) -> None:
        """Count the bytes of the answer while they arrive."""
        response.stream = _CountedBody(response.stream, self._limits.deadline)

    def _without_key(self, text: str) -> str:
        # Some servers repeat the key in the message of an error.
        clean = text.replace(self._key, "[key]") if self._key else text
        return clean[:500]


def _shape(prompt: Prompt, format_name: str) -> dict[str, Any]:
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    schema = dict(prompt.schema)
    if format_name == "json_schema":
        shape = {"name": prompt.schema_name, "strict": True, "schema": schema}
        return {"messages": messages, "response_format": {"type": "json_schema", "json_schema": shape}}
    if format_name == "tools":
        tool = {"type": "function", "function": {"name": prompt.schema_name, "parameters": schema}}
        # Named, so that the model cannot answer with prose instead.
        choice = {"type": "function", "function": {"name": prompt.schema_name}}
        return {"messages": messages, "tools": [tool], "tool_choice": choice}
    # Appended to the last message, because some servers accept a system message only at the beginning.
    wanted = f"Answer with one JSON object that follows this JSON Schema, and nothing else:\n{json.dumps(schema)}"
    messages[-1] = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{wanted}"}
    return {"messages": messages} | (
        {"response_format": {"type": "json_object"}} if format_name == "json_object" else {}
    )
