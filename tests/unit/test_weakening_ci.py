"""CI, lint and coverage that a change weakens, and changes that only look so."""

from __future__ import annotations

import pytest
from weakening_rows import codes, edited

WORKFLOW = """
on:
  push:
    branches: [main]
  pull_request:
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [ubuntu-latest, windows-latest]
        python: ['3.11', '3.12', '3.13']
    steps:
      - uses: actions/checkout@v4
      - run: pip install -e .[test]
      - name: Tests
        run: pytest --cov=shop --cov-fail-under=90
      - uses: codecov/codecov-action@0123456789012345678901234567890123456789
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: ruff check .
      - run: mypy --strict shop
"""
TRAVIS = """
language: python
python:
  - "3.8"
  - nightly
script:
  - pytest
  - flake8 shop
"""
PYPROJECT = """
[tool.ruff]
line-length = 100

[tool.ruff.lint]
select = ["E", "F", "B"]
ignore = ["E501"]

[tool.coverage.report]
fail_under = 90

[tool.mypy]
strict = true

[tool.pytest.ini_options]
addopts = "--strict-markers"
filterwarnings = ["error", "ignore:old:DeprecationWarning"]
"""
TOX = """
[testenv]
commands =
    pytest tests
    mypy shop

[testenv:lint]
commands = flake8 shop

[flake8]
max-line-length = 100
ignore = E203
per-file-ignores =
    shop/__init__.py: F401
"""
PACKAGE = """
{"scripts": {"test": "npm run lint && jest --coverage", "lint": "eslint . --max-warnings 0"},
 "jest": {"coverageThreshold": {"global": {"branches": 80, "lines": 90}}}}
"""
ESLINT = """
{"extends": "eslint:recommended", "rules": {"no-console": "error", "eqeqeq": ["error", "always"]}}
"""
HOOKS = """
repos:
  - repo: https://example.org/ruff
    rev: v1
    hooks:
      - id: ruff
        args: [--fix]
      - id: codespell
"""
GOLANGCI = """
linters:
  enable:
    - errcheck
    - govet
linters-settings:
  gocyclo:
    min-complexity: 15
"""
RUBOCOP = """
Metrics/MethodLength:
  Max: 20
Style/Documentation:
  Enabled: true
"""
GITLAB = """
test:
  script:
    - pytest
lint:
  script:
    - ruff check .
"""
AZURE = """
jobs:
  - job: test
    steps:
      - script: tox
        displayName: Tests
      - script: flake8 shop
"""
CIRCLE = """
version: 2.1
jobs:
  build:
    steps:
      - checkout
      - run: npm test
      - run:
          name: Lint
          command: npm run lint
"""
MAKE = """
check: lint
\tpytest tests
\tmypy shop

lint:
\tflake8 shop
"""
GRADLE = """
checkstyle {
    ignoreFailures = false
}
jacocoTestCoverageVerification {
    violationRules { rule { limit {
        minimum = 0.8
    } } }
}
"""
CARGO = """
[lints.clippy]
unwrap_used = "deny"
"""
CI = ".github/workflows/ci.yml"

ROWS = [
    (
        CI,
        WORKFLOW,
        ("      - run: ruff check .\n", "      - run: ruff check .\n        continue-on-error: true\n"),
        "ci.failure_ignored",
    ),
    (CI, WORKFLOW, ("  lint:\n", "  lint:\n    continue-on-error: true\n"), "ci.failure_ignored"),
    (CI, WORKFLOW, ("run: ruff check .", "run: ruff check . || true"), "ci.failure_ignored"),
    (CI, WORKFLOW, ("run: ruff check .", "run: ruff check . --exit-zero"), "ci.failure_ignored"),
    (CI, WORKFLOW, ("      - run: mypy --strict shop\n", ""), "ci.step_removed"),
    (CI, WORKFLOW, ("      - run: mypy --strict shop\n", "      # - run: mypy --strict shop\n"), "ci.step_removed"),
    (CI, WORKFLOW, (WORKFLOW[WORKFLOW.index("  lint:") :], ""), "ci.job_removed"),
    (CI, WORKFLOW, ("  lint:\n", "  lint:\n    if: false\n"), "ci.disabled"),
    (CI, WORKFLOW, ("--cov-fail-under=90", "--cov-fail-under=70"), "ci.threshold"),
    (CI, WORKFLOW, (" --cov-fail-under=90", ""), "ci.threshold"),
    (CI, WORKFLOW, ("mypy --strict shop", "mypy shop"), "ci.lint_relaxed"),
    (CI, WORKFLOW, ("[ubuntu-latest, windows-latest]", "[ubuntu-latest]"), "ci.matrix"),
    (
        CI,
        WORKFLOW,
        ("        python:", "        exclude: [{os: windows-latest, python: '3.11'}]\n        python:"),
        "ci.matrix",
    ),
    (CI, WORKFLOW, ("  pull_request:\n", ""), "ci.trigger"),
    (CI, WORKFLOW, ("  pull_request:\n", "  pull_request:\n    paths-ignore: ['shop/legacy/**']\n"), "ci.trigger"),
    (CI, WORKFLOW, ("@0123456789012345678901234567890123456789", "@main"), "ci.unpinned"),
    (CI, WORKFLOW, ("pytest --cov=shop", "pytest --ignore=tests/slow --cov=shop"), "ci.lint_ignored"),
    (CI, WORKFLOW, ("pytest --cov=shop", "pytest -m 'not slow' --cov=shop"), "ci.lint_ignored"),
    (
        ".travis.yml",
        TRAVIS,
        ("script:", "matrix:\n  allow_failures:\n    - python: nightly\nscript:"),
        "ci.failure_ignored",
    ),
    (".travis.yml", TRAVIS, ("  - flake8 shop\n", ""), "ci.step_removed"),
    (".gitlab-ci.yml", GITLAB, ("lint:\n", "lint:\n  allow_failure: true\n"), "ci.failure_ignored"),
    (".gitlab-ci.yml", GITLAB, ("lint:\n", "lint:\n  when: manual\n"), "ci.disabled"),
    (
        "azure-pipelines.yml",
        AZURE,
        ("        displayName: Tests", "        continueOnError: true\n        displayName: Tests"),
        "ci.failure_ignored",
    ),
    ("azure-pipelines.yml", AZURE, ("      - script: flake8 shop\n", ""), "ci.step_removed"),
    (
        ".circleci/config.yml",
        CIRCLE,
        ("      - run:\n          name: Lint\n          command: npm run lint\n", ""),
        "ci.step_removed",
    ),
    ("tox.ini", TOX, ("    mypy shop\n", ""), "ci.step_removed"),
    ("tox.ini", TOX, ("[testenv:lint]\n", "[testenv:lint]\nignore_outcome = true\n"), "ci.failure_ignored"),
    ("tox.ini", TOX, ("ignore = E203", "ignore = E203, E501"), "ci.lint_ignored"),
    (
        "tox.ini",
        TOX,
        ("    shop/__init__.py: F401", "    shop/__init__.py: F401\n    shop/a.py: E501"),
        "ci.lint_ignored",
    ),
    ("tox.ini", TOX, ("max-line-length = 100", "max-line-length = 140"), "ci.threshold"),
    ("Makefile", MAKE, ("\tmypy shop\n", ""), "ci.step_removed"),
    ("Makefile", MAKE, ("\tflake8 shop", "\t-flake8 shop"), "ci.failure_ignored"),
    ("pyproject.toml", PYPROJECT, ('ignore = ["E501"]', 'ignore = ["E501", "B008"]'), "ci.lint_ignored"),
    (
        "pyproject.toml",
        PYPROJECT,
        ('ignore = ["E501"]', 'ignore = ["E501"]\nper-file-ignores = {"tests/*" = ["F401"]}'),
        "ci.lint_ignored",
    ),
    ("pyproject.toml", PYPROJECT, ('select = ["E", "F", "B"]', 'select = ["E", "F"]'), "ci.lint_removed"),
    ("pyproject.toml", PYPROJECT, ("fail_under = 90", "fail_under = 80"), "ci.threshold"),
    ("pyproject.toml", PYPROJECT, ("fail_under = 90", "omit = ['shop/old.py']\nfail_under = 90"), "ci.lint_ignored"),
    ("pyproject.toml", PYPROJECT, ("strict = true", "strict = false"), "ci.lint_relaxed"),
    ("pyproject.toml", PYPROJECT, ("strict = true", "strict = true\nignore_missing_imports = true"), "ci.lint_relaxed"),
    ("pyproject.toml", PYPROJECT, ('"ignore:old', '"ignore::UserWarning", "ignore:old'), "ci.warning_ignored"),
    ("pyproject.toml", PYPROJECT, ("line-length = 100", "line-length = 120"), "ci.threshold"),
    (".coveragerc", "[run]\nomit = a.py\n[report]\nfail_under = 90\n", ("fail_under = 90", ""), "ci.threshold"),
    (
        "codecov.yml",
        "comment: false\n",
        ("comment: false\n", "coverage:\n  status:\n    project:\n      default:\n        threshold: 1%\n"),
        "ci.threshold",
    ),
    (
        "codecov.yml",
        "coverage:\n  status:\n    project:\n      default:\n        target: 90%\n",
        ("90%", "70%"),
        "ci.threshold",
    ),
    ("package.json", PACKAGE, ("npm run lint && jest", "jest"), "ci.step_removed"),
    ("package.json", PACKAGE, ('"branches": 80', '"branches": 60'), "ci.threshold"),
    ("package.json", PACKAGE, ("--max-warnings 0", "--max-warnings 20"), "ci.threshold"),
    (".eslintrc.json", ESLINT, ('"no-console": "error"', '"no-console": "off"'), "ci.lint_relaxed"),
    (".eslintrc.json", ESLINT, ('["error", "always"]', '["warn", "always"]'), "ci.lint_relaxed"),
    (".eslintrc.json", ESLINT, ('"no-console"', '"no-eval": "off", "no-console"'), "ci.lint_ignored"),
    (
        "eslint.config.js",
        "export default [{\n  rules: {\n    'no-console': 'error',\n  },\n}]\n",
        ("'error'", "'off'"),
        "ci.lint_relaxed",
    ),
    (
        "jest.config.js",
        "module.exports = {\n  coverageThreshold: {\n    global: {\n      lines: 90,\n    },\n  },\n}\n",
        ("90", "50"),
        "ci.threshold",
    ),
    (".pre-commit-config.yaml", HOOKS, ("      - id: codespell\n", ""), "ci.hook_removed"),
    (".pre-commit-config.yaml", HOOKS, ("args: [--fix]", "args: [--fix, --ignore=E501]"), "ci.lint_ignored"),
    (
        ".pre-commit-config.yaml",
        HOOKS,
        ("      - id: codespell\n", "      - id: codespell\n        exclude: docs/\n"),
        "ci.lint_ignored",
    ),
    (".golangci.yml", GOLANGCI, ("    - govet\n", ""), "ci.lint_removed"),
    (".golangci.yml", GOLANGCI, ("min-complexity: 15", "min-complexity: 30"), "ci.threshold"),
    (".golangci.yml", GOLANGCI, ("    - govet\n", "    - govet\n  disable:\n    - unused\n"), "ci.lint_ignored"),
    (".rubocop.yml", RUBOCOP, ("Max: 20", "Max: 60"), "ci.threshold"),
    (".rubocop.yml", RUBOCOP, ("Enabled: true", "Enabled: false"), "ci.lint_relaxed"),
    ("build.gradle", GRADLE, ("ignoreFailures = false", "ignoreFailures = true"), "ci.failure_ignored"),
    ("build.gradle", GRADLE, ("minimum = 0.8", "minimum = 0.5"), "ci.threshold"),
    (
        "pom.xml",
        "<configuration>\n  <skipTests>false</skipTests>\n</configuration>\n",
        ("false", "true"),
        "ci.tests_narrowed",
    ),
    ("Cargo.toml", CARGO, ('"deny"', '"allow"'), "ci.lint_relaxed"),
    (
        "pylintrc",
        "[MESSAGES CONTROL]\ndisable=\n    fixme,\n    too-few,\n",
        ("    too-few,\n", "    too-few,\n    unused-import,\n"),
        "ci.lint_ignored",
    ),
    ("mypy.ini", "[mypy]\ndisallow_untyped_defs = True\n", ("True", "False"), "ci.lint_relaxed"),
    ("tsconfig.json", '{"compilerOptions": {"strict": true}}\n', ("true", "false"), "ci.lint_relaxed"),
]

FINE = [
    ("cextern/lib/Makefile", MAKE, ("\tmypy shop\n", "")),
    ("pyproject.toml", PYPROJECT, ("[tool.mypy]", "[tool.cibuildwheel]\nskip = 'cp315*'\n\n[tool.mypy]")),
    (CI, WORKFLOW, ("actions/checkout@v4", "actions/checkout@v5")),
    (CI, WORKFLOW, ("@0123456789012345678901234567890123456789", "@9993456789012345678901234567890123456789")),
    (
        CI,
        WORKFLOW,
        ("  lint:\n", "  optional:\n    continue-on-error: true\n    steps:\n      - run: pytest --new\n  lint:\n"),
    ),
    (
        CI,
        WORKFLOW,
        (
            "      - run: ruff check .\n",
            "      - run: ruff check .\n      - run: ruff format --check .\n        continue-on-error: true\n",
        ),
    ),
    (CI, WORKFLOW, ("run: ruff check .", "run: uv run ruff check .")),
    (CI, WORKFLOW, ("--cov-fail-under=90", "--cov-fail-under=95")),
    (CI, WORKFLOW, ("['3.11', '3.12', '3.13']", "['3.12', '3.13', '3.14']")),
    (CI, WORKFLOW, ("  pull_request:\n", "  pull_request:\n    paths-ignore: ['docs/**', '**.md']\n")),
    (CI, WORKFLOW, ("  lint:\n", "  style:\n")),
    (CI, WORKFLOW, ("run: pip install -e .[test]", "run: pip install -e .[test] || true")),
    (
        ".travis.yml",
        TRAVIS,
        ("  - nightly\n", '  - nightly\n  - "3.14-dev"\nmatrix:\n  allow_failures:\n    - python: "3.14-dev"\n'),
    ),
    ("tox.ini", TOX, ("max-line-length = 100", "max-line-length = 88")),
    ("tox.ini", TOX, ("ignore = E203", "# E203 is black's\nignore = E203")),
    ("pyproject.toml", PYPROJECT, ('ignore = ["E501"]', "ignore = []")),
    ("pyproject.toml", PYPROJECT, ('"B"]\nignore = ["E501"]', '"B", "FURB"]\nignore = ["E501", "FURB161"]')),
    ("pyproject.toml", PYPROJECT, ("[tool.mypy]", '[tool.codespell]\nskip = "*.lock"\n\n[tool.mypy]')),
    ("pyproject.toml", PYPROJECT, ("fail_under = 90", "fail_under = 95")),
    ("pyproject.toml", PYPROJECT, (', "ignore:old:DeprecationWarning"', "")),
    ("package.json", PACKAGE, ("jest --coverage", "vitest run --coverage")),
    ("package.json", PACKAGE, ('"lines": 90', '"lines": 95')),
    (".eslintrc.json", ESLINT, ('"no-console": "error"', '"no-console": "error", "no-eval": "error"')),
    (".pre-commit-config.yaml", HOOKS, ("rev: v1", "rev: v2")),
    (".pre-commit-config.yaml", HOOKS, ("- id: codespell", "- id: typos")),
    (".golangci.yml", GOLANGCI, ("    - govet\n", "    - govet\n    - gosec\n")),
    (".rubocop.yml", RUBOCOP, ("Max: 20", "Max: 15")),
    ("codecov.yml", "coverage:\n  status:\n    project:\n      default:\n        threshold: 2%\n", ("2%", "1%")),
    ("Makefile", MAKE, ("\tmypy shop\n", "\tpyright shop\n")),
]


def _ids(rows: list) -> list[str]:
    return [
        f"{number}-{row[0].rsplit('/', 1)[-1]}-{row[-1] if isinstance(row[-1], str) else row[2][1].strip()[:24]!r}"
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize(("path", "before", "edit", "code"), ROWS, ids=_ids(ROWS))
def test_weaker(path: str, before: str, edit: tuple[str, str], code: str) -> None:
    assert edit[0] in before
    assert code in edited(path, before, before.replace(*edit, 1))


@pytest.mark.parametrize(("path", "before", "edit"), FINE, ids=_ids(FINE))
def test_fine(path: str, before: str, edit: tuple[str, str]) -> None:
    assert edit[0] in before
    assert edited(path, before, before.replace(*edit, 1)) == set()


def test_a_pipeline_that_moves_to_another_service() -> None:
    assert codes({".travis.yml": TRAVIS}, {CI: WORKFLOW}) == set()


def test_a_pipeline_that_is_deleted() -> None:
    assert "ci.file_deleted" in codes({CI: WORKFLOW, "a.py": ""}, {"a.py": ""})


def test_settings_that_move_to_another_file() -> None:
    flake8 = "[flake8]\nmax-line-length = 100\nignore = E203\nper-file-ignores =\n    shop/__init__.py: F401\n"
    assert codes({"tox.ini": TOX}, {"tox.ini": TOX.split("[flake8]")[0], ".flake8": flake8}) == set()


def test_a_linter_replaced_by_rules_of_another() -> None:
    base = {".pre-commit-config.yaml": HOOKS, "ruff.toml": '[lint]\nselect = ["E"]\n'}
    head = {
        ".pre-commit-config.yaml": HOOKS.replace("      - id: codespell\n", ""),
        "ruff.toml": '[lint]\nselect = ["E", "F"]\n',
    }
    assert codes(base, head) == set()


def test_a_job_that_a_shared_workflow_takes_over() -> None:
    head = WORKFLOW[: WORKFLOW.index("  lint:")] + "  quality:\n    uses: org/shared/.github/workflows/quality.yml@v1\n"
    assert codes({CI: WORKFLOW}, {CI: head}) == set()
