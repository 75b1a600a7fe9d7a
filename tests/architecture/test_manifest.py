"""app.yml asks for exactly what the code uses; deploy/example.env lists exactly the settings there are."""

import ast
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.github_api import permissions
from bot.intake import parse
from bot.sandbox.demo.embedded import CADENCE_EVENTS, CADENCE_PERMISSIONS
from bot.settings import Settings, variables

ROOT = Path(__file__).resolve().parents[2]
EVENT_NEEDS = {
    "check_run": "checks",
    "check_suite": "checks",
    "issue_comment": "issues",
    "issues": "issues",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_thread": "pull_requests",
    "push": "contents",
    "status": "statuses",
    "workflow_run": "actions",
}
"""The permission without which GitHub lets no App subscribe to an event ("Webhook events and payloads")."""
ALWAYS_DELIVERED = {"installation", "installation_repositories", "ping"}
"""GitHub sends these unasked and refuses a manifest that lists them."""
SECOND_APPS = {"PULLS_ONLY"}
"""Groups of the App that may approve; app.yml describes the first."""
ASKED_FOR_BY_SOME = {"PROTECTION_READ"}
"""Groups that are used only where an App's owner has granted more than app.yml asks for."""
_LEVELS = ("read", "write", "admin")


def manifest() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(ROOT / "app.yml"))


def needed() -> dict[str, str]:
    """The union of the groups that tokens are minted with, and of what the events need."""
    wanted = [*permissions.ALL_GROUPS, *({EVENT_NEEDS[event]: "read"} for event in parse.SUBSCRIBED)]
    found: dict[str, str] = {}
    for group in wanted:
        for name, level in group.items():
            found[name] = max(found.get(name, level), level, key=_LEVELS.index)
    return found


def test_the_manifests_permissions_are_those_that_the_code_uses() -> None:
    assert manifest()["default_permissions"] == needed()


def test_the_manifests_events_are_those_that_are_parsed() -> None:
    """check_run and check_suite would arrive automatically with `checks: write`; listing them does no harm."""
    events = manifest()["default_events"]
    assert len(events) == len(set(events))
    assert set(events) == parse.SUBSCRIBED == set(EVENT_NEEDS)
    assert not set(events) & ALWAYS_DELIVERED


def test_every_permission_group_counts_and_is_used() -> None:
    groups = {name: value for name, value in vars(permissions).items() if isinstance(value, dict) and name.isupper()}
    first_apps = [value for name, value in groups.items() if name not in SECOND_APPS | ASKED_FOR_BY_SOME]
    assert first_apps == list(permissions.ALL_GROUPS)
    used = set()
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == permissions.__name__:
                used |= {alias.name for alias in node.names}
    assert not set(groups) - used, "a group that no step asks for widens the App for nothing"


def test_tokens_are_minted_with_named_groups_only() -> None:
    """A dict written at the place of a call would escape the comparison with the manifest."""
    calls = {"token", "read", "listed", "change", "of", "of_installation"}
    strays = []
    for folder in ("github_api", "flow"):
        for path in (ROOT / "bot" / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in calls:
                    given = [*node.args, *(k.value for k in node.keywords if k.arg == "permissions")]
                    strays += [f"{path.name}:{node.lineno}" for one in given if isinstance(one, ast.Dict)]
    assert not strays


def test_the_demo_runs_the_app_that_the_manifest_describes() -> None:
    assert manifest()["default_permissions"] == CADENCE_PERMISSIONS
    assert set(manifest()["default_events"]) == set(CADENCE_EVENTS)


def test_the_example_environment_lists_exactly_the_settings() -> None:
    text = (ROOT / "deploy" / "example.env").read_text()
    listed = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(variables())


def test_the_example_environment_shows_the_real_defaults() -> None:
    """Commented lines show the default; the others have none."""
    text = (ROOT / "deploy" / "example.env").read_text()
    shown = dict(re.findall(r"^# ([A-Z][A-Z0-9_]*)=(.*)$", text, flags=re.MULTILINE))
    names = dict(zip(variables(), Settings.model_fields.values(), strict=True))
    for variable, value in shown.items():
        default = names[variable].default
        assert str(default).removeprefix("./") == value.removeprefix("./"), variable
    unset = set(names) - set(shown)
    assert all(names[variable].default is None for variable in unset), (
        "a setting with a default shows it, commented out"
    )
