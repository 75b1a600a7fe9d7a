"""What all tests share."""

import os

import pytest

from tests.shown.recording import add_option, record_if_asked

collect_ignore = [] if os.environ.get("CADENCE_CONTRACT") else ["contract"]
"""The contract check needs GitHub's published descriptions; `make contract` fetches them and then collects it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    record_if_asked(config)
