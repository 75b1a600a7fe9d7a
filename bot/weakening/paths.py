"""What a path is for: a test file of a language, a file that steers CI or lint, or the product."""

from __future__ import annotations

import re

from bot.syntax.languages import language_of

_DIRECTORY = re.compile(
    r"(?:^|/)(?:\w*[_-])?(?:tests?|testing|specs?|__tests__|unittests?|testsuite|e2e|integration|cypress|androidTest)(?:[_-]\w+)?/",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"^(?:test|tests|conftest)\.py$|^test_.*\.py$|^unittest_.*\.py$|.*_tests?\.(?:py|go|rs|rb|exs?)$|.*_unittest\.\w+$"
    r"|.*[._-](?:test|tests|spec|specs|e2e|cy)\.[cm]?[jt]sx?$|^(?:test|tests|spec)\.[cm]?[jt]sx?$|.*_spec\.rb$|^test_.*\.rb$"
    r"|^tests?\.rs$|^tests?_.*\.rs$|.*\.bats$|^test_.*\.(?:c|cc|cpp|sh|bash)$|.*_tests?\.(?:c|cc|cpp|cxx|sh|bash)$|.*Tests?\.(?:cc|cpp|cxx)$|.*(?:Tests?|TestCase|IT|Spec)\.(?:java|kt|groovy|scala|cs|swift|php)$"
)
_DATA = re.compile(
    r"(?:^|/)(?:fixtures?|testdata|test_data|test-data|__snapshots__|snapshots|node_modules|_?vendor(?:ed)?|third[_-]?party|Godeps"
    r"|\.yarn|bower_components)/|\.min\.js$|\.snap$"
)
_OUTPUT = re.compile(r"^(?:(?!(?:src|source|tests?|specs?|__tests__|spec|lib)/)[^/]+/)*(?:dist|build)/", re.IGNORECASE)
"""What a build leaves behind; a package of that name among the sources or the tests is not build output."""


def is_test_path(path: str) -> bool:
    """Whether the path alone says that tests live there (their data, and what a build left there, do not count)."""
    if _is_data(path):
        return False
    name = path.rsplit("/", 1)[-1]
    if path.endswith(".go"):
        return name.endswith("_test.go")
    return bool(_NAME.match(name) or _DIRECTORY.search(path))


def may_hold_tests(path: str) -> bool:
    """Whether the file is worth parsing for tests; Rust and Java keep them anywhere."""
    return language_of(path) is not None and (
        is_test_path(path) or (path.endswith((".rs", ".java")) and not _is_data(path))
    )


def _is_data(path: str) -> bool:
    return bool(_DATA.search(path) or _OUTPUT.match(path))
