"""One exchange with a model's server by the openai client: streamed or not, limited in time, silence and size."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
import openai

from bot.core.deadline import Deadline
from bot.llm.answers import Malformed
from bot.llm.openai_errors import answered_late, stalled, unexpected_answer, unreachable

CONNECT_SECONDS = 10.0
MOST_ANSWER_BYTES = 16 * 1024 * 1024
"""Far more than the longest answer within a prompt's limit on output tokens: a guard against endless answers."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: of a whole answer, and without a single byte of it.

    An answer that is not streamed comes at its end, so only the first limit holds for it.
    """

    whole: float = 600.0
    stall: float = 120.0


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


class Connection:
    """The client for one server; safe to use from several threads."""

    def __init__(self, address: str, api_key: str, host: str, limits: Limits) -> None:
        self._host = host
        self._limits = limits
        # One client serves several threads, and each request has a deadline of its own.
        self._current = threading.local()
        self._client = openai.OpenAI(
            api_key=api_key,
            base_url=address,
            # By default the client retries twice, each time with a whole timeout:
            # https://github.com/openai/openai-python#retries
            max_retries=0,
            http_client=openai.DefaultHttpxClient(
                event_hooks={"request": [self._watch], "response": [self._count]},
                # `_watch` sees a connection only when it is opened, so none is kept open for the next call.
                limits=httpx2.Limits(max_keepalive_connections=0),
            ),
        )

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def ask(
        self, api: str, body: dict[str, Any], *, whole: Callable[[object], T], stream: Callable[[Iterable[object]], T]
    ) -> T:
        """Send one request and have the answer read: by `whole` from its JSON, or by `stream` from its pieces.

        Raises ModelUnavailable where the answer does not come or is not JSON, openai.APIError for what the server
        answers in its place, and what `whole` and `stream` raise.
        """
        create: Any = self._client.chat.completions if api == "chat" else self._client.responses
        return self._within(create.with_streaming_response.create, body, whole, stream)

    def models(self) -> object:
        """The JSON of the server's list of models. Raises what `ask` raises."""
        return self._within(self._client.models.with_streaming_response.list, {}, lambda received: received, list)

    def _within(
        self, send: Any, body: dict[str, Any], whole: Callable[[object], T], stream: Callable[[Iterable[object]], T]
    ) -> T:
        silence = self._limits.stall if body.get("stream") else self._limits.whole
        timeout = httpx2.Timeout(silence, connect=CONNECT_SECONDS)
        with Deadline(self._limits.whole, MOST_ANSWER_BYTES) as deadline:
            self._current.deadline = deadline
            try:
                with send(**body, timeout=timeout) as response:
                    # A server that does not stream answers with JSON whatever it is asked.
                    is_stream = "event-stream" in response.headers.get("content-type", "")
                    read = stream(response.parse(to=openai.Stream[object])) if is_stream else whole(response.json())
                if deadline.passed:
                    # A body without a stated length ends like a complete one when its socket is shut.
                    raise answered_late(self._limits.whole)
                return read
            except (openai.APIStatusError, Malformed):
                if deadline.passed:
                    raise answered_late(self._limits.whole) from None
                raise
            except (_TooLarge, openai.APIConnectionError, httpx2.HTTPError) as error:
                raise self._broken(deadline, error, silence) from error
            except (openai.APIResponseValidationError, ValueError, RecursionError):
                raise (
                    answered_late(self._limits.whole)
                    if deadline.passed
                    else unexpected_answer("something other than JSON")
                ) from None

    def _broken(self, deadline: Deadline, error: Exception, silence: float) -> Exception:
        """What the end of an exchange means. The client reports most of them as a lost connection."""
        if deadline.too_large or isinstance(error, _TooLarge):
            return unexpected_answer("an answer that is too large")
        if deadline.passed:
            return answered_late(self._limits.whole)
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
        # A server that took the request may work on it, and bill it, after the connection broke.
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
            return unreachable(self._host, may_cost=False)
        if isinstance(cause, httpx2.TimeoutException):
            is_whole = silence >= self._limits.whole
            return answered_late(silence) if is_whole else stalled(silence)
        return unreachable(self._host, may_cost=True)

    def _watch(self, request: httpx2.Request) -> None:
        """Give the request's socket to this thread's deadline, which shuts it when the time is over."""
        # The client's own timeout is for each read: a server that sends a byte a minute never reaches it.
        # https://www.python-httpx.org/advanced/timeouts/
        deadline: Deadline = self._current.deadline

        def trace(_name: str, info: dict[str, Any]) -> None:
            stream = info.get("return_value")
            ask = getattr(stream, "get_extra_info", None)
            if ask is not None:
                deadline.watch(ask("socket"))

        # The only way to the socket: https://www.python-httpx.org/advanced/extensions/#trace
        request.extensions["trace"] = trace

    def _count(self, response: httpx2.Response) -> None:
        """Count the bytes of the answer while they arrive."""
        response.stream = _CountedBody(response.stream, self._current.deadline)
