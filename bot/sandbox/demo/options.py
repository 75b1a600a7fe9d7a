"""What a demo will do, decided before it starts: which repository, which blueprints, who answers for the model."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bot.core.errors import WrongUse
from bot.sandbox.ci.guess import Guess, guess_commands
from bot.sandbox.demo.embedded import AnswerSource, Subject
from bot.sandbox.demo.sample_repository import SAMPLE_NAME, SAMPLE_TEST_COMMAND, sample_files, split_blueprint
from bot.sandbox.demo.source import Source, open_source
from bot.sandbox.demo.stories import generic_rules, stories
from bot.sandbox.demo.story_parts import Story
from bot.sandbox.github.answers import MAX_BODY
from bot.sandbox.github.bare import Bare
from bot.sandbox.model.script import Rule

_CHANGESET_BLOCK = re.compile(r"^(?:`{3,}|~{3,})[ \t]*json[ \t]+cadence[ \t]*$", re.MULTILINE)

RECORDED_ONLY = (
    "No OPENAI_API_KEY is set: the ChangeSet is the blueprint's own, and both reviews are recorded answers, "
    "not a real review."
)
SCRIPTED_ONLY = "No OPENAI_API_KEY is set: plans and reviews are recorded answers of a script; everything else is real."


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The options of `cadence demo`. `timeout` is in seconds for one story; `keep` is a directory to leave behind."""

    repo: str | None = None
    blueprint: Path | None = None
    test_command: str | None = None
    setup_command: str | None = None
    patch: Path | None = None
    stay: bool = False
    plain: bool = False
    timeout: float = 120.0
    keep: Path | None = None


@dataclass(frozen=True)
class DemoPlan:
    """Everything decided. `notice` says who answers for the model."""

    subject: Subject
    answers: AnswerSource
    stories: tuple[Story, ...]
    rules: tuple[Rule, ...]
    notice: str
    sample: bool
    source: Source | None = None


def choose_plan(options: DemoOptions, directory: Path, *, key: bool, say: Callable[[str], None] = print) -> DemoPlan:
    """The plan for those options; `key` says whether a real model can be asked. Raises WrongUse."""
    if (options.repo is None) != (options.blueprint is None):
        raise WrongUse("--repo and --blueprint belong together: a repository, and what is to change in it.")
    if options.repo is None and options.patch is not None:
        raise WrongUse("--patch needs --repo: it writes what the demo made of your repository.")
    if options.repo is not None and options.blueprint is not None:
        return _own_plan(options, open_source(options.repo, directory, say), options.blueprint, key=key)
    every = stories()
    subject = Subject(SAMPLE_NAME, options.test_command or SAMPLE_TEST_COMMAND, files=sample_files())
    if key:
        return DemoPlan(
            subject, AnswerSource.REAL, every, (), "Plans and reviews come from the configured model.", sample=True
        )
    rules = tuple(rule for story in every for rule in story.rules)
    return DemoPlan(subject, AnswerSource.SCRIPTED, every, rules, SCRIPTED_ONLY, sample=True)


def _own_plan(options: DemoOptions, source: Source, blueprint: Path, *, key: bool) -> DemoPlan:
    try:
        title, body = split_blueprint(blueprint.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else error
        raise WrongUse(f"--blueprint {blueprint} cannot be read: {cause}.") from error
    if len(body) > MAX_BODY:
        raise WrongUse(f"--blueprint {blueprint} has {len(body):,} characters; GitHub takes {MAX_BODY:,} in an issue.")
    patch = options.patch
    # Before the work: where the result cannot be written at the end, it is lost.
    if patch is not None and (patch.is_dir() or not os.access(patch.absolute().parent, os.W_OK)):
        raise WrongUse(f"--patch {patch} cannot be written.", remedy="Name a file in a folder that exists.")
    ci = _commands(options, source)
    subject = Subject(source.name, ci.test, source=source.copy, setup_command=ci.setup, folder=ci.folder)
    story = Story(name="yours", headline="your blueprint on your repository", title=title, body=body)

    def plan(answers: AnswerSource, notice: str, rules: tuple[Rule, ...] = ()) -> DemoPlan:
        return DemoPlan(subject, answers, (story,), rules, notice, sample=False, source=source)

    if key:
        return plan(AnswerSource.REAL, "Plans and reviews come from the configured model.")
    if _CHANGESET_BLOCK.search(body):
        return plan(AnswerSource.RECORDED, RECORDED_ONLY, generic_rules())
    raise WrongUse(
        "no OPENAI_API_KEY is set and the blueprint has no ChangeSet, so no plan can be made.",
        remedy="Set OPENAI_API_KEY (and OPENAI_BASE_URL for another server), or put a fenced `json cadence` block into "
        "the blueprint.",
    )


def _commands(options: DemoOptions, source: Source) -> Guess:
    """What CI runs: as the options say, else guessed from the files of the folder that was named."""
    if options.test_command is not None:
        return Guess(options.test_command, options.setup_command or "", source.folder)
    git = Bare(source.copy)
    paths = git.text("ls-tree", "-r", "-z", "--name-only", source.branch).split("\0")

    def read(path: str) -> str | None:
        raw = git.read(source.branch, path)
        return None if raw is None else raw.decode("utf-8", "replace")

    found = guess_commands(paths, read, source.folder)
    if not found:
        raise WrongUse(
            "No test command can be guessed from the repository's files.",
            remedy="Name one with --test-command, and what prepares for it with --setup-command.",
        )
    if len(found) > 1:
        named = "; ".join(f"{one.folder}: {one.test}" for one in found[:8])
        raise WrongUse(
            f"The repository holds {len(found)} projects with tests ({named}).",
            remedy="Name the folder of one of them with --repo, or say with --test-command what CI should run.",
        )
    return replace(found[0], setup=found[0].setup if options.setup_command is None else options.setup_command)
