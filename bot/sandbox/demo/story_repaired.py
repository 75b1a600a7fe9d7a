"""The third story: a first plan that guts a file is refused with its code, fixed by the model, and merged."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.demo.sample_repository import sample_blueprint
from bot.sandbox.demo.story_parts import CHANGELOG_LINE, README_ROW, TOP_OPTION, Story, below, edit, verdict
from bot.sandbox.model.script import Rule, answer, review

_TABLE_LOOP = "    for word, times in ranked(counts)[: chosen.top]:\n"
_OPTION = '    parser.add_argument("--json", action="store_true", help="write the table as one JSON object")\n'
_WRITE = (
    "    if chosen.json:\n"
    '        out.write(json.dumps(dict(ranked(counts)[: chosen.top]), ensure_ascii=False) + "\\n")\n'
    "        return 0\n"
)
_PLAN = (
    "1. `--json` writes the same table as one JSON object, the most frequent word first.\n"
    "2. `--top` cuts it as before; without the option nothing changes.\n"
    "3. A test, a row in the README, a line in the changelog."
)
_AROUND = [
    edit("README.md", replace=[below(README_ROW, "| `--json` | the table as one JSON object |\n")]),
    edit("CHANGELOG.md", replace=[below(CHANGELOG_LINE, "- `--json` writes the table as one JSON object.\n")]),
    edit(
        "tests/test_cli.py",
        replace=[
            below(
                '        self.assertEqual(run("--top", "1", text="b a b"), "     2  b\\n")\n',
                "\n    def test_json_keeps_the_order_of_the_table(self) -> None:\n"
                '        self.assertEqual(run("--json", text="b a b"), \'{"b": 2, "a": 1}\\n\')\n',
            )
        ],
    ),
]


def _plan(cli: JsonDict) -> JsonDict:
    return {
        "summary": "Write the table as JSON",
        "plan": _PLAN,
        "message": "For scripts: the same table, the most frequent word first.",
        "edits": [cli, *_AROUND],
    }


GUTTED_CLI = (
    '"""The command line: reads a text, writes a table."""\n\nimport argparse\nimport json\n\n'
    "# ... existing imports and options stay as they are ...\n\n\n"
    "def main(arguments: Sequence[str], source: TextIO, out: TextIO) -> int:\n"
    "    # ... existing code unchanged ...\n" + _WRITE
)
GUTTED_PLAN = _plan({**edit("tally/cli.py", after=GUTTED_CLI), "mode": "modify"})
JSON_PLAN = _plan(
    edit(
        "tally/cli.py",
        replace=[
            below("import argparse\n", "import json\n"),
            below(TOP_OPTION, _OPTION),
            (_TABLE_LOOP, _WRITE + _TABLE_LOOP),
        ],
    )
)


def repaired_story() -> Story:
    """A plan that eats a file, and what becomes of it."""
    title, body = sample_blueprint("json")

    def about(text: str) -> bool:
        return title in text

    def told_why(text: str) -> bool:
        return about(text) and "loss.elision" in text

    right = verdict("approve", "The table as JSON, in its order, and tested.")
    quick = verdict("approve", "One dump of a table that exists.")
    return Story(
        name="repaired",
        headline="a plan that guts a file is refused, repaired, then merged",
        title=title,
        body=body,
        refused="loss.elision",
        rules=(
            Rule("change_set", answer(JSON_PLAN), when=told_why),
            Rule("change_set", answer(GUTTED_PLAN), when=about),
            Rule("review_reasoning", review(right), when=about),
            Rule("review_efficiency", review(quick), when=about),
        ),
    )
