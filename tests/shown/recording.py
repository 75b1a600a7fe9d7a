"""`pytest --record-codes FILE`: writes which test made the product give which reason codes.

Only what a test gave rise to while its own body ran and passed is kept, and only of tests that do the same on every
machine: property tests draw at random, and tests of PostgreSQL may be skipped, so neither is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest

OPTION = "--record-codes"
_SENT = "reason_codes_given"


def add_option(parser: pytest.Parser) -> None:
    """The option, for tests/conftest.py."""
    parser.addoption(OPTION, metavar="FILE", type=Path, help="write which test gave which reason codes, as JSON")


def record_if_asked(config: pytest.Config) -> None:
    """Record when asked to, for tests/conftest.py."""
    if config.getoption(OPTION) is not None:
        config.pluginmanager.register(Recorder(config), "reason-code-recorder")


class Recorder:
    """What the tests of this process gave, and on the controller of xdist what those of its workers gave."""

    def __init__(self, config: pytest.Config) -> None:
        from tests.shown.births import watched

        self._path: Path = config.getoption(OPTION)
        self._sent: dict[str, Any] | None = getattr(config, "workeroutput", None)
        self._now: set[str] | None = None
        self.given: dict[str, list[str]] = {}
        self._open = ExitStack()
        self._open.enter_context(watched(self._hear))

    def _hear(self, code: str) -> None:
        if self._now is not None:
            self._now.add(code)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        self._now = set()
        try:
            result = yield
        finally:
            given, self._now = self._now, None
        if given and _same_everywhere(item):
            self.given[item.nodeid] = sorted(given)
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of xdist ended and sent what its tests gave; one that crashed failed the run already."""
        self.given |= getattr(node, "workeroutput", {}).get(_SENT, {})

    def pytest_sessionfinish(self) -> None:
        self._open.close()
        if self._sent is not None:
            self._sent[_SENT] = self.given
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self.given, indent=1, sort_keys=True) + "\n", "utf-8")


def _same_everywhere(item: pytest.Item) -> bool:
    drawn = hypothesis.is_hypothesis_test(getattr(item, "obj", None))
    return not drawn and item.get_closest_marker("postgres") is None
