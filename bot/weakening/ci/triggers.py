"""When the checks run, and whose failure counts: events, paths, allowed failures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.weakening.ci.config import Config, is_pipeline
from bot.weakening.ci.jobs import implementations, jobs
from bot.weakening.model import WeakeningFinding


def trigger_findings(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    """Workflows with checks that run on fewer events or fewer paths than before."""
    if not is_pipeline(old.path) or not any(job.checks for job in jobs(new)):
        return
    before, after = _events(old.data), _events(new.data)
    for event in ("pull_request", "push"):
        others = {
            "pull_request": ("pull_request_target", "merge_group", "workflow_call"),
            "push": ("workflow_call", "pull_request"),
        }[event]
        if event in before and after and event not in after and not any(other in after for other in others):
            yield WeakeningFinding(
                "ci.trigger", new.path, new.line("on:"), f"The workflow no longer runs on `{event}`."
            )
        was, now = before.get(event), after.get(event)
        if event not in before or event not in after:
            continue
        yield from _fewer_branches(event, was, now, new)
        for key in ("paths-ignore", "branches-ignore", "paths"):
            had, has = _items(was, key), _items(now, key)
            # A branch that is not built on push is built by its pull request.
            if key == "branches-ignore" and event == "push" and "pull_request" in after:
                continue
            fewer = (has - had) if key != "paths" else (had - has if has else set())
            # Texts without code cannot break the checks.
            fewer = {
                one
                for one in fewer
                if not re.search(r"\.md$|\.rst$|\.txt$|^docs?/|README|LICENSE|CHANGE|\.gitignore|dependabot", one)
            }
            if fewer or (key == "paths" and has and not had):
                what = ", ".join(sorted(fewer or has))[:80]
                yield WeakeningFinding(
                    "ci.trigger",
                    new.path,
                    new.line(f"{key}:"),
                    f"`{key}` narrows when the workflow runs on `{event}`: {what}.",
                )


# A workflow without `types` runs on these and on `reopened`.
_USUAL = frozenset({"opened", "synchronize"})
"""Without these types a pull request's commits are not looked at,
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request."""


def _fewer_branches(event: str, was: Any, now: Any, new: Config) -> Iterator[WeakeningFinding]:
    had, has = _items(was, "branches"), _items(now, "branches")
    lost = {one for one in had if one not in has and not any("*" in other for other in has)}
    if has and lost and len(has) < len(had):
        message = f"The workflow no longer runs on `{event}` for {', '.join(sorted(lost))[:80]}."
        yield WeakeningFinding("ci.trigger", new.path, new.line("branches:"), message)
    before, after = _items(was, "types") or _USUAL, _items(now, "types") or _USUAL
    missing = (_USUAL & before) - after
    if event == "pull_request" and missing:
        message = f"The workflow no longer runs on `{event}` when it is {', '.join(sorted(missing))}."
        yield WeakeningFinding("ci.trigger", new.path, new.line("types:"), message)


def _items(node: Any, key: str) -> set[str]:
    value = node.get(key) if isinstance(node, dict) else None
    return {str(one) for one in value} if isinstance(value, list) else set()


def _events(data: Any) -> dict[str, Any]:
    # In YAML 1.1 `on` is true: https://yaml.org/type/bool.html
    on = data.get("on", data.get(True)) if isinstance(data, dict) else None
    if isinstance(on, str):
        return {on: None}
    if isinstance(on, list):
        return {str(event): None for event in on}
    return dict(on) if isinstance(on, dict) else {}


def allowed_failures(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    """Travis' `allow_failures`: an entry for what ran, and counted, before."""
    # https://docs.travis-ci.com/user/build-matrix/
    if not re.search(r"travis", new.path) or not isinstance(old.data, dict) or not isinstance(new.data, dict):
        return
    known = {setting.value for setting in _outside(old)}
    before = [_entry(one) for one in _failures(old.data)]
    for one in _failures(new.data):
        entry = _entry(one)
        if entry not in before and entry and all(value in known for value in entry):
            yield WeakeningFinding(
                "ci.failure_ignored",
                new.path,
                new.line("allow_failures"),
                f"A failure of {' '.join(entry)} is allowed now.",
            )


_LANGUAGES = ("python", "rvm", "ruby", "node_js", "go", "jdk", "php", "rust", "os", "compiler")


def lost_platforms(old: Config, new: Config) -> Iterator[WeakeningFinding]:
    """Implementations and systems that Travis' lists no longer hold; those whose failure was allowed do not count."""
    if not re.search(r"travis", new.path) or not isinstance(old.data, dict) or not isinstance(new.data, dict):
        return
    allowed = {name for entry in _failures(old.data) for value in _entry(entry) for name in implementations(value)}
    now = {name for setting in new.settings for name in implementations(setting.value)}
    for key in _LANGUAGES:
        for value in _listed(old.data.get(key)):
            for name in implementations(value):
                if name not in now and name not in allowed:
                    yield WeakeningFinding("ci.matrix", new.path, new.line(f"{key}:"), f"Nothing runs on {value} now.")
                    return


def _listed(node: Any) -> list[str]:
    return [str(one) for one in node] if isinstance(node, list) else [str(node)] if node is not None else []


def _outside(config: Config) -> Iterator[Any]:
    return (setting for setting in config.settings if "allow_failures" not in setting.keys)


def _failures(data: dict[str, Any]) -> list[Any]:
    for key in ("matrix", "jobs"):
        part = data.get(key)
        if isinstance(part, dict) and isinstance(part.get("allow_failures"), list):
            return list(part["allow_failures"])
    return []


def _entry(node: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in node.values()) if isinstance(node, dict) else (str(node),)
