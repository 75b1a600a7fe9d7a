"""Which commands are guessed from a repository's files: what prepares, what tests, and where."""

from __future__ import annotations

import pytest

from bot.sandbox.ci.guess import Guess, guess_commands

UNITTEST = "import unittest\n"


def guessed(files: dict[str, str], folder: str = "") -> list[tuple[str, str]]:
    return [(one.folder, one.test) for one in guess_commands(files.keys(), files.get, folder)]


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"Makefile": "test: setup\n\tpytest\n", "tests/test_a.py": UNITTEST}, "make test"),
        ({"Makefile": "test := yes\nbuild:\n", "tests/test_a.py": UNITTEST}, "python -m unittest discover"),
        ({"package.json": '{"scripts": {"test": "node --test"}}'}, "npm test"),
        ({"package.json": '{"scripts": {"test": "x"}}', "yarn.lock": ""}, "npx --yes yarn test"),
        ({"package.json": '{"scripts": {"test": "x"}}', "pnpm-lock.yaml": ""}, "npx --yes pnpm test"),
        ({"go.mod": ""}, "go test ./..."),
        ({"Cargo.toml": ""}, "cargo test"),
        ({"pom.xml": ""}, "mvn -q -B test"),
        ({"pom.xml": "", "mvnw": ""}, "sh ./mvnw -q -B test"),
        ({"build.gradle.kts": "", "gradlew": ""}, "sh ./gradlew test"),
        ({"build.gradle": ""}, "gradle test"),
        ({"tox.ini": "", "tests/check.py": ""}, "tox"),
        ({"noxfile.py": "", "tests/check.py": ""}, "nox"),
        ({"tests/test_a.py": UNITTEST}, "python -m unittest discover"),
        ({"tests/test_a.py": "import pytest\n"}, "python -m pytest -q"),
        ({"tests/test_a.py": "def test_a(): pass\n"}, "python -m pytest -q"),
        ({"a_test.py": UNITTEST, "conftest.py": ""}, "python -m pytest -q"),
        ({"test_a.py": UNITTEST, "pyproject.toml": "[tool.pytest.ini_options]\n"}, "python -m pytest -q"),
    ],
)
def test_the_command_from_the_files(files: dict[str, str], command: str) -> None:
    assert guessed(files) == [("", command)]


@pytest.mark.parametrize(
    "files",
    [
        {"package.json": '{"scripts": {}}'},
        {"package.json": "not json"},
        {"package.json": "[" * 100_000},
        {"README.md": "test:\n", "contest.py": ""},
        {},
    ],
)
def test_nothing_is_guessed_from_too_little(files: dict[str, str]) -> None:
    assert guessed(files) == []


PROJECT = '[build-system]\n[project]\nname = "x"\n[project.optional-dependencies]\ntests = ["hypothesis"]\n'


GROUPS = """
[project]
name = "x"
[dependency-groups]
tests = ["freezegun>=1", {include-group = "net"}]
net = ["responses", {include-group = "tests"}]
"""


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"pyproject.toml": PROJECT}, " pytest --editable '.[tests]'"),
        ({"setup.py": ""}, " pytest --editable ."),
        ({"setup.py": "", "requirements-dev.txt": ""}, " pytest --editable . --requirement requirements-dev.txt"),
        ({"requirements.txt": ""}, " pytest --requirement requirements.txt"),
        ({"pyproject.toml": "not = [toml"}, " pytest"),
        ({"pyproject.toml": GROUPS, "requirements.txt": ""}, " pytest --editable . 'freezegun>=1' responses"),
        ({"pyproject.toml": '[project]\nname = "x"\n[tool.uv]\npackage = false\n'}, " pip install --quiet pytest"),
    ],
)
def test_an_environment_of_its_own_is_prepared(files: dict[str, str], words: str) -> None:
    (guess,) = guess_commands([*files, "test_a.py"], {"test_a.py": "import pytest\n", **files}.get)
    assert guess.setup.endswith(words)


@pytest.mark.parametrize(
    ("recipe", "test", "setup"),
    [
        ("pytest tests/", "make test", " pytest --editable ."),
        ("uv run pytest", "python -m pytest -q", " pytest --editable ."),
        ("./run-tests", "make test", ""),
    ],
)
def test_a_recipe_gets_the_environment_that_it_expects(recipe: str, test: str, setup: str) -> None:
    files = {"Makefile": f"all:\ntest: lint\n\t{recipe}\n", "setup.py": "", "test_a.py": "import pytest\n"}
    (guess,) = guess_commands(files, files.get)
    assert (guess.test, guess.setup.endswith(setup), bool(guess.setup)) == (test, True, bool(setup))


def test_npm_installs_what_the_lock_says() -> None:
    package = '{"scripts": {"test": "x"}, "devDependencies": {"jest": "1"}}'
    assert guess_commands(["package.json"], {"package.json": package}.get)[0].setup.startswith("npm install")
    locked = {"package.json": package, "package-lock.json": "{}"}
    assert guess_commands(locked, locked.get)[0].setup.startswith("npm ci")


MONOREPO = {
    "README.md": "",
    "packages/a/package.json": '{"scripts": {"test": "x"}}',
    "packages/b/go.mod": "",
    "services/c/pyproject.toml": "[tool.pytest.ini_options]\n",
    "services/c/tests/test_c.py": "",
}


def test_each_project_of_a_monorepo_is_found() -> None:
    assert guessed(MONOREPO) == [
        ("packages/a", "npm test"),
        ("packages/b", "go test ./..."),
        ("services/c", "python -m pytest -q"),
    ]


def test_the_root_of_a_workspace_is_not_a_project() -> None:
    root = {"pyproject.toml": "[tool.uv.workspace]\nmembers = []\n", "tests/test_a.py": "import pytest\n"}
    files = {**root, "core/pyproject.toml": "[project]\n", "core/tests/test_c.py": "import pytest\n"}
    assert guessed(files) == [("core", "python -m pytest -q")]


def test_the_named_folder_decides() -> None:
    assert guessed(MONOREPO, "services/c") == [("services/c", "python -m pytest -q")]
    assert guess_commands(MONOREPO, MONOREPO.get, "packages/b/") == [Guess("go test ./...", "", "packages/b")]
