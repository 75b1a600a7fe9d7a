"""The scripted model's script: what a request asks for, the rules that match it, and the replies with their faults."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.core.names import sha256

RECORDED = "recorded"
"""`system_fingerprint` of every scripted answer."""

EXPLORE = "cadence_explore"
"""The kind of a request with tools to choose from."""
PLAN = "cadence_change_set"
"""The kind of a request for a plan, whichever form it asks for."""
BLOCKS = "as numbered blocks in plain text"
"""Part of the words that ask for a plan without a format (bot/plan/prompts/answer_text.md)."""
_TOKEN = re.compile(r"\w{1,6}|[^\w\s]|\n+")


class ReplyFault(StrEnum):
    """What goes wrong instead of an answer."""

    NONE = "none"
    LIMITED = "limited"
    BROKEN = "broken"
    UNSUPPORTED_FORMAT = "unsupported format"
    """Only requests with a `response_format` fail; the same request without one gets the reply's content."""
    HANG_UP = "hang up"
    STALL = "stall"
    """The headers come, and then nothing until the server is stopped."""
    OVERFLOW = "overflow"
    WRONG_TOOL = "wrong tool"
    """As UNSUPPORTED_FORMAT, and a request that names a tool gets a call of another one."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `content` is the message's text, None with a `refusal`; `finish` is OpenAI's `finish_reason`."""

    content: str | None = None
    finish: str = "stop"
    refusal: str | None = None
    fault: ReplyFault = ReplyFault.NONE
    retry_after: float = 1.0
    usage: tuple[int, int] | None = None
    """Tokens of the prompt and the answer as the server states them; None: as it counts them."""
    states_usage: bool = True
    """False: `usage` is null, as some compatible servers answer."""
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Calls of tools: names and arguments."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as received. `kind` is the JSON schema's or the forced tool's name, `` when there is neither."""

    kind: str
    format: str
    tool: str
    model: str
    messages: tuple[tuple[str, str], ...]
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """All turns, one after another."""
        return "\n".join(content for _, content in self.messages)

    @property
    def digest(self) -> str:
        """sha256 of the whole request."""
        return sha256(json.dumps(self.body, sort_keys=True))

    def describe(self) -> str:
        """Kind, format and how the last turn begins, for a message to a person."""
        last = self.messages[-1][1] if self.messages else ""
        return f"kind {self.kind or '(none)'!r}, format {self.format or '(none)'!r}, last turn {last[:200]!r}"


@dataclass(frozen=True, eq=False)
class Rule:
    """Answers requests whose kind contains `kind` and whose text satisfies `when`; `times` caps its uses.

    A request that names no kind (plain JSON mode, or no format at all) matches every kind: its text has to decide.
    """

    kind: str | None
    reply: Reply | Callable[[Asked], Reply]
    when: Callable[[str], bool] | None = None
    times: int | None = None

    def matches(self, asked: Asked) -> bool:
        """Whether this rule answers that request."""
        if self.kind is not None and asked.kind and self.kind not in asked.kind:
            return False
        return self.when is None or self.when(asked.text)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why OpenAI's server would answer 400."""

    message: str
    code: str | None = None
    param: str | None = None


def answer(value: Mapping[str, Any]) -> Reply:
    """The value as bare JSON."""
    return Reply(json.dumps(value, ensure_ascii=False))


_CANARY = re.compile(r"^(first|last) word: (\S+)$", re.MULTILINE)


def review(value: Mapping[str, Any], *, met: str = "yes") -> Callable[[Asked], Reply]:
    """A reviewer's answer that proves reading as a model would: the words from both ends of the question come back.

    What the schema asks for and the value lacks is filled in: every numbered acceptance line is answered by `met`, with
    the first changed file as the place that shows it.
    """

    def reply(asked: Asked) -> Reply:
        words = dict(_CANARY.findall(asked.text))
        empty = {"evidence": None, "suggestion": None, "path": None, "line": None}
        filled: dict[str, Any] = {
            "first_word": words.get("first", ""),
            "last_word": words.get("last", ""),
            **({"acceptance": _answered(asked.text, met)} if '"acceptance"' in json.dumps(asked.body) else {}),
            **value,
            "findings": [{**empty, **finding} for finding in value.get("findings", ())],
        }
        return answer(filled)

    return reply


_CHANGED = re.compile(r"^(?:\+\+\+ b/|--- a/)(.+)$", re.MULTILINE)


def _answered(text: str, met: str) -> list[dict[str, Any]]:
    """The same answer to every numbered acceptance line of the question."""
    block = re.search(r"acceptance lines:\n(=+\[\w+\]=+)\n(.*?)\n\1", text, re.DOTALL)
    lines = re.findall(r"^(\d+)\. (.+)$", block[2], re.MULTILINE) if block else []
    shown = [{"path": path, "line": None} for path in _CHANGED.findall(text)[:1]] if met == "yes" else []
    return [{"number": int(number), "text": line, "answer": met, "evidence": shown} for number, line in lines]


def look_up(*calls: tuple[str, Mapping[str, Any]]) -> Reply:
    """Calls of the tools that a look around offers."""
    return Reply(calls=calls)


def blocks(value: Mapping[str, Any], *texts: str) -> Callable[[Asked], Reply]:
    """A plan in the form that is asked for: the texts as numbered blocks, then the value as the envelope."""

    def reply(asked: Asked) -> Reply:
        mark = _MARK.search(asked.text)
        word = mark[1] if mark else ""
        parts = [f"BEGIN {number} {word}\n{text}\nEND {number} {word}" for number, text in enumerate(texts, 1)]
        return Reply("\n".join([*parts, "```json", json.dumps(value, ensure_ascii=False, indent=1), "```"]))

    return reply


_MARK = re.compile(r"`BEGIN number ([0-9a-f]+)`")


def prose(text: str) -> Reply:
    """Words where JSON was asked for."""
    return Reply(text)


def fenced(value: Mapping[str, Any], *, before: str = "Here is the result:") -> Reply:
    """The value inside a Markdown fence, with a sentence before it."""
    return Reply(f"{before}\n\n```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n")


def truncated(value: Mapping[str, Any], *, keep: float = 0.6) -> Reply:
    """The value's JSON cut off at that share of its length, with `finish_reason` `length`."""
    whole = json.dumps(value, ensure_ascii=False)
    return Reply(whole[: int(len(whole) * keep)], finish="length")


def empty() -> Reply:
    """An answer without a single character."""
    return Reply("")


def refusal(text: str = "I'm sorry, I can't help with that.") -> Reply:
    """The model declines (`message.refusal`)."""
    return Reply(refusal=text)


def limited(retry_after: float = 1.0) -> Reply:
    """HTTP 429 with `retry-after` in seconds."""
    return Reply(fault=ReplyFault.LIMITED, retry_after=retry_after)


def broken() -> Reply:
    """HTTP 500."""
    return Reply(fault=ReplyFault.BROKEN)


def unsupported_format(value: Mapping[str, Any]) -> Reply:
    """HTTP 400 for a request with a `response_format`, the value as JSON for one without."""
    return Reply(json.dumps(value, ensure_ascii=False), fault=ReplyFault.UNSUPPORTED_FORMAT)


def stall() -> Reply:
    """An answer that begins and does not go on."""
    return Reply(fault=ReplyFault.STALL)


def overflow() -> Reply:
    """HTTP 400: the prompt is longer than the model's context."""
    return Reply(fault=ReplyFault.OVERFLOW)


def wrong_tool(value: Mapping[str, Any]) -> Reply:
    """The value as the arguments of a tool that the request did not offer."""
    return Reply(json.dumps(value, ensure_ascii=False), fault=ReplyFault.WRONG_TOOL)


def hang_up() -> Reply:
    """The connection is cut before an answer."""
    return Reply(fault=ReplyFault.HANG_UP)


def rough_tokens(text: str) -> int:
    """A rough count: one for every six letters of a word, every sign and every run of line ends."""
    return sum(1 for _ in _TOKEN.finditer(text))


def asked_from(body: Mapping[str, Any]) -> Asked:
    """Read a chat completion request whose shape `request_mistake` has accepted."""
    wanted = body.get("response_format") or {}
    kind = str(wanted.get("json_schema", {}).get("name", ""))
    tools = [str(tool["function"]["name"]) for tool in body.get("tools") or ()]
    tool = tools[0] if tools and not kind else ""
    turns = tuple((str(turn.get("role", "")), _content(turn.get("content"))) for turn in body.get("messages", ()))
    if len(tools) > 1:
        # Tools to choose from, and none that has to be called: the look around before a plan.
        kind, tool = EXPLORE, ""
    elif not kind and not tool and BLOCKS in turns[0][1]:
        # The plan is asked for in words, without a format that would name it.
        kind = PLAN
    return Asked(
        kind=kind or tool,
        format=str(wanted.get("type", "")),
        tool=tool,
        model=str(body.get("model", "")),
        messages=turns,
        body=body,
    )


def _content(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(content or "")


def request_mistake(body: Mapping[str, Any]) -> Mistake | None:
    """What is wrong with the request's shape, or None."""
    if not body.get("messages"):
        return Mistake("Missing required parameter: 'messages'.", "missing_required_parameter", "messages")
    if not body.get("model"):
        return Mistake("you must provide a model parameter")
    for index, tool in enumerate(body.get("tools") or ()):
        for param in ("type", "function"):
            if not isinstance(tool, dict) or not tool.get(param):
                where = f"tools[{index}].{param}"
                return Mistake(f"Missing required parameter: '{where}'.", "missing_required_parameter", where)
        if not isinstance(tool["function"], dict) or not tool["function"].get("name"):
            where = f"tools[{index}].function.name"
            return Mistake(f"Missing required parameter: '{where}'.", "missing_required_parameter", where)
    return _format_mistake(body)


def _format_mistake(body: Mapping[str, Any]) -> Mistake | None:
    wanted = body.get("response_format")
    if wanted is None:
        return None
    if not isinstance(wanted, dict) or wanted.get("type") not in ("text", "json_object", "json_schema"):
        return Mistake("Invalid value: 'response_format.type'.", "invalid_value", "response_format.type")
    if wanted["type"] == "json_object" and "json" not in asked_from(body).text.lower():
        message = (
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        )
        return Mistake(message, None, "messages")
    if wanted["type"] != "json_schema":
        return None
    given = wanted.get("json_schema")
    if not isinstance(given, dict) or not re.fullmatch(r"[\w-]{1,64}", str(given.get("name", ""))):
        where = "response_format.json_schema.name"
        return Mistake(f"Missing required parameter: '{where}'.", "missing_required_parameter", where)
    if given.get("strict"):
        for where, problem in _loose_objects(given.get("schema"), ()):
            message = f"Invalid schema for response_format '{given['name']}': In context=({where}), {problem}"
            return Mistake(message, "invalid_json_schema", "response_format")
    return None


def _loose_objects(schema: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Objects that strict mode refuses: open ones, and those with a key that is not required."""
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from _loose_objects(part, (*path, str(index)))
    if not isinstance(schema, dict):
        return
    where = ", ".join(repr(step) for step in path)
    properties = schema.get("properties")
    if isinstance(properties, dict):
        if schema.get("additionalProperties") is not False:
            yield where, "'additionalProperties' is required to be supplied and to be false."
        missing = sorted(set(properties) - set(schema.get("required", ())))
        if missing:
            yield where, f"'required' has to include every key in properties. Missing '{missing[0]}'."
    for key, part in schema.items():
        yield from _loose_objects(part, (*path, str(key)))
