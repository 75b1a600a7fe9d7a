"""What all tests share."""

import gc
import os

import pytest
from hypothesis import settings

from tests.shown.recording import add_option, record_if_asked

collect_ignore = [] if os.environ.get("CADENCE_CONTRACT") else ["contract"]
"""The contract check needs GitHub's published descriptions; `make contract` fetches them and then collects it."""


# `make quick` asks for the small profile with `--hypothesis-profile quick`; `make test` and CI take the default one.
settings.register_profile("quick", settings.get_profile("default"), max_examples=15)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_option(parser)
    parser.addoption(
        "--write-commands-shown", action="store_true", help="make docs/commands-shown.md from what the journeys see"
    )


def pytest_configure(config: pytest.Config) -> None:
    record_if_asked(config)


def pytest_collection_finish() -> None:
    # What is there now lives to the end. Without this each full collection walks over all modules and test items again.
    gc.freeze()
