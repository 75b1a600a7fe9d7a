"""What a model may do wrong, and what becomes of the run: one table, which docs/models.md shows and a test holds.

python -m tests.journeys.misbehaviour      write the table into docs/models.md
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from bot.sandbox.model.script import (
    Reply,
    broken,
    empty,
    fenced,
    hang_up,
    limited,
    overflow,
    prose,
    refusal,
    stall,
    truncated,
    wrong_tool,
)
from tests.journeys.world import GOOD

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
BEGIN, END = "<!-- misbehaviour: begin -->", "<!-- misbehaviour: end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of misbehaviour of the planning model.

    `once` is what becomes of the run when only the first answer is like that, `always` when every answer is: `used`
    (the answer counts), `asked again` (the model is told its mistake), `tried again` (the engine asks later), or the
    code that the run ends with.
    """

    name: str
    reply: Reply
    once: str
    always: str


ROWS = (
    Row("a code fence around the JSON", fenced(GOOD), "used", "used"),
    Row("prose", prose("I would change greet.py so that it is polite."), "asked again", "model.prose"),
    Row(
        "two fenced blocks",
        replace(fenced(GOOD), content=(fenced(GOOD).content or "") * 2),
        "asked again",
        "model.prose",
    ),
    Row("JSON of another shape", Reply('{"description": "polite", "changes": 3}'), "asked again", "contract.invalid"),
    Row("broken JSON", Reply('{"summary": "x", plan: 1}'), "asked again", "model.not_json"),
    Row("a JSON array", Reply(json.dumps([GOOD])), "asked again", "model.not_json"),
    Row("cut off, and said so (`length`)", truncated(GOOD), "asked again", "model.truncated"),
    Row("cut off without a word", replace(truncated(GOOD), finish="stop"), "asked again", "model.truncated"),
    Row("an empty answer", empty(), "asked again", "model.empty"),
    Row("withheld by a filter", Reply("", finish="content_filter"), "asked again", "model.refused"),
    Row("a refusal", refusal(), "model.refused", "model.refused"),
    Row("a call of a tool that was not offered", wrong_tool(GOOD), "asked again", "model.wrong_tool"),
    Row("HTTP 429 with `retry-after`", limited(7), "tried again", "model.unavailable"),
    Row("HTTP 500", broken(), "tried again", "model.unavailable"),
    Row("a connection that breaks", hang_up(), "tried again", "model.unreachable"),
    Row("an answer that stalls", stall(), "tried again", "model.stalled"),
    Row("a prompt longer than the context", overflow(), "model.too_long", "model.too_long"),
)


def table() -> str:
    """The rows as Markdown."""
    lines = ["| the model's answer | the first time | every time |", "|---|---|---|"]
    for row in ROWS:
        once = f"refused: `{row.once}`" if "." in row.once else row.once
        ends = "needs a person" if row.once == "tried again" else "refused"
        always = f"{ends}: `{row.always}`" if "." in row.always else row.always
        lines.append(f"| {row.name} | {once} | {always} |")
    return "\n".join(lines)


def main() -> None:
    """Write the table into the page."""
    text = PAGE.read_text("utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
