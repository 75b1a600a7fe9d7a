"""Reads a completion as JSON: strict about the content, lenient about a code fence around it."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from bot.core.errors import ModelUnusable
from bot.llm.model import Completion

_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*\n(?P<inside>.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
_NEAR_THE_END = 12
"""Characters: json reports a word, number or escape that was cut off at its beginning, not at the end."""


def read_json(completion: Completion) -> dict[str, Any]:
    """The one JSON object of a completion, without a byte-order mark and without the text around a single fenced block.

    Raises ModelUnusable with `model.empty`, `model.truncated`, `model.refused` (cut by the server's content filter),
    `model.wrong_tool`, `model.prose` or `model.not_json`, the last with line and column within the JSON.
    """
    if completion.finish == "length":
        _unusable(
            "model.truncated",
            f"the answer was cut off after {completion.output_tokens} tokens{_hidden(completion)}",
            "Answer shorter; in a ChangeSet, use `replace` edits instead of whole files.",
        )
    if completion.finish in ("filter", "refusal"):
        _unusable(
            "model.refused",
            "the answer was withheld by the model or its server",
            "Answer only the question, without the part that was withheld.",
        )
    if completion.finish == "wrong_tool":
        _unusable(
            "model.wrong_tool",
            "the answer calls a tool that was not offered",
            "Answer by the one tool that the request offers, with the JSON object as its arguments.",
        )
    # `json` refuses a byte-order mark, which says nothing about the answer.
    text = completion.text.lstrip("\ufeff").strip()
    if not text:
        _unusable("model.empty", "the model gave an empty answer", "Answer with the JSON object.")
    return _loads(_unwrapped(text))


def _hidden(completion: Completion) -> str:
    """The share of hidden reasoning, which only the operator's settings change."""
    if completion.reasoning_tokens * 2 < completion.output_tokens or not completion.reasoning_tokens:
        return ""
    return (
        f", of which {completion.reasoning_tokens} were hidden reasoning (the operator can raise "
        "CADENCE_MODEL_*_OUTPUT_TOKENS, or lower the effort)"
    )


def _unwrapped(text: str) -> str:
    """The JSON's text: the whole, or the inside of the only fenced block."""
    if text.startswith(("{", "[")):
        return text
    fenced = _FENCE.findall(text)
    # Of several blocks it is not known which one is the answer.
    if len(fenced) == 1 and fenced[0].lstrip().startswith(("{", "[")):
        return str(fenced[0]).strip()
    if text.startswith("```") and not fenced:
        _unusable("model.truncated", "the answer's fenced block is never closed", "Answer with one JSON object.")
    blocks = f" with {len(fenced)} fenced blocks" if fenced else ""
    return _unusable(
        "model.prose",
        f"the answer is prose{blocks}, not one JSON object; it begins {text[:60]!r}",
        "Answer with only the JSON object.",
    )


def _loads(text: str) -> dict[str, Any]:
    try:
        # Python keeps the last of two equal keys, and reads NaN and Infinity:
        # https://docs.python.org/3/library/json.html#standard-compliance-and-interoperability
        data = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
        # An escaped half of a surrogate pair is read without an error, and fails only where it is stored as UTF-8.
        json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        near = error.pos >= len(text) - _NEAR_THE_END and _left_open(text)
        cut = error.msg.startswith("Unterminated") or near
        _unusable(
            "model.truncated" if cut else "model.not_json",
            f"the answer is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            "Answer with one complete JSON object.",
        )
    except UnicodeEncodeError:
        _unusable("model.not_json", "the answer escapes half of a surrogate pair", "Write characters in full.")
    except (ValueError, RecursionError) as error:
        # A number of more than 4,300 digits, or too deep nesting:
        # https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).partition(";")[0]
        _unusable("model.not_json", f"the answer is not usable JSON: {why}", "Answer with one plain JSON object.")
    if not isinstance(data, dict):
        _unusable(
            "model.not_json", f"the answer is a JSON {_kind(data)}, not an object", "Answer with one JSON object."
        )
    return data


def _left_open(text: str) -> bool:
    """Whether the text ends within a string, or with brackets that nothing closes."""
    depth, inside, escaped = 0, False, False
    for sign in text:
        if inside:
            inside = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            inside = True
        else:
            depth += (sign in "{[") - (sign in "}]")
    return inside or depth > 0


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            _unusable(
                "model.not_json", f"the answer has the key {key[:60]!r} twice in one object", "Give each key once."
            )
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    _unusable("model.not_json", f"the answer holds {name}, which is not JSON", "Use numbers, or null.")


def _kind(data: object) -> str:
    return {list: "array", str: "string", bool: "boolean", type(None): "null"}.get(type(data), "number")


def _unusable(code: str, summary: str, remedy: str) -> NoReturn:
    raise ModelUnusable(summary, code=code, remedy=remedy)
