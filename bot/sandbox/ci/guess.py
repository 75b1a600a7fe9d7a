"""How a repository's tests are most likely run: the folder, what prepares an environment, and the test command.

The guess is shown before anything runs, and `--test-command` and `--setup-command` replace it.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass

Read = Callable[[str], str | None]

_MAKE_TEST = re.compile(r"^test\s*:(?!=)", re.MULTILINE)
_PYTHON_TEST = re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.py$")
_VENV = 'python3 -m venv "$HOME/venv" && "$HOME/venv/bin/python" -m pip install --quiet'
"""The CI puts `$HOME/venv/bin` first on the PATH of the test command; `$HOME` is new for every run."""
_MANIFESTS = frozenset(
    {
        "pyproject.toml", "setup.py", "setup.cfg", "package.json", "go.mod", "Cargo.toml", "pom.xml", "build.gradle",
        "build.gradle.kts", "tox.ini", "noxfile.py", "Makefile",
    }
)  # fmt: skip
_EXTRAS = ("test", "tests", "testing", "dev")
_REQUIREMENTS = ("requirements-dev.txt", "requirements-test.txt", "requirements_dev.txt", "requirements_test.txt",
                 "dev-requirements.txt", "test-requirements.txt", "requirements/test.txt", "requirements/tests.txt",
                 "requirements/dev.txt", "requirements.txt")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guess:
    """`folder` is relative to the repository's root (`` is the root); `setup` is empty where nothing is needed."""

    test: str
    setup: str = ""
    folder: str = ""


def guess_commands(paths: Collection[str], read: Read, folder: str = "") -> list[Guess]:
    """The guess for a folder; where it has none, one guess for each subproject directly or two levels below.

    `paths` are the repository's files, `read` gives a file's text or None.
    """
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    here = [path.removeprefix(prefix) for path in paths if path.startswith(prefix)]
    own = _guess(here, lambda name: read(prefix + name))
    if own is not None and any("/" not in path for path in here if path.rpartition("/")[2] in _MANIFESTS):
        return [Guess(own.test, own.setup, prefix.rstrip("/"))]
    manifests = [path for path in here if path.rpartition("/")[2] in _MANIFESTS and 1 <= path.count("/") <= 2]
    found = []
    for name in sorted({path.rpartition("/")[0] for path in manifests}):
        inside = [path.removeprefix(f"{name}/") for path in here if path.startswith(f"{name}/")]
        guess = _guess(inside, lambda path, name=name: read(f"{prefix}{name}/{path}"))  # type: ignore[misc]
        if guess is not None:
            found.append(Guess(guess.test, guess.setup, prefix + name))
    if not found and own is not None:
        return [Guess(own.test, own.setup, prefix.rstrip("/"))]
    return found


def _guess(paths: Collection[str], read: Read) -> Guess | None:
    if _MAKE_TEST.search(read("Makefile") or ""):
        return Guess("make test")
    return _node(paths, read) or _compiled(paths) or _python(paths, read)


def _node(paths: Collection[str], read: Read) -> Guess | None:
    try:
        loaded = json.loads(read("package.json") or "{}")
    except (ValueError, RecursionError):
        return None
    scripts = loaded.get("scripts") if isinstance(loaded, dict) else None
    if not isinstance(scripts, dict) or "test" not in scripts:
        return None
    needs = any(loaded.get(key) for key in ("dependencies", "devDependencies", "workspaces"))
    if "pnpm-lock.yaml" in paths:
        return Guess("npx --yes pnpm test", "npx --yes pnpm install --frozen-lockfile")
    if "yarn.lock" in paths:
        return Guess("npx --yes yarn test", "npx --yes yarn install")
    if "package-lock.json" in paths:
        return Guess("npm test", "npm ci --no-audit --no-fund")
    return Guess("npm test", "npm install --no-audit --no-fund" if needs else "")


def _compiled(paths: Collection[str]) -> Guess | None:
    if "go.mod" in paths:
        return Guess("go test ./...")
    if "Cargo.toml" in paths:
        return Guess("cargo test")
    if "pom.xml" in paths:
        return Guess("sh ./mvnw -q -B test" if "mvnw" in paths else "mvn -q -B test")
    if "build.gradle" in paths or "build.gradle.kts" in paths:
        return Guess("sh ./gradlew test" if "gradlew" in paths else "gradle test")
    return None


def _python(paths: Collection[str], read: Read) -> Guess | None:
    tests = [path for path in paths if _PYTHON_TEST.search(path)]
    if tests and _wants_pytest(paths, tests, read):
        return Guess("python -m pytest -q", f"{_VENV} pytest{_requirements(paths, read)}")
    if "noxfile.py" in paths and not tests:
        return Guess("nox", f"{_VENV} nox")
    if ("tox.ini" in paths or "[tool.tox" in (read("pyproject.toml") or "")) and not tests:
        return Guess("tox", f"{_VENV} tox")
    if not tests:
        return None
    needed = _requirements(paths, read)
    return Guess("python -m unittest discover", f"{_VENV}{needed}" if needed else "")


def _requirements(paths: Collection[str], read: Read) -> str:
    """What pip installs besides pytest: the project itself with its test extras, and its requirements file."""
    try:
        project = tomllib.loads(read("pyproject.toml") or "")
    except (tomllib.TOMLDecodeError, RecursionError):
        project = {}
    table = project.get("project")
    extras = table.get("optional-dependencies") if isinstance(table, dict) else None
    named = [name for name in _EXTRAS if isinstance(extras, dict) and name in extras][:1]
    words = []
    if "setup.py" in paths or isinstance(table, dict) or "build-system" in project:
        words.append(f"--editable '.[{named[0]}]'" if named else "--editable .")
    listed = next((name for name in _REQUIREMENTS if name in paths), None)
    if listed is not None and not named:
        words.append(f"--requirement {listed}")
    return "".join(f" {word}" for word in words)


def _wants_pytest(paths: Collection[str], tests: Collection[str], read: Read) -> bool:
    if any(path.rsplit("/", 1)[-1] in ("conftest.py", "pytest.ini") for path in paths):
        return True
    if "[tool.pytest" in (read("pyproject.toml") or "") or "[tool:pytest]" in (read("setup.cfg") or ""):
        return True
    texts = [read(path) or "" for path in sorted(tests)[:20]]
    return any("import pytest" in text for text in texts) or not any("unittest" in text for text in texts)
