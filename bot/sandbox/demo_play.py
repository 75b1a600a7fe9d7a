"""What a demo will play, decided before it starts: which repository, which blueprints, who answers for the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.answers import MAX_BODY
from bot.sandbox.bare import Bare, GitError
from bot.sandbox.ci_command import guess_command
from bot.sandbox.demo_set import Answers, Subject
from bot.sandbox.sample_repository import SAMPLE_NAME, SAMPLE_TEST_COMMAND, sample_files, split_blueprint
from bot.sandbox.script import Rule
from bot.sandbox.story import generic_rules, stories
from bot.sandbox.story_parts import Story

_CHANGESET_BLOCK = re.compile(r"^(?:`{3,}|~{3,})[ \t]*json[ \t]+cadence[ \t]*$", re.MULTILINE)

NO_MODEL = (
    "No OPENAI_API_KEY is set and the blueprint carries no ChangeSet, so nobody can plan it. "
    "Set OPENAI_API_KEY (and OPENAI_BASE_URL for another server), or put a fenced `json cadence` block into the "
    "blueprint."
)
RECORDED_ONLY = (
    "No OPENAI_API_KEY is set: the ChangeSet is the blueprint's own, and both reviews are recorded answers, "
    "not a judgement."
)
SCRIPTED_ONLY = "No OPENAI_API_KEY is set: plans and reviews are recorded answers of a script; everything else is real."


class WrongUse(Exception):
    """The options do not describe a demo; the text says what to change."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What `cadence demo` is told. `timeout` is in seconds for one story; `keep` is a directory to leave behind."""

    repo: Path | None = None
    blueprint: Path | None = None
    test_command: str | None = None
    stay: bool = False
    plain: bool = False
    timeout: float = 120.0
    keep: Path | None = None


@dataclass(frozen=True)
class Play:
    """Everything decided. `notice` tells the spectator who answers for the model."""

    subject: Subject
    answers: Answers
    stories: tuple[Story, ...]
    rules: tuple[Rule, ...]
    notice: str
    sample: bool


def choose_play(options: DemoOptions, *, key: bool) -> Play:
    """The play for those options; `key` says whether a real model can be asked. Raises WrongUse."""
    if (options.repo is None) != (options.blueprint is None):
        raise WrongUse("--repo and --blueprint belong together: a repository, and what is to change in it")
    if options.repo is not None and options.blueprint is not None:
        return _own_play(options, options.repo, options.blueprint, key=key)
    told = stories()
    subject = Subject(SAMPLE_NAME, options.test_command or SAMPLE_TEST_COMMAND, files=sample_files())
    if key:
        return Play(subject, Answers.REAL, told, (), "Plans and reviews come from the configured model.", sample=True)
    rules = tuple(rule for story in told for rule in story.rules)
    return Play(subject, Answers.SCRIPTED, told, rules, SCRIPTED_ONLY, sample=True)


def _own_play(options: DemoOptions, repo: Path, blueprint: Path, *, key: bool) -> Play:
    try:
        title, body = split_blueprint(blueprint.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise WrongUse(f"--blueprint {blueprint} cannot be read: {error}") from error
    if len(body) > MAX_BODY:
        raise WrongUse(f"--blueprint {blueprint} has {len(body):,} characters; GitHub takes {MAX_BODY:,} in an issue")
    subject = Subject(_name(repo), options.test_command or _guess(repo), source=repo.resolve())
    story = Story(name="yours", headline="your blueprint on your repository", title=title, body=body)
    if key:
        notice = "Plans and reviews come from the configured model."
        return Play(subject, Answers.REAL, (story,), (), notice, sample=False)
    if _CHANGESET_BLOCK.search(body):
        return Play(subject, Answers.RECORDED, (story,), generic_rules(), RECORDED_ONLY, sample=False)
    return Play(subject, Answers.NONE, (story,), (), NO_MODEL, sample=False)


def _name(repo: Path) -> str:
    return re.sub(r"[^\w.-]+", "-", repo.resolve().name.removesuffix(".git")).strip(".-") or "repository"


def _guess(repo: Path) -> str:
    git = Bare(repo)
    try:
        paths = git.text("ls-tree", "-r", "--name-only", "HEAD").splitlines()
    except (GitError, OSError) as error:
        raise WrongUse(f"--repo {repo} is no git repository with a commit: {error}") from error

    def read(path: str) -> str | None:
        raw = git.read("HEAD", path)
        return None if raw is None else raw.decode("utf-8", "replace")

    command = guess_command(paths, read)
    if command is None:
        raise WrongUse(f"no test command can be guessed from the files of {repo}: name one with --test-command")
    return command


def model_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that say which real model to ask."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(("OPENAI_", "CADENCE_MODEL")) and value.strip()
    }


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would configure another Cadence, or hand it somebody's keys."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("CADENCE_", "OPENAI_", "GIT_", "GITHUB_"))
    }
