"""What an error of a chat completions server means: another format, a faulty prompt, a wrong setting, or a wait. Pure.

https://platform.openai.com/docs/guides/error-codes. Compatible servers use other statuses and words for the same, so
the words count as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai

from bot.core.errors import Audience, CadenceError, ModelUnavailable, ModelUnusable

LONGEST_WAIT_SECONDS = 86_400.0

_FORMAT_WORDS = (
    *("response_format", "response format", "json_schema", "json schema", "json_object", "json mode", "schema"),
    *("tool", "function", "structured output", "grammar"),
)
"""Words of servers that do not know a format. OpenAI says only `invalid_request_error` and names the parameter."""


class FormatRefused(Exception):
    """The server does not know this way of asking for JSON."""


class OldLimitOnly(Exception):
    """The server knows the output limit only as `max_tokens`, its older name.

    https://platform.openai.com/docs/api-reference/chat/create
    """


def words_of(error: openai.APIStatusError) -> str:
    """The server's message, on one line."""
    body = error.body
    inner = body.get("message") or body if isinstance(body, dict) else body or error.message
    return " ".join((inner if isinstance(inner, str) else json.dumps(inner, default=str)).split())


def meaning_of(
    error: openai.APIStatusError, words: str, *, format_name: str, limit: str, now: datetime
) -> FormatRefused | OldLimitOnly | CadenceError:
    """The exception to raise for an error status.

    `words` is the server's message without secrets; `format_name` and `limit` are the way the request was asked.
    """
    status, low = error.status_code, words.lower()
    # First, because the words about a context that is too long may also name a parameter or a format.
    if status == 413 or (status in (400, 422) and _is_too_long(low, error.code)):
        return ModelUnusable(
            "the prompt is longer than the model's context", code="model.too_long", remedy="Use a smaller blueprint."
        )
    # Compatible servers differ: 422 is what FastAPI answers for a request that does not fit.
    # https://fastapi.tiangolo.com/tutorial/handling-errors/
    if status in (400, 404, 422) and error.code != "model_not_found":
        # Before the format: the next format would be refused for the same parameter.
        if limit == "max_completion_tokens" and limit in low:
            return OldLimitOnly()
        if format_name != "plain" and any(word in low for word in _FORMAT_WORDS):
            return FormatRefused()
    if status in (400, 422):
        # `content_filter` is the code of Azure:
        # https://learn.microsoft.com/en-us/azure/ai-services/openai/concepts/content-filter
        if error.code in ("content_filter", "content_policy_violation"):
            return ModelUnusable("the model's server refused the text", code="model.refused", details=[words])
        return ModelUnusable(
            f"the model's server refused the request ({status}): {words}", code="model.refused_request"
        )
    return _operator_error(error, words) or ModelUnavailable(
        f"the model's server answered {status}", after=_seconds_to_wait(error.response.headers, now)
    )


def answered_late() -> ModelUnavailable:
    """The answer did not arrive in time."""
    return ModelUnavailable("the model did not answer in time", code="model.timeout")


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
