"""REST as GitHub describes it: what Cadence asks, what the sandbox answers, and that both are asked for everything."""

from collections.abc import Callable, Iterator

import pytest

from bot.sandbox.github.server import _MODULES
from tests.contract.published import Description, Operation
from tests.contract.sent_routes import sent
from tests.contract.traffic import CADENCE, CI, Exchange, Traffic, by_class

pytestmark = pytest.mark.timeout(1800)
"""The first test waits for the journeys."""

Counted = Callable[[str], None]
SANDBOX_ROUTES = frozenset((route.method, route.template) for module in _MODULES for route in module.routes.all)


def described(traffic: Traffic, rest: Description) -> Iterator[tuple[Exchange, Operation | None]]:
    """REST exchanges with their operations; those that the sandbox itself does not model are not an answer."""
    for one in traffic.exchanges:
        if not one.is_graphql and one.status != 501:
            yield one, rest.operation(one.method, one.path)


def test_every_request_is_one_that_github_describes(traffic: Traffic, rest: Description, counted: Counted) -> None:
    faults, checked = [], 0
    for one, operation in described(traffic, rest):
        if one.agent not in (CADENCE, CI):
            continue
        checked += 1
        if operation is None:
            faults.append((f"{one.method} {one.path}", "is no operation", one.test))
            continue
        found = rest.request_faults(operation, one.query, one.request)
        faults += [(operation.name, fault, one.test) for fault in found]
    counted(f"{checked} REST requests of Cadence and of the sandbox's CI")
    assert checked > 500
    assert not faults, by_class(faults)


def test_every_answer_of_the_sandbox_is_one_that_github_describes(
    traffic: Traffic, rest: Description, counted: Counted
) -> None:
    faults, checked = [], 0
    for one, operation in described(traffic, rest):
        if one.injected:
            continue
        if operation is None:
            faults.append((f"{one.method} {one.path}", "is no operation", one.test))
            continue
        checked += 1
        found = rest.answer_faults(operation, one.status, one.type, one.answer)
        faults += [(operation.name, fault, one.test) for fault in found]
    counted(f"{checked} REST answers of the sandbox")
    assert checked > 500
    assert not faults, by_class(faults)


def test_every_request_that_cadence_can_send_was_sent(traffic: Traffic, rest: Description) -> None:
    seen = {
        (operation.method, operation.template)
        for one, operation in described(traffic, rest)
        if one.agent == CADENCE and not one.injected and operation is not None
    }
    missing = sorted(f"{method} {route}" for method, route in sent().routes - seen)
    assert not missing, f"no journey makes Cadence send {missing}"


def test_every_request_that_cadence_can_send_is_described_for_enterprise_server_too(enterprise: Description) -> None:
    missing = sorted(f"{method} {route}" for method, route in sent().routes if not enterprise.has(method, route))
    assert not missing


def test_every_request_that_cadence_can_send_is_open_to_apps_and_here_to_stay(rest: Description) -> None:
    faults = []
    for method, route in sorted(sent().routes):
        assert rest.has(method, route), f"GitHub has no {method} {route}"
        _, found = rest.at(("paths", route, method.lower()))
        if not found["x-github"]["enabledForGitHubApps"] or found.get("deprecated"):
            faults.append(f"{method} {route}")
    assert not faults


def test_every_route_of_the_sandbox_is_described_and_has_answered(traffic: Traffic, rest: Description) -> None:
    routes = {(method, route) for method, route in SANDBOX_ROUTES if route != "/graphql"}
    unknown = sorted(f"{method} {route}" for method, route in routes if not rest.has(method, route))
    assert not unknown, f"GitHub has no {unknown}"
    seen = {
        (operation.method, operation.template)
        for one, operation in described(traffic, rest)
        if operation is not None and one.status < 300 and not one.injected
    }
    silent = sorted(f"{method} {route}" for method, route in routes - seen)
    assert not silent, f"nothing asked the sandbox for {silent}"
