"""What `.github/cadence.yml` says about the guards, and what it may not say."""

from __future__ import annotations

import pytest

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit
from bot.config.load import load_config
from bot.core.errors import ConfigInvalid
from bot.core.findings import Severity
from tests.fakes.dict_tree import DictTree

TREE = DictTree(
    {"a.txt": "one\ntwo\nthree\nfour\nfive\n", ".github/workflows/ci.yml": "on: push\n", "docs/CODEOWNERS": "x\n"}
)
CUT = Edit(path="a.txt", mode="modify", after="one\ntw")


def verdict(text: str, *edits: Edit, message: str = "Change") -> dict[str, Severity]:
    config = GuardConfig.from_repo(load_config(text))
    checked = check(ChangeSet(version=2, message=message, edits=edits), TREE, config)
    assert checked.accepted == (Severity.ERROR not in [f.severity for f in checked.findings])
    return {f.code: f.severity for f in checked.findings}


def test_a_code_and_a_family_can_be_graded_and_the_code_wins() -> None:
    assert verdict("version: 1\n", CUT) == {"loss.truncated": Severity.ERROR}
    assert verdict("guards: {severities: {loss: warning}}\n", CUT) == {"loss.truncated": Severity.WARNING}
    both = "guards: {severities: {loss: warning, loss.truncated: note}}\n"
    assert verdict(both, CUT) == {"loss.truncated": Severity.NOTE}


def test_a_warning_can_be_made_to_refuse() -> None:
    text = "guards: {severities: {message.mention: error}}\n"
    fine = Edit(path="b.txt", mode="add", after="b\n")
    assert verdict(text, fine, message="For @anna") == {"message.mention": Severity.ERROR}


def test_caps_come_from_the_file() -> None:
    big = Edit(path="b.txt", mode="add", after="x" * 200)
    assert verdict("guards: {max_file_bytes: 100}\n", big) == {"size": Severity.ERROR}
    assert verdict("version: 1\n", big) == {}


@pytest.mark.parametrize("code", ["contract", "contract.no_op", "path", "path.git", "stale"])
def test_what_makes_a_change_set_exact_is_never_weakened(code: str) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        load_config(f"guards:\n  severities:\n    {code}: warning\n")
    assert f"line 3, column 5: guards.severities.{code}" in raised.value.details[0]


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ConfigInvalid) as raised:
        load_config("guards: {severities: {losss: warning}}\n")
    assert "no guard has this code" in raised.value.details[0]


def test_workflows_stay_closed_whatever_is_configured() -> None:
    text = "plan: {protected: []}\nguards: {severities: {protected: note}}\n"
    workflow = Edit(path=".github/workflows/ci.yml", mode="modify", after="on: pull_request\n")
    assert verdict(text, workflow) == {"protected.workflow": Severity.ERROR}
    owners = Edit(path="docs/CODEOWNERS", mode="modify", after="y\n")
    assert verdict("guards: {severities: {protected: note}}\n", owners) == {"protected.codeowners": Severity.NOTE}
