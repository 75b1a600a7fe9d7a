"""The texts of the planner's prompts: files under `prompts/`, with `$name` where a value goes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template
from typing import Literal

PromptFile = Literal["system", "answer_json", "answer_text", "question", "guidance", "repair"]


def prompt_text(name: PromptFile, **values: str) -> str:
    """The text of `prompts/<name>.md` with its values, without a line end at the end.

    A value is put in as it is: a `$` in it means nothing. Raises KeyError for a name that the file uses and `values`
    lacks, and ValueError for a value that the file does not use.
    """
    template = _template(name)
    unused = values.keys() - set(template.get_identifiers())
    if unused:
        raise ValueError(f"prompts/{name}.md has no place for {', '.join(sorted(unused))}")
    return template.substitute(values)


@cache
def _template(name: PromptFile) -> Template:
    return Template((files("bot") / "plan" / "prompts" / f"{name}.md").read_text("utf-8").removesuffix("\n"))
