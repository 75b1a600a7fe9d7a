"""The demo's stories hold together: the scripted edits fit the sample repository, and its tests pass with them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.changeset.json_schemas import MODEL_SCHEMA_NAME, model_schema, schema_findings
from bot.config.model import RepoConfig
from bot.sandbox.demo.sample_repository import sample_files, split_blueprint
from bot.sandbox.demo.stories import (
    GUIDANCE,
    IGNORE_CASE_PLAN,
    NOT_A_JUDGEMENT,
    QUICK_LINE,
    QUICK_PLAN,
    SLOW_FINDING,
    SLOW_LINE,
    SLOW_MODULE,
    SLOW_PLAN,
    generic_rules,
    stories,
)
from bot.sandbox.demo.story_parts import Story
from bot.sandbox.demo.story_repaired import GUTTED_PLAN, JSON_PLAN
from bot.sandbox.model.script import Asked

FILES = sample_files()


def applied(files: Mapping[str, str], plan: Mapping[str, Any]) -> dict[str, str]:
    """The files with the plan's edits, each replaced text standing there exactly once."""
    result = dict(files)
    for edit in plan["edits"]:
        path = edit["path"]
        if edit["mode"] == "add":
            assert path not in result
            result[path] = edit["after"]
            continue
        for replacement in edit["replace"]:
            assert result[path].count(replacement["old"]) == 1, (path, replacement["old"])
            result[path] = result[path].replace(replacement["old"], replacement["new"])
    return result


def write(files: Mapping[str, str], folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def run(folder: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", *arguments],
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def reply(story: Story, kind: str, text: str) -> str:
    asked = Asked(kind=kind, format="json_schema", tool="", model="m", messages=(("user", text),), body={})
    for rule in story.rules:
        if rule.matches(asked):
            made = rule.reply(asked) if callable(rule.reply) else rule.reply
            return made.content or ""
    raise AssertionError(f"no rule of {story.name!r} answers {kind!r}")


def test_the_sample_has_its_dotfiles_and_plain_python_names() -> None:
    assert {".github/cadence.yml", ".github/workflows/ci.yml", ".gitignore", "tally/cli.py"} <= set(FILES)
    assert not [path for path in FILES if path.endswith(".txt") or "dot-" in path or "__pycache__" in path]


def test_the_sample_configuration_is_valid_and_has_one_rule_of_each_type() -> None:
    from ruamel.yaml import YAML

    loaded = YAML(typ="safe").load(FILES[".github/cadence.yml"])
    for rule in loaded["review"]["rules"]:
        rule["paths"] = tuple(rule.get("paths", ())) or ("**",)
        if rule["type"] == "max_lines":
            del rule["paths"]
    loaded["review"]["rules"] = tuple(loaded["review"]["rules"])
    config = RepoConfig.model_validate(loaded)
    assert [rule.type for rule in config.review.rules] == ["forbid", "require", "max_lines"]


@pytest.mark.parametrize(
    "plans",
    [
        (),
        (IGNORE_CASE_PLAN,),
        (SLOW_PLAN,),
        (QUICK_PLAN,),
        (IGNORE_CASE_PLAN, SLOW_PLAN),
        (IGNORE_CASE_PLAN, QUICK_PLAN),
        (JSON_PLAN,),
        (IGNORE_CASE_PLAN, QUICK_PLAN, JSON_PLAN),
    ],
)
def test_the_sample_tests_pass_after_every_plan(tmp_path: Path, plans: tuple[dict[str, Any], ...]) -> None:
    files = dict(FILES)
    for plan in plans:
        files = applied(files, plan)
    write(files, tmp_path)
    told = run(tmp_path, "unittest", "discover")
    assert told.returncode == 0, told.stderr
    added = sum(1 if plan is JSON_PLAN else 2 for plan in plans)
    assert f"Ran {6 + added} tests" in told.stderr


def test_what_the_merged_sample_can_do(tmp_path: Path) -> None:
    write(applied(applied(FILES, IGNORE_CASE_PLAN), QUICK_PLAN), tmp_path)
    assert run(tmp_path, "tally", "--ignore-case", text="The the").stdout == "     2  the\n"
    assert run(tmp_path, "tally", "--unique", text="c a b a").stdout == "c\nb\n"


def test_the_plans_follow_the_schema_a_model_is_asked_for() -> None:
    for plan in (IGNORE_CASE_PLAN, SLOW_PLAN, QUICK_PLAN, JSON_PLAN, GUTTED_PLAN):
        assert schema_findings(plan, model_schema()) == ()
    assert "change_set" in MODEL_SCHEMA_NAME


def test_the_finding_points_at_the_slow_line() -> None:
    assert SLOW_MODULE.splitlines()[SLOW_FINDING["line"] - 1] + "\n" == SLOW_LINE


def test_the_second_story_turns_with_the_guidance_and_the_diff() -> None:
    merges, mended, _ = stories()
    text = f"# {mended.title}\n\n{mended.body}"
    assert SLOW_LINE.strip() in reply(mended, "change_set", text)
    assert QUICK_LINE.strip() in reply(mended, "change_set", f"{text}\n{GUIDANCE}")
    assert '"reject"' in reply(mended, "review_efficiency", f"{text}\n+{SLOW_LINE}")
    assert '"approve"' in reply(mended, "review_efficiency", f"{text}\n+{QUICK_LINE}")
    assert '"approve"' in reply(mended, "review_reasoning", f"{text}\n+{SLOW_LINE}")
    with pytest.raises(AssertionError, match="no rule"):
        reply(merges, "change_set", text)


def test_the_third_story_turns_with_the_code_of_the_refusal() -> None:
    repaired = stories()[2]
    text = f"# {repaired.title}\n\n{repaired.body}"
    assert "existing code unchanged" in reply(repaired, "change_set", text)
    assert "existing code unchanged" not in reply(repaired, "change_set", f"{text}\n{repaired.refused}")


def test_generic_answers_say_that_nobody_read_the_change() -> None:
    assert {rule.kind for rule in generic_rules()} == {"review_reasoning", "review_efficiency"}
    for rule in generic_rules():
        asked = Asked(kind=rule.kind or "", format="json_schema", tool="", model="m", messages=(), body={})
        assert callable(rule.reply)
        assert NOT_A_JUDGEMENT in (rule.reply(asked).content or "")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("# A title\n\nbody\n", ("A title", "body\n")),
        ("\n\nA title\nbody", ("A title", "body\n")),
        ("## Only a title", ("Only a title", "\n")),
    ],
)
def test_a_blueprint_file_begins_with_its_title(text: str, parts: tuple[str, str]) -> None:
    assert split_blueprint(text) == parts


@pytest.mark.parametrize("text", ["", "  \n \n", "#\n\nbody"])
def test_a_blueprint_without_a_title_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="title"):
        split_blueprint(text)
