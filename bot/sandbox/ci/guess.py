"""How a repository's tests are most likely run: the folder, what prepares an environment, and the test command.

The guess is shown before anything runs, and `--test-command` and `--setup-command` replace it.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

Read = Callable[[str], str | None]

_MAKE_TEST = re.compile(r"^test\s*:(?!=).*\n?((?:\t.*\n?)*)", re.MULTILINE)
"""The target `test` of a Makefile; the group is its recipe."""
_NEEDS_PYTHON = re.compile(r"^\t[@-]*(?:python3?|pytest|coverage|py\.test)\b", re.MULTILINE)
_PROJECT_TOOLS = re.compile(r"^\t[@-]*(?:uv|poetry|pdm|hatch|pipenv)\b", re.MULTILINE)
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
"""Usual names of what tests need: an extra, or a dependency group (https://peps.python.org/pep-0735/)."""
_REQUIREMENTS = (
    "requirements-dev.txt", "requirements-test.txt", "requirements-tests.txt", "requirements_dev.txt",
    "requirements_test.txt", "dev-requirements.txt", "test-requirements.txt", "test_requirements.txt",
    "requirements/test.txt", "requirements/tests.txt", "requirements/dev.txt", "requirements.txt",
)  # fmt: skip


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
    if "workspace" in _uv(_toml(read(f"{prefix}pyproject.toml"))):
        # The root of a uv workspace only holds the projects together: it cannot be installed by pip.
        own = None
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
    target = _MAKE_TEST.search(read("Makefile") or "")
    if target is not None:
        return _make(target[1], _python(paths, read))
    return _node(paths, read) or _compiled(paths) or _python(paths, read)


def _make(recipe: str, python: Guess | None) -> Guess:
    """`make test`, in the environment that a Python project's recipe expects to be active."""
    if python is None or not (_NEEDS_PYTHON.search(recipe) or _PROJECT_TOOLS.search(recipe)):
        return Guess("make test")
    # A recipe for uv, poetry and the like needs that tool and its own environment: the tests can be run without it.
    if _PROJECT_TOOLS.search(recipe):
        return python
    return Guess("make test", python.setup or f"{_VENV} pytest")


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
    """What pip installs besides pytest: the project with what its tests need, or else its requirements file."""
    pyproject = _toml(read("pyproject.toml"))
    table = pyproject.get("project")
    extras = table.get("optional-dependencies") if isinstance(table, dict) else None
    extra = next((name for name in _EXTRAS if isinstance(extras, dict) and name in extras), None)
    group = next((found for name in _EXTRAS if (found := _group(pyproject, name))), [])
    words = []
    installable = "setup.py" in paths or isinstance(table, dict) or "build-system" in pyproject
    if installable and _uv(pyproject).get("package") is not False:
        words.append(f"--editable '.[{extra}]'" if extra else "--editable .")
    listed = next((name for name in _REQUIREMENTS if name in paths), None)
    if listed is not None and not extra and not group:
        words.append(f"--requirement {listed}")
    words += [shlex.quote(one) for one in group]
    return "".join(f" {word}" for word in words)


def _toml(text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _uv(pyproject: Mapping[str, Any]) -> Mapping[str, Any]:
    """uv's settings (https://docs.astral.sh/uv/reference/settings/)."""
    tools = pyproject.get("tool")
    found = tools.get("uv") if isinstance(tools, dict) else None
    return found if isinstance(found, dict) else {}


def _group(pyproject: Mapping[str, Any], name: str, above: tuple[str, ...] = ()) -> list[str]:
    """The requirements of a dependency group and of the groups that it includes.

    Written out, because `pip install --group` needs pip 25.1, and a new environment has the pip of its Python.
    """
    groups = pyproject.get("dependency-groups")
    entries = groups.get(name) if isinstance(groups, dict) else None
    if not isinstance(entries, list) or name in above:
        return []
    found = [one for one in entries if isinstance(one, str)]
    for included in (one.get("include-group") for one in entries if isinstance(one, dict)):
        found += _group(pyproject, str(included), (*above, name))
    return found


def _wants_pytest(paths: Collection[str], tests: Collection[str], read: Read) -> bool:
    if any(path.rsplit("/", 1)[-1] in ("conftest.py", "pytest.ini") for path in paths):
        return True
    if "[tool.pytest" in (read("pyproject.toml") or "") or "[tool:pytest]" in (read("setup.cfg") or ""):
        return True
    texts = [read(path) or "" for path in sorted(tests)[:20]]
    return any("import pytest" in text for text in texts) or not any("unittest" in text for text in texts)
