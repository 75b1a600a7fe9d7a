"""The stories that `cadence demo` runs, as data: blueprints, scripted answers, and what a maintainer says."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.demo.sample_repository import sample_blueprint
from bot.sandbox.demo.story_parts import CHANGELOG_LINE, README_ROW, TOP_OPTION, Story, below, edit, verdict
from bot.sandbox.demo.story_repaired import repaired_story
from bot.sandbox.model.script import Rule, answer, review

IGNORE_CASE_PLAN: JsonDict = {
    "summary": "Count words without minding their case",
    "plan": (
        "1. `count` takes `ignore_case` as a keyword argument and folds the text once, before it splits it.\n"
        "2. `--ignore-case` passes the choice on; without it nothing changes.\n"
        "3. Tests for both, a row in the README, a line in the changelog."
    ),
    "message": (
        "The text is folded once, before it is split, so counting stays a single pass.\n"
        "Without the option the result is what it was."
    ),
    "edits": [
        edit(
            "tally/counting.py",
            replace=[
                (
                    'def count(text: str) -> Counter[str]:\n    """How often each word occurs."""\n'
                    "    return Counter(words(text))\n",
                    "def count(text: str, *, ignore_case: bool = False) -> Counter[str]:\n"
                    '    """How often each word occurs; with `ignore_case`, `The` and `the` are one word."""\n'
                    "    return Counter(words(text.casefold() if ignore_case else text))\n",
                )
            ],
        ),
        edit(
            "tally/cli.py",
            replace=[
                below(
                    TOP_OPTION,
                    '    parser.add_argument("--ignore-case", action="store_true", help="count `The` as `the`")\n',
                ),
                ("    counts = count(text)\n", "    counts = count(text, ignore_case=chosen.ignore_case)\n"),
            ],
        ),
        edit(
            "tests/test_counting.py",
            replace=[
                below(
                    '        self.assertEqual(count("a b a"), {"a": 2, "b": 1})\n',
                    "\n    def test_minds_the_case_unless_told_otherwise(self) -> None:\n"
                    '        self.assertEqual(count("The the"), {"The": 1, "the": 1})\n'
                    '        self.assertEqual(count("The the THE", ignore_case=True), {"the": 3})\n',
                )
            ],
        ),
        edit(
            "tests/test_cli.py",
            replace=[
                below(
                    '        self.assertEqual(run("--top", "1", text="b a b"), "     2  b\\n")\n',
                    "\n    def test_ignore_case_makes_one_word_of_two(self) -> None:\n"
                    '        self.assertEqual(run("--ignore-case", text="The the"), "     2  the\\n")\n',
                )
            ],
        ),
        edit("README.md", replace=[below(README_ROW, "| `--ignore-case` | count `The` as `the` |\n")]),
        edit("CHANGELOG.md", replace=[below(CHANGELOG_LINE, "- `--ignore-case` counts `The` as `the`.\n")]),
    ],
}

SLOW_LINE = "    return [word for word in words(text) if words(text).count(word) == 1]\n"
QUICK_LINE = "    return [word for word, times in count(text).items() if times == 1]\n"
GUIDANCE = "Count the words once; a Counter keeps the order in which it first saw them."


def _unique_module(imported: str, line: str) -> str:
    return (
        '"""Words that occur only once."""\n\n'
        f"from tally.counting import {imported}\n\n\n"
        "def unique(text: str) -> list[str]:\n"
        '    """Each word that occurs exactly once, in the order of the text."""\n' + line
    )


SLOW_MODULE = _unique_module("words", SLOW_LINE)
QUICK_MODULE = _unique_module("count", QUICK_LINE)

_UNIQUE_TESTS = '''"""Words that occur only once."""

import unittest

from tally.unique import unique


class Unique(unittest.TestCase):
    def test_keeps_the_order_of_the_text(self) -> None:
        self.assertEqual(unique("c a b a"), ["c", "b"])

    def test_an_empty_text_has_none(self) -> None:
        self.assertEqual(unique(""), [])


if __name__ == "__main__":
    unittest.main()
'''


def _unique_plan(module: str, how: str) -> JsonDict:
    return {
        "summary": "List the words that occur only once",
        "plan": (
            f"1. `tally/unique.py`: {how}\n2. `--unique` writes them, one a line, and nothing else.\n"
            "3. Tests, a row in the README, a line in the changelog."
        ),
        "message": f"For proof-reading: `--unique` writes each word that occurs exactly once.\n\n{how}",
        "edits": [
            edit("tally/unique.py", after=module),
            edit(
                "tally/cli.py",
                replace=[
                    below("from tally.counting import count, ranked\n", "from tally.unique import unique\n"),
                    below(
                        TOP_OPTION,
                        '    parser.add_argument("--unique", action="store_true", help="only words that occur once")\n',
                    ),
                    below(
                        "    text = source.read()\n",
                        "    if chosen.unique:\n"
                        '        out.writelines(f"{word}\\n" for word in unique(text))\n'
                        "        return 0\n",
                    ),
                ],
            ),
            edit("tests/test_unique.py", after=_UNIQUE_TESTS),
            edit("README.md", replace=[below(README_ROW, "| `--unique` | only words that occur once |\n")]),
            edit("CHANGELOG.md", replace=[below(CHANGELOG_LINE, "- `--unique` lists words that occur once.\n")]),
        ],
    }


SLOW_PLAN = _unique_plan(SLOW_MODULE, "a list of the words that the text holds once.")
QUICK_PLAN = _unique_plan(QUICK_MODULE, "one pass counts the words, a second walks the distinct ones in order.")

SLOW_FINDING: JsonDict = {
    "severity": "error",
    "path": "tally/unique.py",
    "line": SLOW_MODULE.splitlines().index(SLOW_LINE.rstrip("\n")) + 1,
    "message": (
        "Quadratic: for every word the whole text is split again and walked again. The blueprint names books of "
        "200,000 words; that is 40,000,000,000 comparisons."
    ),
    "suggestion": QUICK_LINE.rstrip("\n"),
}


def _ignore_case_story() -> Story:
    title, body = sample_blueprint("ignore-case")

    def about(text: str) -> bool:
        return title in text

    return Story(
        name="merges",
        headline="a blueprint becomes a merged change",
        title=title,
        body=body,
        rules=(
            Rule("change_set", answer(IGNORE_CASE_PLAN), when=about),
            Rule(
                "review_reasoning",
                review(verdict("approve", "Does what the blueprint asks: the default is unchanged, both are tested.")),
                when=about,
            ),
            Rule(
                "review_efficiency",
                review(verdict("approve", "One fold of the text, then one pass, as before.")),
                when=about,
            ),
        ),
    )


def _unique_story() -> Story:
    title, body = sample_blueprint("unique")

    def about(text: str) -> bool:
        return title in text

    def slow(text: str) -> bool:
        return about(text) and SLOW_LINE.strip() in text and QUICK_LINE.strip() not in text

    right = "Every word that occurs once, in the order of the text, and tested."
    return Story(
        name="replanned",
        headline="a rejected change is planned again, then merged",
        title=title,
        body=body,
        guidance=GUIDANCE,
        rules=(
            Rule("change_set", answer(QUICK_PLAN), when=lambda text: about(text) and GUIDANCE in text),
            Rule("change_set", answer(SLOW_PLAN), when=about),
            Rule("review_reasoning", review(verdict("approve", right)), when=about),
            Rule(
                "review_efficiency",
                review(verdict("reject", "Right, but far too slow for the texts it is meant for.", SLOW_FINDING)),
                when=slow,
            ),
            Rule(
                "review_efficiency",
                review(verdict("approve", "One pass over the words, one over the distinct ones: linear.")),
                when=about,
            ),
        ),
    )


def stories() -> tuple[Story, ...]:
    """All of them, in the order in which the demo runs them."""
    return (_ignore_case_story(), _unique_story(), repaired_story())


NOT_A_JUDGEMENT = "Recorded answer, not a judgement: no model read this change."


def generic_rules() -> tuple[Rule, ...]:
    """For any other repository when no model is configured: reviews that say so, and no plan."""
    approval = review(verdict("approve", NOT_A_JUDGEMENT), met="unclear")
    return (Rule("review_reasoning", approval), Rule("review_efficiency", approval))
