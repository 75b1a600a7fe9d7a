"""A blueprint is what people see: hidden text goes, acceptance lines are found, one visible block counts."""

from __future__ import annotations

import pytest

from bot.plan.blueprint import read_blueprint

BLOCK = '```json cadence\n{"message": "m"}\n```'


def text_of(body: str) -> str:
    return read_blueprint("T", body).text


# -- what people see ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a <!-- hidden --> b", "a  b"),
        ("a\n<!--\nhidden\n\nstill\n-->\nb", "a\n\nb"),
        ("a\n<!-- never closed\nall of it", "a"),
        ("a <!--> b", "a  b"),
        ("a <!---> b", "a  b"),
        ("a <!-- <!-- x --> b", "a  b"),
        ("a <!-- `x` --> b `<!-- y -->`", "a  b `<!-- y -->`"),
        ("add `<!-- toc -->` there", "add `<!-- toc -->` there"),
        ("```html\n<!-- toc -->\n```\nend", "```html\n<!-- toc -->\n```\nend"),
        ("```\n<!-- left open\n```\nend", "```\n<!-- left open\n```\nend"),
        ("    <!-- indented -->\n\nend", "<!-- indented -->\n\nend"),
        ("<!--\n```\n-->\nshown\n<!--\n```\n-->", "shown"),
        ("zero\u200bwidth \u202eturned\u2066 \ufefftag\U000e0041", "zerowidth turned tag"),
        ("### What\n\n_No response_\n\n### Why\n\nBecause", "### What\n\n### Why\n\nBecause"),
        ("\ue0000\ue000 <!-- x -->a", "0 a"),
        ("", ""),
    ],
)
def test_hidden_text_is_taken_out_and_nothing_else(body: str, seen: str) -> None:
    assert text_of(body) == seen


def test_a_title_loses_what_nobody_sees_and_is_no_markdown() -> None:
    assert read_blueprint(" Add\u200b a <!-- x -->\u202eflag ", "").title == "Add a <!-- x -->flag"


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("```\na\n\n\n\nb  \n_No response_\n```\n\n\n\nend", "```\na\n\n\n\nb  \n_No response_\n```\n\nend"),
        ("end\n\n    a\n\n\n    b", "end\n\n    a\n\n\n    b"),
    ],
)
def test_code_stays_as_it_is(body: str, seen: str) -> None:
    assert text_of(body) == seen


# -- acceptance -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("Goal.\n\nAcceptance: it works", ["it works"]),
        ("**Acceptance:** it works", ["it works"]),
        ("**Acceptance criteria**: it works", ["it works"]),
        ("acceptance:\n- one\n- two", ["one", "two"]),
        ("Acceptance:\n\n1. one\n2) two", ["one", "two"]),
        ("Acceptance:\n\nit works\n\nThanks for reading!", ["it works"]),
        ("Acceptance: it works\nand stays so\n\nThanks for reading!", ["it works", "and stays so"]),
        ("Acceptance: it works\n\n- and is tested\n\nThanks!\n- of me", ["it works", "and is tested"]),
        ("## Acceptance\n\nit works\n\nwell\n\n- [ ] tested\n\n## Notes\n\n- none", ["it works", "well", "tested"]),
        ("### Acceptance criteria:\n* one\n• two", ["one", "two"]),
        ("## Definition of done ##\n- one", ["one"]),
        ("## Done when\n- one\n## Acceptance\n- two", ["one", "two"]),
        ("Text\n- [ ] a task\n- [x] another\n- no task", ["a task", "another"]),
        ("Acceptance: same\n- [ ] same", ["same"]),
        ("## Acceptance of the offer\n- no", []),
        ("The acceptance test: passes", []),
        ("Nothing to see", []),
        ("## Acceptance\n- one\n  - one and a half\n- two", ["one", "one and a half", "two"]),
        ("## Acceptance\n- one that\n  goes on\n- two", ["one that goes on", "two"]),
        ("## Acceptance\n### API\n- one\n### UI\n- two\n## Notes\n- three", ["one", "two"]),
        ("Acceptance criteria\n---\n- one", ["one"]),
        ("**Acceptance criteria**\n- one\n\nOther things:\n- two", ["one"]),
        ("## ✅ Acceptance criteria\n- one", ["one"]),
        ("## 3. **Acceptance criteria**\n- one", ["one"]),
        ("Done when:\n- one", ["one"]),
        ("## Acceptance\n\n| id | must |\n|---|---|\n| 1 | work |\n| 2 | last |", ["1 | work", "2 | last"]),
        ("## Acceptance\n```python\nassert f() == 1\n```\n- one\n\n---\n", ["assert f() == 1", "one"]),
        ("## Acceptance\n<details><summary>all</summary>\n\n- one\n\n</details>", ["one"]),
        ("## Acceptance\n- one\n\n[1]: https://example.org", ["one"]),
        ("> ## Acceptance\n> - one", ["one"]),
        ("<!-- Acceptance: hidden -->", []),
    ],
)
def test_acceptance_lines(body: str, lines: list[str]) -> None:
    assert list(read_blueprint("T", body).acceptance) == lines


ROUND: list[tuple[str, str, str]] = [
    ("Auto-replenish backlog when empty",
     'Goal: Keep the pipeline flowing.\n\nImplementation steps:\n1. Add DevOrchestrator._ensure_backlog(). If '
     'self.backlog.list_items("open") is empty, call TaskGenerator.generate_tasks(mode="micro", count=<N>).\n'
     "2. Call it at the very top of run_task_cycle().",
     "run_task_cycle(interactive=False) no longer raises RuntimeError when no tasks exist."),
    ("Wire EfficiencyAgent as mandatory second review",
     "Goal: Review → Reasoning and Efficiency.\n\nImplementation steps:\n1. In __init__ create self.efficiency.\n"
     "2. call eff_review = self.efficiency.run_interaction(<prompt_with_patch>)",
     "a commit cannot occur unless both reviews have succeeded; tests updated accordingly."),
    ("Expand enforce_phase → include review guards",
     'Goal: Prevent any commit unless "review_passed" exists.\n\n1. required = ["patch_applied", "tests_passed"].',
     "New tests pass; commit cannot bypass approval lattice."),
    ("Cross-process file-locking for backlog & record",
     "Goal: Prevent a race.\n\n1. Lock file path = <jsonfile>.lock.\n2. Time-out (e.g., 10 s)",
     "Concurrency test passes; manual ctrl-C leaves .lock cleaned up."),
]  # fmt: skip


@pytest.mark.parametrize(("title", "goal", "accepted"), ROUND)
def test_plain_texts_are_read_as_they_stand(title: str, goal: str, accepted: str) -> None:
    blueprint = read_blueprint(title, f"{goal}\n\nAcceptance: {accepted}")
    assert blueprint.title == title
    assert blueprint.text == f"{goal}\n\nAcceptance: {accepted}", "angle brackets and arrows are text, not HTML"
    assert blueprint.acceptance == (accepted,)
    assert blueprint.change_set_json is None and not blueprint.problems


# -- the block ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "line"),
    [
        (BLOCK, 1),
        (f"Text.\n\n{BLOCK}\n\nMore.", 3),
        (BLOCK.replace("```json cadence", "~~~~   JSON   Cadence  ").replace("```", "~~~~"), 1),
        (BLOCK.replace("```", "   ```", 1), 1),
        (f"<details><summary>x</summary>\n\ntext\n\n</details>\n\n{BLOCK}", 7),
        (f"<!-- <details> -->\n\n{BLOCK}", 3),
        (f"a `<details>` in code\n\n{BLOCK}", 3),
        (f"an <!-- that opens nothing\n\n{BLOCK}", 3),
        ('```json cadence\n{"message": "m"}', 1),
    ],
)
def test_a_visible_top_level_block_counts(body: str, line: int) -> None:
    blueprint = read_blueprint("T", body)
    assert blueprint.change_set_json is not None
    assert (blueprint.change_set_json.strip(), blueprint.change_set_line) == ('{"message": "m"}', line)
    assert "message" not in blueprint.text and not blueprint.problems


@pytest.mark.parametrize(
    "body",
    [
        BLOCK.replace("json cadence", "json"),
        BLOCK.replace("json cadence", "cadence json"),
        BLOCK.replace("json cadence", "json cadence extra"),
        "\n".join(f"> {line}" for line in BLOCK.split("\n")),
        "- item\n\n" + "\n".join(f"  {line}" for line in BLOCK.split("\n")),
        "\n".join(f"    {line}" for line in BLOCK.split("\n")),
        f"<!--\n{BLOCK}\n-->",
        f"<!-- open\n\n{BLOCK}",
        f"<div><!--\n\n{BLOCK}\n\n-->\n",
        f"<p><!-- x\n</p>\n\nshown?\n\n{BLOCK}",
        f"````md\n{BLOCK}\n````",
        f"<div>\n{BLOCK}\n</div>",
        f"<details><summary>x</summary>\n\n{BLOCK}\n\n</details>",
        f"see <details> here\n\n{BLOCK}",
    ],
)
def test_a_hidden_or_nested_block_does_not(body: str) -> None:
    assert read_blueprint("T", body).change_set_json is None


def test_two_blocks_are_a_problem_that_names_their_lines() -> None:
    blueprint = read_blueprint("T", f"{BLOCK}\n\n{BLOCK}")
    assert blueprint.change_set_json is None
    assert "2 `json cadence` blocks (lines 1, 5)" in blueprint.problems[0]
