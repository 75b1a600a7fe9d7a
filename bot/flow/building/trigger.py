"""Which label starts a run: read from the config as it is now, before there is any run or mirror."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.config.load import LoadedConfig, config_digest, read_config
from bot.core.errors import ConfigInvalid
from bot.core.names import CONFIG_PATH, TRIGGER_LABEL, IssueNumber, RepoRef
from bot.flow.services import Services
from bot.github_api.issue_records import IssueEvent, IssueHistory
from bot.github_api.records import BranchFile
from bot.intake.authority import label_in_force

MAX_NAMED = 3
_NAMED = re.compile(r"""\blabel["']?[ \t]*:[ \t]*["']?([^\s"'#,{}\[\]][^"'#,{}\[\]\n]{0,49})""")


@dataclass(frozen=True, slots=True)
class Trigger:
    """The labels that lead to a run.

    A config that can be used has one. One that cannot be used has those that its text seems to name: their runs end at
    the first step, which says on the issue why. `error` is given then.
    """

    labels: tuple[str, ...]
    error: ConfigInvalid | None = None
    loaded: LoadedConfig | None = None
    """The config that names the labels."""

    def is_named(self, label: str | None) -> bool:
        """Whether the label leads to a run; GitHub's labels are the same in upper and lower case."""
        return (label or "").casefold() in {one.casefold() for one in self.labels}

    def in_force(self, history: IssueHistory) -> IssueEvent | None:
        """The event that put the label on which the issue carries now."""
        return next((event for one in self.labels if (event := label_in_force(history, one))), None)

    def why_not(self, label: str | None) -> str:
        """Why the label leads to nothing."""
        if self.error is not None:
            return f"{self.error}; the label {label!r} is not one that the file seems to name"
        return f"the label {label!r} is not {self.labels[0]!r}"


def read_trigger(services: Services, ref: RepoRef) -> Trigger:
    """Ask GitHub for the config of the default branch, or of the `plan.base` that it names."""
    return trigger_of(services, ref, services.github.at(ref).files.at_tip(CONFIG_PATH))


def read_issue(services: Services, ref: RepoRef, issue: IssueNumber) -> tuple[IssueHistory, Trigger]:
    """The issue's history and the labels that start runs, as GitHub has both now. Raises NotFound without the issue."""
    history, file = services.github.at(ref).issues.history_with(issue, CONFIG_PATH)
    return history, trigger_of(services, ref, file)


def config_for(services: Services, ref: RepoRef, base_branch: str) -> LoadedConfig:
    """The config that says who may give commands, as it is on GitHub now.

    It is the one at the tip of the base branch; where that is not known yet, or gone, at the tip of `plan.base` or of
    the default branch, which is where a new run would go.
    """
    if base_branch:
        file = services.github.at(ref).files.at_tip(CONFIG_PATH, base_branch)
        if file.branch_exists:
            return _loaded(file)
    loaded = read_trigger(services, ref).loaded
    assert loaded is not None
    return loaded


def trigger_of(services: Services, ref: RepoRef, default: BranchFile) -> Trigger:
    """The trigger that the default branch's file leads to: runs go by the config of the base that they change."""
    loaded = _loaded(default)
    base = loaded.config.plan.base if loaded.config else None
    if base:
        there = services.github.at(ref).files.at_tip(CONFIG_PATH, base)
        if there.branch_exists:
            default, loaded = there, _loaded(there)
    if loaded.config is not None:
        return Trigger((loaded.config.trigger.label,), loaded=loaded)
    return Trigger(_seemingly_named(default.text or ""), loaded.error, loaded)


def _loaded(file: BranchFile) -> LoadedConfig:
    if file.present and file.text is None:
        wrong = ConfigInvalid(f"{CONFIG_PATH} is not the whole text of a file")
        return LoadedConfig(config_digest(None), None, wrong)
    return read_config(None if file.text is None else file.text.encode("utf-8"))


def _seemingly_named(text: str) -> tuple[str, ...]:
    """What the label seems to be in a file that is not a valid config; the default where it names none."""
    found = dict.fromkeys(match.strip() for match in _NAMED.findall(text))
    return tuple(found)[:MAX_NAMED] or (TRIGGER_LABEL,)
