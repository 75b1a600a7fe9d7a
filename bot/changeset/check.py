"""Checks a ChangeSet on a tree: accepts it with its changes, or refuses it with findings. The package's one entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.changeset.edits import Resolution, resolve
from bot.changeset.guards.code_references import code_reference_findings
from bot.changeset.guards.disguise import disguise_findings
from bot.changeset.guards.documents import document_findings
from bot.changeset.guards.elision import elision_findings
from bot.changeset.guards.fragments import fragment_findings
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.guards.imports import import_findings
from bot.changeset.guards.manifests import manifest_findings
from bot.changeset.guards.message import message_findings
from bot.changeset.guards.path_forms import freed_paths
from bot.changeset.guards.protected import protected_findings
from bot.changeset.guards.references import reference_findings
from bot.changeset.guards.secret import secret_findings
from bot.changeset.guards.size import size_findings
from bot.changeset.guards.stubs import stub_findings
from bot.changeset.guards.syntax import syntax_findings
from bot.changeset.guards.view import FileView, ResultTree, with_elsewhere, with_moves
from bot.changeset.model import ChangeSet, Edit
from bot.changeset.tree import TreeChange, TreeReader
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Checked:
    """`changes` is empty unless accepted; warnings and notes are in `findings` either way."""

    changes: tuple[TreeChange, ...]
    findings: tuple[Finding, ...]
    accepted: bool


def check(change_set: ChangeSet, tree: TreeReader, config: GuardConfig, mentioned: str = "") -> Checked:
    """Checks the form, the paths and the pins, then runs every guard on the result; never raises for bad input.

    `mentioned` is the text of blueprint and plan: only names that occur in it may be declared in `removes`.
    """
    resolution = resolve(change_set, tree)
    said = (*resolution.findings, *_guarded(change_set, resolution, tree, config, mentioned))
    findings = tuple(dict.fromkeys(config.graded(f) for f in said))
    accepted = not any(f.severity is Severity.ERROR for f in (*findings, *resolution.findings))
    return Checked(resolution.changes if accepted else (), findings, accepted)


def _guarded(
    change_set: ChangeSet, resolution: Resolution, tree: TreeReader, config: GuardConfig, mentioned: str
) -> Iterator[Finding]:
    yield from message_findings(change_set.message)
    yield from protected_findings(change_set, config)
    yield from size_findings(resolution.edits, len(change_set.edits), config)
    removes: list[frozenset[str]] = []
    for index, named in enumerate(change_set.edits):
        allowed, findings = _declared(index, named, mentioned)
        removes.append(allowed)
        yield from findings
    views = with_elsewhere(with_moves([FileView.of(edit, removes[edit.index]) for edit in resolution.edits]))
    for edit in resolution.edits:
        yield from secret_findings(edit.index, edit.path, edit.before, edit.after)
    for view in views:
        yield from disguise_findings(view)
        yield from elision_findings(view)
        yield from fragment_findings(view)
        yield from document_findings(view)
        yield from syntax_findings(view)
        yield from stub_findings(view)
    result = ResultTree(tree, resolution.edits, freed_paths(change_set))
    yield from manifest_findings(views, result)
    yield from reference_findings(views, result)
    yield from code_reference_findings(views, result)
    yield from import_findings(views, result)


def _declared(index: int, edit: Edit, mentioned: str) -> tuple[frozenset[str], list[Finding]]:
    allowed, findings = set(), []
    for name in edit.removes:
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", mentioned):
            allowed.add(name)
            message = f"{edit.path} declares that it removes {name}"
            findings.append(make_finding("loss.declared", message, edit=index, path=edit.path))
        else:
            message = f"{edit.path} declares that it removes {name}, which neither blueprint nor plan mentions"
            findings.append(make_finding("loss.undeclared_removal", message, edit=index, path=edit.path))
    return frozenset(allowed), findings
