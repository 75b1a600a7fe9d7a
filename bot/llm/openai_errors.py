"""What an error of an OpenAI-compatible server means: another way to ask, a faulty prompt, a wrong setting, or a wait.
Pure.

https://platform.openai.com/docs/guides/error-codes. Compatible servers use other statuses and words for the same, so
the words count as well.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai

from bot.core.errors import Audience, CadenceError, ModelUnavailable, ModelUnusable
from bot.llm.ways import Way

LONGEST_WAIT_SECONDS = 86_400.0

_FORMAT_WORDS = (
    *("response_format", "response format", "json_schema", "json schema", "json_object", "json mode", "schema"),
    *("tool", "function", "structured output", "grammar"),
)
"""Words of servers that do not know a format. OpenAI says only `invalid_request_error` and names the parameter."""


_NAMED = {
    "cache_key": r"prompt_cache_key|prompt cache key",
    "parallel_calls": r"parallel_tool_calls|parallel tool calls",
    "effort": r"reasoning[_. ]effort|\breasoning\b.*\bunknown|unsupported.*\breasoning\b|\beffort\b",
    "temperature": r"\btemperature\b",
    "stream": r"\bstream(?:ing|_options)?\b",
}
"""What servers call the parts of a request that can be left out (ways.DROPPABLE)."""
_OTHER_API = r"v1/responses|responses api|\bchat/completions\b.*not (?:supported|a chat)|not a chat model"
"""OpenAI's words for a model that only its Responses API knows, and for one that only the older API knows."""


class WayRefused(Exception):
    """The server does not know this way of asking.

    `what` is `form`, `tools`, `limit`, `api`, `unnamed` or one of ways.DROPPABLE; `error` is what to raise where no
    other way is left.
    """

    def __init__(self, what: str, error: CadenceError) -> None:
        super().__init__(what)
        self.what = what
        self.error = error


def words_of(error: openai.APIError) -> str:
    """The server's message, on one line."""
    body = error.body
    inner = body.get("message") or body if isinstance(body, dict) else body or error.message
    return " ".join((inner if isinstance(inner, str) else json.dumps(inner, default=str)).split())


def meaning_of(
    error: openai.APIStatusError, words: str, *, way: Way, tools: bool, now: datetime
) -> WayRefused | CadenceError:
    """The exception to raise for an error status.

    `words` is the server's message without secrets, `way` how the request was asked, `tools` whether it had tools.
    """
    status, low = error.status_code, words.lower()
    # First, because the words about a context that is too long may also name a parameter or a format.
    if status == 413 or (status in (400, 422) and _is_too_long(low, error.code)):
        return ModelUnusable(
            "the prompt is longer than the model's context", code="model.too_long", remedy="Use a smaller blueprint."
        )
    ending = _ending(error, words, now)
    # Compatible servers differ: 422 is what FastAPI answers for a request that does not fit, and llama.cpp answers 500
    # for a schema of which it cannot make a grammar. https://fastapi.tiangolo.com/tutorial/handling-errors/
    if status in (400, 404, 405, 422, 501) or (status == 500 and "grammar" in low):
        if error.code == "model_not_found" and not re.search(_OTHER_API, low):
            return ending
        refused = _refused(status, f"{error.param or ''} {low}", way, tools)
        if refused is not None and error.code not in _FILTERED:
            return WayRefused(refused, ending)
    return ending


def _refused(status: int, low: str, way: Way, tools: bool) -> str | None:
    """Which part of the way the server refused; None where it is the request."""
    if re.search(_OTHER_API, low):
        return "api"
    # Before the form: the next form would be refused for the same part.
    if way.api == "chat" and way.limit == "max_completion_tokens" and way.limit in low:
        return "limit"
    named = next((part for part, words in _NAMED.items() if getattr(way, part) and re.search(words, low)), None)
    if named is not None:
        return named
    if any(word in low for word in _FORMAT_WORDS):
        if tools:
            return "tools"
        return "form" if way.form != "plain" else None
    # A server without this endpoint; an unknown model is the same to many servers, and the other endpoint says so.
    if status in (404, 405):
        return "api"
    return "unnamed" if status in (400, 422) else None


_FILTERED = ("content_filter", "content_policy_violation")
"""The first is the code of Azure:
https://learn.microsoft.com/en-us/azure/ai-services/openai/concepts/content-filter"""


def _ending(error: openai.APIStatusError, words: str, now: datetime) -> CadenceError:
    """What an error status means where no other way of asking is left."""
    status = error.status_code
    if status in (400, 422):
        if error.code in _FILTERED:
            return ModelUnusable("the model's server refused the text", code="model.refused", details=[words])
        return ModelUnusable(
            f"the model's server refused the request ({status}): {words}", code="model.refused_request"
        )
    return _operator_error(error, words) or ModelUnavailable(
        f"the model's server answered {status}", after=_seconds_to_wait(error.response.headers, now)
    )


def no_tools() -> ModelUnusable:
    """The server knows no tools, or this model cannot use them."""
    return ModelUnusable(
        "the model's server does not take tools",
        code="model.no_tools",
        remedy="The operator chooses a model that can call tools; `cadence doctor` shows what each can do.",
    )


def answered_late(seconds: float) -> ModelUnavailable:
    """The whole answer did not arrive in time."""
    return ModelUnavailable(f"the model did not answer in time ({seconds:g} s)", code="model.timeout")


def stalled(seconds: float) -> ModelUnavailable:
    """Nothing came for too long."""
    return ModelUnavailable(f"the model's server sent nothing for {seconds:g} s", code="model.stalled")


def unreachable(host: str, *, may_cost: bool) -> ModelUnavailable:
    """No connection to the server, or one that broke. `host` is without a user's name and without a path."""
    error = ModelUnavailable(
        f"the model's server at {host} cannot be reached"
        if not may_cost
        else f"the connection to the model's server at {host} broke before the answer was complete",
        code="model.unreachable",
        remedy="The operator checks OPENAI_BASE_URL and that the server runs, if it lasts.",
    )
    error.may_cost = may_cost
    return error


def unexpected_answer(what: str) -> ModelUnavailable:
    """The answer is not what the protocol asks for, so OPENAI_BASE_URL is probably wrong."""
    return _wrong_setting(f"the model's server answered with {what}", "model.protocol", "OPENAI_BASE_URL")


def _is_too_long(low: str, code: str | None) -> bool:
    return (
        code in ("context_length_exceeded", "string_above_max_length")
        or ("context" in low and any(word in low for word in ("length", "window", "size")))
        or "prompt is too long" in low
    )


def _operator_error(error: openai.APIStatusError, words: str) -> ModelUnavailable | None:
    """What only the operator can fix; None for what may pass without a change."""
    status = error.status_code
    if status in (401, 403):
        return _wrong_setting(
            f"the model's server does not accept the key ({status})", "model.unauthorized", "OPENAI_API_KEY"
        )
    # OpenAI answers 429 both for too many requests, which pass, and for a spent quota, which does not.
    if status == 402 or (status == 429 and "insufficient_quota" in (error.code, error.type)):
        return ModelUnavailable(
            "the model account's quota is spent",
            code="model.quota",
            audience=Audience.OPERATOR,
            retry=False,
            remedy="The operator raises the account's quota; then comment `/cadence replan`.",
        )
    if status == 404:
        return _wrong_setting(
            f"the model's server does not know this model or this address (404): {words}",
            "model.unknown",
            "CADENCE_MODEL and OPENAI_BASE_URL",
        )
    # 408 timeout, 409 conflict, 425 too early and 429 too many requests pass with time.
    if 400 <= status < 500 and status not in (408, 409, 425, 429):
        return _wrong_setting(
            f"the model's server refuses such requests ({status})", "model.protocol", "OPENAI_BASE_URL"
        )
    return None


def _wrong_setting(summary: str, code: str, setting: str) -> ModelUnavailable:
    return ModelUnavailable(
        summary,
        code=code,
        audience=Audience.OPERATOR,
        retry=False,
        remedy=f"The operator corrects {setting}; then comment `/cadence replan`.",
    )


def _seconds_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """From `retry-after-ms` or `retry-after`, at most a day; None where neither is there or readable.

    `retry-after` is seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    # Not a standard header, but more exact; the openai client reads it first, too.
    exact, value = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if exact:
            seconds = float(exact) / 1000
        elif not value:
            return None
        elif value[:1].isalpha():
            at = parsedate_to_datetime(value)
            # A date without a zone is in UTC.
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            seconds = (at - now).total_seconds()
        else:
            seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS) if math.isfinite(seconds) else None
