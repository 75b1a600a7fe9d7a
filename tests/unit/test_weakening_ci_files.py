"""CI that is weakened in Makefiles, Rakefiles, Travis' lists and rule files, and changes that only look so."""

from __future__ import annotations

import pytest
from weakening_rows import codes, edited

from bot.weakening.gate import weakening_findings
from tests.fakes.dict_tree import DictTree, changes

MAKE = "lint:\n\tflake8 --ignore=E501,F401 shop\n\npublish:\n\tpython setup.py check -r -s\n"
TRAVIS = "language: python\npython:\n  - '3.8'\n  - pypy\nscript: make test\n"
RUBY = "language: ruby\nrvm:\n  - 2.7\n  - jruby-9.2\n"
MATRIX = """
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python: ['3.12', pypy-3.10]
    steps:
      - run: pytest
"""
INCLUDED = MATRIX.replace(
    "        python: ['3.12', pypy-3.10]\n",
    "        include:\n          - {name: '3.12', python: '3.12'}\n          - {name: PyPy, python: pypy-3.10}\n",
)
RUBOCOP = "AllCops:\n  TargetRubyVersion: 2.7\n\nStyle/Alias:\n  Enabled: false\n"
PYRIGHT = '[tool.pyright]\ninclude = ["src"]\ntypeCheckingMode = "strict"\n'
RAKE = (
    "require 'rake'\nRspec::Core::RakeTask.new :coverage do |t|\n  t.rcov = true\nend\n"
    "task :default => [:spec, :rubocop]\n"
)
COVERALLS = '{"scripts": {"ci": "istanbul cover mocha -- test/ && cat lcov.info | coveralls"}}\n'
GOLANGCI = (
    "linters:\n  settings:\n    depguard:\n      rules:\n        main:\n          allow:\n"
    "            - example.org/one\n"
)
WORKFLOW = (
    "on: [push]\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: PATH=$HOME/bin:$PATH make\n"
)
GO_TRAVIS = "language: go\ngo:\n  - 1.14.x\nscript:\n  - make test\n"

ARTIFACT = """
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/upload-artifact@v4
      - uses: actions/first-interaction@v1
      - uses: codecov/codecov-action@v4
"""
TARGETS = """
on: [push]
jobs:
  test:
    strategy:
      matrix:
        include:
          - {os: ubuntu-latest, target: x86_64-unknown-linux-gnu}
          - {os: ubuntu-latest, target: armv5te-unknown-linux-gnueabi}
    steps:
      - run: cargo test
"""
MARKDOWN = '{"scripts": {"lint": "markdownlint docs/**/*.md"}}\n'
ARM = "          - {os: ubuntu-latest, target: armv5te-unknown-linux-gnueabi}\n"

LINTERS = "linters:\n  enable:\n    - govet\n    - gosimple\n    - staticcheck\n"
WEAKER = [
    ("package.json", MARKDOWN, ('.md"', '.md -i CHANGELOG.md"'), "ci.lint_ignored"),
    (".github/workflows/ci.yml", TARGETS, (ARM, ""), "ci.matrix"),
    (
        ".github/workflows/ci.yml",
        ARTIFACT,
        ("first-interaction@v1", "first-interaction@v1\n        continue-on-error: true"),
        "ci.failure_ignored",
    ),
    ("Makefile", MAKE, ("F401", "F401,F821"), "ci.lint_ignored"),
    ("Makefile", MAKE, ("check -r -s", 'check -r -s && echo ok || echo "Invalid"'), "ci.failure_ignored"),
    (".travis.yml", TRAVIS, ("  - pypy\n", "  # - pypy  -- appears to hang\n"), "ci.matrix"),
    (".travis.yml", RUBY, ("  - jruby-9.2\n", ""), "ci.matrix"),
    (".github/workflows/ci.yml", MATRIX, (", pypy-3.10", ""), "ci.matrix"),
    (".github/workflows/ci.yml", INCLUDED, ("          - {name: PyPy, python: pypy-3.10}\n", ""), "ci.matrix"),
    (".rubocop.yml", RUBOCOP, ("Style/Alias", "Style/SymbolProc:\n  Enabled: false\n\nStyle/Alias"), "ci.lint_ignored"),
    ("pyproject.toml", PYRIGHT, ('"strict"\n', '"strict"\nreportPrivateUsage = false\n'), "ci.lint_ignored"),
    ("Rakefile", RAKE, ("[:spec, :rubocop]", "[:spec]"), "ci.step_removed"),
    ("package.json", COVERALLS, ("&& cat lcov.info | coveralls", "|| true"), "ci.failure_ignored"),
    (".golangci.yml", LINTERS, ("    - staticcheck\n", ""), "ci.lint_removed"),
]
FINE = [
    (
        ".github/workflows/ci.yml",
        ARTIFACT,
        ("upload-artifact@v4", "upload-artifact@v4\n        continue-on-error: true"),
        "files for a service",
    ),
    (
        ".github/workflows/ci.yml",
        ARTIFACT,
        ("uses: codecov/codecov-action@v4", "run: ./ci/upload_coverage.sh"),
        "the upload by a script",
    ),
    ("Makefile", MAKE, ("E501,F401", "E501"), "fewer exceptions"),
    (".travis.yml", RUBY, ("jruby-9.2", "jruby-9.3"), "another version"),
    (".travis.yml", TRAVIS, ("  - '3.8'\n", ""), "an old version"),
    (
        ".travis.yml",
        RUBY + "matrix:\n  allow_failures:\n    - rvm: jruby-9.2\n",
        ("  - jruby-9.2\nmatrix:\n  allow_failures:\n    - rvm: jruby-9.2\n", ""),
        "its failure was allowed",
    ),
    (
        ".travis.yml",
        TRAVIS.replace("pypy", "nightly"),
        ("script", "matrix:\n  include:\n    - python: nightly\n      env: SOFT=1\n  allow_failures:\n"
         "    - python: nightly\n      env: SOFT=1\nscript"),
        "a new entry may fail",
    ),
    (".github/workflows/ci.yml", MATRIX, ("pypy-3.10", "pypy-3.11"), "another version"),
    (".rubocop.yml", RUBOCOP, ("Style/Alias", "Sequel/Now:\n  Enabled: false\n\nStyle/Alias"), "a plugin comes"),
    ("pyproject.toml", PYRIGHT, ('"strict"\n', '"strict"\nreportPrivateUsage = true\n'), "one rule more"),
    ("Rakefile", RAKE, (":coverage", ":rcov"), "a renamed task"),
    ("package.json", COVERALLS, ("cat lcov.info | coveralls", "(cat lcov.info | coveralls || true)"), "an upload"),
    (".golangci.yml", GOLANGCI, ("example.org/one", "example.org/one\n            - example.org/two"), "an import"),
    (".golangci.yml", LINTERS, ("    - gosimple\n", ""), "taken into another linter"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "change", "code"), WEAKER)
def test_weaker(path: str, text: str, change: tuple[str, str], code: str) -> None:
    assert change[0] in text
    assert code in edited(path, text, text.replace(*change))


@pytest.mark.parametrize(("path", "text", "change", "why"), FINE)
def test_fine(path: str, text: str, change: tuple[str, str], why: str) -> None:
    assert change[0] in text
    assert edited(path, text, text.replace(*change)) == set(), why


def test_pipeline_kept_by_another() -> None:
    """A CI that is given up while the other one runs the project's own `make`."""
    both = {".travis.yml": GO_TRAVIS, ".github/workflows/Test.yml": WORKFLOW}
    assert codes(both, {".github/workflows/Test.yml": WORKFLOW}) == set()
    assert codes({".travis.yml": GO_TRAVIS, "README": "a\n"}, {"README": "a\n"}) == {"ci.file_deleted"}


@pytest.mark.parametrize(
    ("added", "line", "message"),
    [
        ("    continue-on-error: true\n    steps:\n      - run: pytest\n", 5, "`test` may now fail."),
        ("    steps:\n      - run: pytest || true\n", 6, "A failure of `pytest || true` no longer counts (|| true)."),
        ("    if: false\n    steps:\n      - run: pytest\n", 3, "The job `test` never runs any more."),
        ("    steps:\n      - run: make\n", 3, "`test` no longer runs `pytest`."),
    ],
)
def test_a_finding_names_its_line_and_what_it_is_about(added: str, line: int, message: str) -> None:
    head = "on: pull_request\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
    path = ".github/workflows/ci.yml"
    before, after = {path: head + "    steps:\n      - run: pytest\n"}, {path: head + added}
    found = weakening_findings(DictTree(before), DictTree(after), changes(before, after))
    assert [(one.line, one.message) for one in found] == [(line, message)]
