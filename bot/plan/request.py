"""What is planned, and what a plan is: plain values between the flow, the planner and the editor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.changeset.model import ChangeSet
from bot.changeset.tree import TreeChange, TreeReader
from bot.config.model import RepoConfig
from bot.core.findings import Finding
from bot.core.names import CommitSha, RunId
from bot.llm.model import Completion, Prompt
from bot.plan.answer_form import Form
from bot.plan.blueprint import Blueprint
from bot.plan.context.pack import ContextPack
from bot.plan.explore.looking import Search
from bot.plan.explore.values import DEFAULT_LIMITS, Limits, Look

Ask = Callable[[Prompt], Completion]
RecordFindings = Callable[[RunId, int, Sequence[Finding]], None]
"""Keeps what was wrong with one attempt of a run, counted from 1: `Ledger.record_findings`."""
RecordContext = Callable[[RunId, ContextPack], None]
"""Keeps what the model is shown for a run, before it is asked: `Ledger.record_context`."""

RecordLooks = Callable[[RunId, Sequence[Look]], None]
"""Keeps what the model looked up for a run, with the answers: `Ledger.record_looks`."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What to plan, on which commit, under which config; `token_budget` is for the files shown to the model."""

    run: RunId
    blueprint: Blueprint
    guidance: str
    base: CommitSha
    tree: TreeReader
    config: RepoConfig
    token_budget: int = 24_000
    use_paths: tuple[str, ...] = ()
    """Files that a person asked for by `/cadence use`: shown first, after `plan.context_docs`."""
    recent: tuple[str, ...] = ()
    """Paths that recent commits changed, newest first, each as often as it changed."""
    index_path: Path | None = None
    """The file in which the index of the repository is kept; None keeps it in memory."""
    form: Form = "text"
    search: Search | None = None
    """Searches the base's text, for the look around; None: there is none."""
    explore: Limits = DEFAULT_LIMITS

    @property
    def text(self) -> str:
        """What people wrote about the change: the blueprint's title and text, and the guidance."""
        return f"{self.blueprint.title}\n{self.blueprint.text}\n{self.guidance}"


@dataclass(frozen=True, slots=True)
class Planned:
    """A ChangeSet that passed the guards, the changes it makes to the tree, and how it was made.

    `files_read` are the paths whose content the model was shown; `attempts` counts the model's answers.
    """

    change_set: ChangeSet
    changes: tuple[TreeChange, ...]
    summary: str
    plan: str
    files_read: tuple[str, ...]
    attempts: int
    notes: tuple[str, ...]
    origin: Literal["model", "blueprint"]
    findings: tuple[Finding, ...] = ()
