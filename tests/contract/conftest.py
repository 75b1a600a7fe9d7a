"""The published descriptions and the recorded traffic, each read once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from tests.contract import fetch
from tests.contract.published import CORRECTIONS, Description
from tests.contract.traffic import Traffic, record
from tests.journeys.world import World

COUNTS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How much was held against the descriptions: a check of nothing would pass too."""
    for line in config.stash[COUNTS]:
        terminalreporter.write_line(line)


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tell a count in the summary."""
    return request.config.stash[COUNTS].append


@pytest.fixture(scope="session")
def rest() -> Description:
    """The REST API of github.com."""
    return Description(fetch.OPENAPI.path("generated/api.github.com.json"), CORRECTIONS)


@pytest.fixture(scope="session")
def enterprise() -> Description:
    """The REST API of GitHub Enterprise Server."""
    return Description(fetch.OPENAPI.path("generated/ghes-3.19.json"))


@pytest.fixture(scope="session")
def webhooks() -> Description:
    """The webhooks of github.com."""
    return Description(fetch.WEBHOOKS.path("generated/api.github.com.json"))


@pytest.fixture(scope="session")
def github_schema() -> GraphQLSchema:
    """The GraphQL API of github.com."""
    return build_schema(fetch.GRAPHQL.path("schema.graphql").read_text(), assume_valid=True)


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """What the journeys and the sandbox's own tests had Cadence ask and the sandbox answer."""
    folder: Path = tmp_path_factory.mktemp("traffic")
    return record(folder)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A whole world, as the journeys have it."""
    made = World(tmp_path)
    yield made
    made.close()
