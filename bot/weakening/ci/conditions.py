"""Under which conditions jobs and steps run: GitHub's `if`, Azure's `condition`, GitLab's `rules`, CircleCI's
filters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot.weakening.ci.config import Config
from bot.weakening.ci.steps import Job

# https://docs.github.com/actions/reference/workflows-and-actions/expressions#status-check-functions
_ALWAYS = re.compile(
    r"^(?:\$\{\{)?(?:always\(\)|!cancelled\(\)|!failure\(\)|success\(\)(?:\|\|failure\(\))?|succeeded\(\)|succeededOrFailed\(\)|true|on_success|always)(?:\}\})?$"
)
_HARMLESS = re.compile(
    r"github\.repository(?:_owner)?\b|\.repository\.fork|head\.repo\.full_name|\.draft\b|needs\.[\w.-]+\.(?:outputs|result)|steps\.[\w-]+\.|(?:^|[^\w])inputs\.|always\(\)|cancelled\(\)|success\(\)|merge_request|event_name==[\"']pull_request|isFork|event\.action"
)
"""Conditions that leave a pull request's checks as they are: forks of the repository, drafts, results of other jobs."""


def of_step(node: dict[str, Any]) -> str:
    """The condition of a step as written, without white space; empty where it always runs."""
    return _plain(node.get("if", node.get("condition", _circle_when(node))))


def _circle_when(node: dict[str, Any]) -> Any:
    run = node.get("run")
    return run.get("when", "") if isinstance(run, dict) else ""


def _plain(value: Any) -> str:
    stated = "".join(str(value).split()) if value is not None else ""
    stated = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", stated)
    return "" if _ALWAYS.match(stated) else stated


def of_job(path: str, node: dict[str, Any]) -> str:
    """The condition of a job as written; GitLab's rules and filters count where a plain push or merge request no longer
    starts the job."""
    if ".gitlab-ci" in path or "gitlab" in path:
        return _gitlab(node)
    return _plain(node.get("if", node.get("condition", "")))


def _gitlab(node: dict[str, Any]) -> str:
    # https://docs.gitlab.com/ci/yaml/#rules
    rules = node.get("rules")
    if isinstance(rules, list):
        stated: list[str] = []
        for rule in rules:
            if not isinstance(rule, dict):
                continue
            when, condition = rule.get("when", "on_success"), str(rule.get("if", ""))
            wide = not condition and "changes" not in rule and "exists" not in rule
            if (
                (wide or "merge_request" in condition)
                and when not in ("never", "manual", "delayed")
                and "changes" not in rule
            ):
                # The first rule that matches decides.
                return "&&".join(stated)
            shown = condition or "changes" * ("changes" in rule) or "rule"
            if when in ("never", "manual"):
                stated.append(f"!({shown})" if shown != "rule" else str(when))
            else:
                stated.append(shown)
        return "&&".join(stated)
    only, but = node.get("only"), node.get("except")
    stated = [
        f"only {item}"
        for item in _list(only)
        if item not in ("branches", "merge_requests", "pushes", "external_pull_requests")
    ]
    if _list(only) and any(item in ("merge_requests", "branches", "pushes") for item in _list(only)):
        stated = []
    return "&&".join([*stated, *(f"except {item}" for item in _list(but))])


def _list(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [
            f"{key} {item}" for key, items in value.items() for item in (items if isinstance(items, list) else [items])
        ]
    return [str(item) for item in value] if isinstance(value, list) else [str(value)] if value is not None else []


def of_workflows(config: Config, jobs: list[Job]) -> list[Job]:
    """CircleCI: a job runs where a workflow names it, under the filters given there."""
    data = config.data
    workflows = data.get("workflows") if isinstance(data, dict) and ".circleci/" in config.path else None
    if not isinstance(workflows, dict):
        return jobs
    named: dict[str, list[str]] = {}
    never: set[str] = set()
    runs: set[str] = set()
    for workflow in workflows.values():
        for entry in (workflow.get("jobs") or []) if isinstance(workflow, dict) else []:
            name, given = next(iter(entry.items())) if isinstance(entry, dict) and entry else (entry, None)
            triggered = isinstance(workflow, dict) and "triggers" in workflow
            # https://circleci.com/docs/configuration-reference/#using-when-in-workflows
            (never if workflow.get("when") is False else runs).add(str(name))
            named.setdefault(str(name), []).append("schedule" if triggered else _filters(given))
    out = []
    for job in jobs:
        if job.name in never and job.name not in runs:
            out.append(replace(job, off=True))
        elif job.name in named:
            stated = "" if "" in named[job.name] else named[job.name][0]
            out.append(replace(job, condition=stated or job.condition))
        else:
            out.append(replace(job, off=job.off or bool(named)))
    return out


def _filters(given: Any) -> str:
    if not isinstance(given, dict):
        return ""
    filters = given.get("filters")
    branches = filters.get("branches") if isinstance(filters, dict) else None
    items = branches.items() if isinstance(branches, dict) else ()
    stated = [f"{key} {', '.join(_list(value))}" for key, value in items]
    stated = [one for one in stated if one not in ("only /.*/", "ignore /^$/")]
    return "&&".join([*stated, *(["type approval"] if given.get("type") == "approval" else [])])


def _harmless(part: str) -> bool:
    excluded = part.startswith(("except ", "!("))
    return bool(_HARMLESS.search(part)) and not (excluded and "merge_request" in part)


def narrowed(old: str, new: str) -> bool:
    """Whether a condition lets less through than before: there was none, or it demands more."""
    if not new or new == old:
        return False
    if not old:
        return any(not _harmless(part) for part in new.split("&&"))
    # More demands joined by `&&` let less through; with `||` in it that cannot be known.
    more = [part for part in new.split("&&") if part not in old.split("&&")]
    kept = [part for part in old.split("&&") if part in new.split("&&")]
    return len(kept) == len(old.split("&&")) and "||" not in new and any(not _harmless(part) for part in more)
