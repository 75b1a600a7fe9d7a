"""How a server has to be asked: in the strictest way, less what it refused. Pure.

Servers that speak OpenAI's protocol differ in what they know of it, and few say so beforehand. So the first question is
asked with everything, each refusal takes one thing away, and what remains is kept for this server and model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

Api = Literal["chat", "responses"]
FORMS = ("json_schema", "tools", "json_object", "plain")
"""Ways to ask for JSON, from the strictest to the loosest. When a server refuses one, the next is tried.

https://platform.openai.com/docs/guides/structured-outputs
"""
FORM_NAMES = {
    "json_schema": "strict schema",
    "tools": "a tool's arguments",
    "json_object": "JSON mode",
    "plain": "text",
}
"""As people read them."""
DROPPABLE = ("stream", "parallel_calls", "cache_key", "temperature", "effort")
"""What can be left out of a request without changing what it asks."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of asking. `limit` is the name of the output limit in Chat Completions; the flags are what is sent."""

    api: Api = "chat"
    form: str = FORMS[0]
    limit: str = "max_completion_tokens"
    tools: bool = True
    stream: bool = True
    parallel_calls: bool = True
    cache_key: bool = True
    temperature: bool = True
    effort: bool = True

    def looser(self) -> Way | None:
        """With the next form; None after the last one."""
        at = FORMS.index(self.form) + 1
        return replace(self, form=FORMS[at]) if at < len(FORMS) else None

    def without(self, name: str) -> Way:
        """Without one of DROPPABLE."""
        changes: dict[str, Any] = {name: False}
        return replace(self, **changes)

    def bare(self) -> Way:
        """Without any of DROPPABLE."""
        changes: dict[str, Any] = dict.fromkeys(DROPPABLE, False)
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def read_way(kept: object) -> Way | None:
    """A way from `Way.as_json`; None for anything else, also for one of another version with other fields."""
    if not isinstance(kept, Mapping) or set(kept) != {field.name for field in fields(Way)}:
        return None
    flags = [kept[field.name] for field in fields(Way) if field.type == "bool"]
    names_fit = kept["api"] in ("chat", "responses") and kept["form"] in FORMS
    if not names_fit or kept["limit"] not in ("max_completion_tokens", "max_tokens"):
        return None
    return Way(**kept) if all(isinstance(flag, bool) for flag in flags) else None
