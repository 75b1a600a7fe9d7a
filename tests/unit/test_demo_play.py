"""What a demo decides to play, and what it lets out of the environment."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

from bot.core.errors import WrongUse
from bot.sandbox.demo.embedded import AnswerSource
from bot.sandbox.demo.options import DemoOptions, DemoPlan, choose_plan
from bot.sandbox.demo.surroundings import model_settings, with_env_file, without_settings

BLOCK = '# Greet\n\n```json cadence\n{"message": "m", "edits": []}\n```\n'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "my repo"
    folder.mkdir()
    (folder / "test_a.py").write_text("import unittest\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def chosen(options: DemoOptions, *, key: bool) -> DemoPlan:
    with tempfile.TemporaryDirectory() as folder:
        return choose_plan(options, Path(folder), key=key, say=lambda _: None)


def written(tmp_path: Path, text: str, name: str = "blueprint.md") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_without_a_key_every_story_is_scripted_and_says_so() -> None:
    play = chosen(DemoOptions(), key=False)
    assert (play.answers, play.sample, len(play.stories)) == (AnswerSource.SCRIPTED, True, 3)
    assert play.rules
    assert "recorded answers" in play.notice


def test_with_a_key_the_model_is_asked_and_no_script_exists() -> None:
    play = chosen(DemoOptions(), key=True)
    assert (play.answers, play.rules, len(play.stories)) == (AnswerSource.REAL, (), 3)


def test_an_own_change_set_needs_no_planner(repo: Path, tmp_path: Path) -> None:
    play = chosen(DemoOptions(repo=str(repo), blueprint=written(tmp_path, BLOCK)), key=False)
    assert play.answers is AnswerSource.RECORDED
    assert "not a real review" in play.notice
    assert play.subject.name == "my-repo"
    assert play.subject.test_command == "python -m unittest discover"
    assert (play.stories[0].title, play.sample) == ("Greet", False)


def test_without_key_and_change_set_there_is_no_demo_and_the_message_says_what_would_help(
    repo: Path, tmp_path: Path
) -> None:
    with pytest.raises(WrongUse, match=r"no plan can be made.*OPENAI_API_KEY.*`json cadence` block"):
        chosen(DemoOptions(repo=str(repo), blueprint=written(tmp_path, "# Greet\n\n`json cadence`\n")), key=False)


def test_a_key_answers_for_any_repository(repo: Path, tmp_path: Path) -> None:
    options = DemoOptions(repo=str(repo), blueprint=written(tmp_path, "Greet"), test_command="true")
    play = chosen(options, key=True)
    assert (play.answers, play.subject.test_command) == (AnswerSource.REAL, "true")


def test_options_that_describe_no_demo(repo: Path, tmp_path: Path) -> None:
    blueprint = written(tmp_path, "Greet")
    wrong = {
        "belong together": DemoOptions(repo=str(repo)),
        "repository, and what": DemoOptions(blueprint=blueprint),
        "none.md cannot be read: No such file or directory": DemoOptions(
            repo=str(repo), blueprint=tmp_path / "none.md"
        ),
        "x.patch cannot be written": DemoOptions(
            repo=str(repo), blueprint=written(tmp_path, BLOCK, "block.md"), patch=tmp_path / "none" / "x.patch"
        ),
        "GitHub takes 65,536": DemoOptions(
            repo=str(repo), blueprint=written(tmp_path, "Long\n\n" + "x" * 66_000, "long.md")
        ),
        "does not exist": DemoOptions(repo=str(tmp_path / "my repo" / "none"), blueprint=blueprint),
        "--patch needs --repo": DemoOptions(patch=tmp_path / "x.patch"),
    }
    for words, options in wrong.items():
        with pytest.raises(WrongUse, match=words):
            chosen(options, key=False)
    git(repo, "mv", "test_a.py", "a.py")
    git(repo, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "no tests")
    with pytest.raises(WrongUse, match="--test-command"):
        chosen(DemoOptions(repo=str(repo), blueprint=blueprint), key=False)


def test_settings_of_another_cadence_stay_outside() -> None:
    environment = {
        "PATH": "/bin",
        "CADENCE_APP_ID": "1",
        "CADENCE_MODEL_PLAN": "m",
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": " ",
        "GITHUB_TOKEN": "t",
        "GIT_DIR": "/x",
    }
    assert without_settings(environment) == {"PATH": "/bin"}
    assert model_settings(environment) == {"CADENCE_MODEL_PLAN": "m", "OPENAI_API_KEY": "k"}


def test_the_env_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=from-file\nCADENCE_MODEL=file-model\n")
    found = with_env_file({"CADENCE_MODEL": "mine"}, tmp_path / ".env")
    assert found == {"OPENAI_API_KEY": "from-file", "CADENCE_MODEL": "mine"}


def test_a_monorepo_asks_which_project(repo: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (repo / name).mkdir()
        (repo / name / "go.mod").write_text("module x\n")
    git(repo, "rm", "--quiet", "test_a.py")
    git(repo, "add", ".")
    git(repo, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "two projects")
    blueprint = written(tmp_path, "Greet")
    with pytest.raises(WrongUse, match=r"2 projects with tests.*one: go test"):
        chosen(DemoOptions(repo=str(repo), blueprint=blueprint), key=True)
    inside = chosen(DemoOptions(repo=str(repo / "two"), blueprint=blueprint), key=True)
    assert (inside.subject.folder, inside.subject.test_command) == ("two", "go test ./...")
