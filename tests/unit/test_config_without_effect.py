"""Entries of `.github/cadence.yml` that would be valid and do nothing, or do harm: each works, or is a mistake."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.guards.protected import protected_path
from bot.config.load import load_config
from bot.config.model import RepoConfig
from bot.config.schema import DESCRIPTIONS
from bot.config.semantics import WITHOUT_EFFECT
from bot.config.template import template_faults
from bot.core.errors import ConfigInvalid
from bot.core.globs import glob_fault, matches
from bot.gate.config_tests import report_on
from bot.gate.config_tests_text import config_output
from bot.llm.model_settings import ModelSettings
from bot.settings import Settings


def protects(pattern: str, path: str) -> bool:
    """Whether the glob protects the path; raises ConfigInvalid where it is a mistake of the file."""
    quoted = pattern.replace("'", "''")
    config = load_config(f"version: 1\nplan:\n  protected: ['{quoted}']\n")
    return protected_path(path, GuardConfig.from_repo(config)) is not None


def mistake(text: str) -> str:
    with pytest.raises(ConfigInvalid) as caught:
        load_config(text)
    return caught.value.details[0]


@pytest.mark.parametrize(
    "pattern",
    [
        "docs/**", "docs/", "docs", "/docs", "/docs/", "./docs/**", "././docs", ".//docs", "{docs,src}/**",
        "{docs,src}", "*.md", "guide.md", "guide.*", "**/guide.md", "docs*", "d*", "[d]ocs", "docs/[g]uide.md",
        "DOCS", " docs ",
        "{src,{lib,docs}}/*", "docs/guide.{md,rst}", "docs/***", "**docs**", "docs/*", "d?cs/",
    ],
)  # fmt: skip
def test_a_glob_protects_what_people_mean(pattern: str) -> None:
    assert protects(pattern, "docs/guide.md")
    assert not protects(pattern, "lib/a.py") or pattern.startswith("{")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("docs", "src/docs/a.md"),
        ("*.lock", "a/b/poetry.lock"),
        ("app/[slug]/page.tsx", "app/[slug]/page.tsx"),
        ("app/[...all]", "app/[...all]/page.tsx"),
        ("{{cookiecutter.name}}", "{{cookiecutter.name}}/setup.py"),
        ("cafe\u0301/**", "caf\u00e9/menu.md"),
        ("My Docs/**", "My Docs/a.md"),
    ],
)
def test_names_that_look_like_globs_and_globs_without_a_folder(pattern: str, path: str) -> None:
    assert protects(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path"), [("/docs", "src/docs/a.md"), ("docs/*.md", "docs/a/b.md"), ("doc", "docs/a")]
)
def test_a_glob_protects_no_more_than_it_says(pattern: str, path: str) -> None:
    assert not protects(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (r"docs\**", "separated with `/`"),
        (r"docs\guide.md", "separated with `/`"),
        ("!src/**", "cannot exclude"),
        ("", "matches nothing"),
        ("   ", "matches nothing"),
        ("/", "matches nothing"),
        (".", "matches nothing"),
        ("./", "matches nothing"),
        ("..", "matches nothing"),
        ("../docs/**", "repository's root"),
        ("docs/../src/**", "repository's root"),
        ("docs/./guide.md", "repository's root"),
        ("docs//guide.md", "repository's root"),
        ("~/docs/**", "as it is in the repository"),
        ("C:/docs/**", "as it is in the repository"),
        ("https://github.com/o/r/docs", "as it is in the repository"),
        ("docs/** src/**", "one entry for each"),
        ("docs/**, src/**", "one entry for each"),
        ("docs/*, *.md", "one entry for each"),
        ("docs /**", "blank"),
        ("docs/ guide.md", "blank"),
        (".git/config", "git's own folder"),
        ("^docs/.*$", "regular expression"),
        ("{docs,src/**", "brace is not closed"),
        ("[z-a]", "not a glob"),
        ("{" + ",".join(map(str, range(200))) + "}", "not a glob"),
    ],
)
@pytest.mark.parametrize(
    "key",
    ["plan: {{protected: [{}]}}", "plan: {{context_docs: [{}]}}", "review: {{unreviewable: {{allow: [{}]}}}}"],
)
def test_a_glob_that_matches_nothing_is_a_mistake(pattern: str, told: str, key: str) -> None:
    said = mistake("version: 1\n" + key.format(f'"{pattern}"'.replace("\\", "\\\\")))
    assert said.startswith("line 2, column ") and told in said


def test_a_glob_with_a_line_end_is_a_mistake() -> None:
    assert "one entry for each" in mistake("plan:\n  protected:\n    - |\n      docs/**\n      src/**\n")
    assert not glob_fault("docs/**\n")


def test_a_rule_that_looks_at_nothing_is_a_mistake() -> None:
    rule = "review:\n  rules:\n    - {{id: a, type: forbid, pattern: x, paths: ['{}']}}\n"
    assert "review.rules.0.paths.0" in mistake(rule.format("!src/**"))
    assert matches("src", "src/a.py") and load_config(rule.format("src"))


def test_a_rule_that_requires_nothing_is_a_mistake() -> None:
    text = "review:\n  rules:\n    - {id: a, type: require, pattern: 'x*', paths: [README.md]}\n"
    assert "requires nothing" in mistake(text)


@pytest.mark.parametrize("key", ["expect", "allow_skipped"])
@pytest.mark.parametrize(
    "name",
    ["nightly (*)", "test (*)", "*", "test-?.x", "test (3.1?)", "${{ matrix.os }}", "", " ", " lint", "lint ", "a\\nb",
     "^test.*$"],
)  # fmt: skip
def test_a_name_that_no_check_has_is_a_mistake(key: str, name: str) -> None:
    said = mistake(f'ci:\n  {key}: ["{name}"]\n')
    assert said.startswith("line 2, column ") and "GitHub shows" in said


@pytest.mark.parametrize("name", ["test (3.12)", "Ready to merge?", "CI / build (push)", "build [linux]", "e2e: a, b"])
def test_names_that_checks_have_are_allowed(name: str) -> None:
    assert load_config(f'ci: {{allow_skipped: ["{name}"]}}\n').ci.allow_skipped == (name,)


@pytest.mark.parametrize(
    "base", ["refs/heads/main", "origin/main", "release/*", "a b", "a..b", "-x", "a~1", "", "x.lock"]
)
def test_a_base_that_is_no_branch_is_a_mistake(base: str) -> None:
    assert "plan.base" in mistake(f'plan: {{base: "{base}"}}\n')


@pytest.mark.parametrize("base", ["main", "release/1.x", "feature/a-b_c", "ünïcode", "v1.2"])
def test_branches_are_allowed(base: str) -> None:
    assert load_config(f'plan: {{base: "{base}"}}\n').plan.base == base


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("[skip ci] {summary} (#{issue})", "makes CI skip"),
        ("{summary} [ci skip]", "makes CI skip"),
        ("{summary} [No CI]", "makes CI skip"),
        ("{summary} [skip  actions]", "makes CI skip"),
        ("{summary} ***NO_CI***", "makes CI skip"),
        ("{summary} [skip travis]", "makes CI skip"),
        ("[{summary}]", "with some summaries"),
        ("[skip {summary}] x", "makes CI skip"),
        ("{summary}\\n\\nskip-checks: true", "makes CI skip"),
        ("{summary}\\n\\nSigned-off-by: Robot <robot@example.org>", "one line"),
        ("Signed-off-by: {summary}", "trailer"),
        ("Co-authored-by: x {summary}", "trailer"),
        ("Cadence-Run: {summary}", "trailer"),
        ("Tested-by: {summary}", "trailer"),
        ("Fixes #{issue}: {summary}", "closing keyword"),
        ("{summary}, closes GH-{issue}", "closing keyword"),
        ("{summary} resolves o/r#{issue}", "closing keyword"),
        ("{summary} cc @octocat", "mentions a person"),
        ("@org/team: {summary}", "mentions a person"),
        ("{summary} {title}", "{title}"),
        ("{summary}\\n\\n{plan}", "one line"),
        ("{summary} \\u200b", "invisible"),
        ("{summary}" + "x" * 200, "longer than"),
    ],
)
def test_a_template_that_acts_is_a_mistake(template: str, told: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load_config(f'version: 1\ncommit:\n  template: "{template}"\n')
    assert any(told in one for one in caught.value.details), caught.value.details
    assert all(one.startswith("line 3, column 3: commit.template: ") for one in caught.value.details)


@pytest.mark.parametrize(
    "template",
    ["[Cadence] {summary} (#{issue})", "feat: {summary}", "{summary}", "[ci] {summary} #{issue}", "fix: {summary}",
     "chore(deps): {summary} [{issue}]", "{summary} (#{issue})\n"],
)  # fmt: skip
def test_templates_that_only_name_the_change_are_allowed(template: str) -> None:
    assert list(template_faults(template)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("paused: yes", "write true, without quotes"),
        ("paused: off", "write false, without quotes"),
        ("paused: 'true'", "write true, without quotes"),
        ("paused: 0", "write false, without quotes"),
        ("paused: maybe", "write true or false"),
        ("trigger: {label: ''}", "it is empty: write a name, or leave the key out"),
        ("trigger: {label: ' blueprint'}", 'write it on one line without blanks around it: "blueprint"'),
        ("trigger: {label: 5}", 'write "5" in quotes'),
        ("trigger: {label: }", "it is empty: write a value, or leave the key out"),
        ("ci: {settle: '30'}", "write 30 without quotes"),
        ("ci: {expect: tests}", 'write a list: ["tests"]'),
        ("ci:", "it is empty: write a value, or leave the key out"),
    ],
)
def test_a_value_of_the_wrong_kind_says_what_to_write(text: str, told: str) -> None:
    assert told in mistake(text)


BOT = Path(__file__).resolve().parents[2] / "bot"
SETTINGS_WITHOUT_EFFECT = {"public_url", "web_token"}


def attributes(*without: str) -> set[str]:
    """Every attribute that the product reads, outside the files that only declare and check it."""
    found: set[str] = set()
    for path in BOT.rglob("*.py"):
        if not str(path.relative_to(BOT)).startswith(without):
            found |= {
                node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)
            }
    return found


def test_a_key_that_nothing_reads_says_so() -> None:
    read = attributes("config/", "sandbox/")
    for section, field in RepoConfig.model_fields.items():
        part = field.annotation
        keys = part.model_fields if isinstance(part, type) and issubclass(part, BaseModel) else {}
        unread = [f"{section}.{key}" for key in keys if section in WITHOUT_EFFECT or key not in read]
        assert unread == ([f"{section}.{key}" for key in keys] if section in WITHOUT_EFFECT else [])
        silent = [key for key in unread if not DESCRIPTIONS[key].startswith("Has no effect yet. ")]
        assert not silent and (section in keys or section in read or section in WITHOUT_EFFECT), section
    for section in WITHOUT_EFFECT:
        assert DESCRIPTIONS[section].startswith("Has no effect yet. ")


def test_a_setting_that_nothing_reads_says_so() -> None:
    # What the settings of models are named follows from the role: `model_settings.py` reads them by such a name.
    read = attributes("sandbox/") | {"github_url"} | set(ModelSettings.model_fields)
    example = (BOT.parent / "deploy" / "example.env").read_text("utf-8").splitlines()
    assert {name for name in Settings.model_fields if name not in read} == SETTINGS_WITHOUT_EFFECT
    for name in SETTINGS_WITHOUT_EFFECT:
        line = example.index(f"CADENCE_{name.upper()}=")
        assert example[line - 1].endswith("Has no effect yet."), name


def test_the_check_of_a_file_notes_what_has_no_effect() -> None:
    report = report_on(b"version: 1\nbacklog: {daily: 2}\nrepair:\n  max_attempts: 1\n")
    assert report.valid and not report.faults and [note.line for note in report.notes] == [3, 2]
    assert all("has no effect yet" in note.text for note in report.notes)
    assert "no effect yet" in config_output(report).summary
    assert not report_on(b"plan: {approval: required}\n").notes
