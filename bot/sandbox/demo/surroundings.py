"""What the demo and the sandbox take from this machine: a directory, the environment, `.env`, and no secrets."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

import bot
from bot.core.clock import Clock
from bot.core.errors import WrongUse
from bot.sandbox.ci.command import outside_search_path


@dataclass(frozen=True)
class Surroundings:
    """What is taken from outside: a directory for all data, the clock and the environment.

    `environment` has no CADENCE_* and OPENAI_* variable; `search_path` is the PATH of CI's commands; `model` holds the
    variables of the real model.
    """

    directory: Path
    clock: Clock
    environment: Mapping[str, str]
    search_path: str
    model: Mapping[str, str]


def data_directory(keep: Path | None, stack: ExitStack) -> Path:
    """The directory for all data: `keep`, made where it is missing, or one that is deleted with the stack.

    Raises WrongUse where `keep` holds the data of an earlier demo: its runs name issues and comments that the embedded
    GitHub, which begins empty, does not have, so they would neither go on nor end.
    """
    if keep is not None:
        if any((keep / name).exists() for name in ("cadence", "github")):
            raise WrongUse(
                f"--keep {keep} holds the data of an earlier demo.", remedy="Name another directory, or delete it."
            )
        keep.mkdir(parents=True, exist_ok=True)
        return keep.resolve()
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cadence-demo-", ignore_cleanup_errors=True)))


def surroundings(directory: Path, clock: Clock, environment: Mapping[str, str]) -> Surroundings:
    """The environment divided: what every child gets, what only Cadence gets, and the PATH of CI's commands."""
    # `cadence serve` runs in its data directory, so a package that is not installed has to be found by its path.
    package = str(Path(bot.__file__).resolve().parent.parent)
    child = without_settings(environment)
    child["PYTHONPATH"] = os.pathsep.join(part for part in (package, child.get("PYTHONPATH", "")) if part)
    search_path = outside_search_path(environment.get("PATH", os.defpath), directory / "bin")
    return Surroundings(directory, clock, child, search_path, model_settings(environment))


def with_env_file(environment: Mapping[str, str], dotenv: Path = Path(".env")) -> dict[str, str]:
    """The environment over the `.env` file of the current folder, as `cadence serve` reads it."""
    filed = dotenv_values(dotenv) if dotenv.is_file() else {}
    return {**{name: value for name, value in filed.items() if value is not None}, **environment}


def model_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that say which real model to ask."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(("OPENAI_", "CADENCE_MODEL")) and value.strip()
    }


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would configure another Cadence, or give it a person's keys."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("CADENCE_", "OPENAI_", "GIT_", "GITHUB_"))
    }
