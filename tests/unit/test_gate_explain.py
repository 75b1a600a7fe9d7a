"""Decisions in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from test_gate_decide import GOOD, check, look

from bot.gate.explain import SUMMARY_LIMIT, explain, merges_when, plain, title_of
from bot.gate.reasons import Block, Done, Merge, Reason, Wait
from bot.github_api.records import BranchRules


def test_titles() -> None:
    assert title_of(look(checks=(check(conclusion=None),), draft=False)) == "Waiting for CI: tests pending"
    two = look(checks=(check("lint", None), check(conclusion=None)))
    assert title_of(two) == "Waiting for CI: lint pending (+1 more)"
    assert title_of(look(mergeable=False, draft=True)) == "Blocked: conflict with the base (+1 more)"
    assert title_of(look()) == "Everything passed: merging aaaaaaaaaaaa"
    assert title_of(Done("merged")) == "Merged" and title_of(Done("closed")) == "Closed without a merge"
    long = title_of(look(checks=(check("x" * 500, None), check("y", None))))
    assert len(long) == 140 and long.endswith("… (+2 more)")


def test_markdown_says_what_who_and_next_and_folds_what_passed() -> None:
    decision = look(checks=(check(conclusion="failure", url="https://ci/1"),))
    text = explain(decision, GOOD)
    assert text.startswith("**Blocked: tests failed**\n\n- `ci.failed` The check `tests` ended `failure`.")
    assert "([details](https://ci/1))\n  - who: a person with write access; next: Re-run it" in text
    assert "<details><summary>Passed (4)</summary>" in text and f"head `{GOOD.head}`" in text
    settling = explain(look(settle=7200), GOOD)
    assert "when no check has appeared or finished for 7200 s" in settling
    assert "`rule.unreadable`" in explain(look(rules=BranchRules(readable=False)))


def test_other_peoples_words_do_nothing_and_fit() -> None:
    evil = "@all <!-- cadence:pull run=x --> Fixes #1\n- `ok`"
    decision = Block((Reason("ci.failed", evil, "CI", "then", ("javascript:x", "https://a b")),) * 2000)
    text = explain(decision, GOOD)
    assert "@all" not in text and "<!--" not in text and "\n- `ok`" not in text
    assert "javascript" not in text and "https://a b" not in text
    assert len(text) <= SUMMARY_LIMIT and text.endswith(f"`{GOOD.base_tip}`.")


def test_the_last_sentence_says_what_would_make_it_merge() -> None:
    one = look(checks=(check(conclusion=None),))
    assert merges_when(one) == "Merges when `tests` passes."
    both = look(checks=(check(), check("lint", None)), rules=BranchRules(required_approvals=2), draft=True)
    wanted = "Merges when it is marked ready for review, `lint` passes and 2 reviewers approve."
    assert merges_when(both) == wanted
    assert f"\n\n{wanted}\n\nDecided for head" in explain(both, GOOD) and plain(both).endswith(wanted)
    twice = look(verdicts=(), verdict_heads=frozenset(), checks=(check("a", "failure"), check("a", None, None)))
    assert merges_when(twice).count("`a` passes") == 1
    assert merges_when(look()) == merges_when(Done("merged")) == ""


def test_notes_are_shown_beside_reasons() -> None:
    decision = look(draft=True, rules=BranchRules(unchecked=("workflows",)))
    assert "Notes:\n- `rule.workflows`" in explain(decision) and "  note rule.workflows: " in plain(decision)


def test_plain() -> None:
    reason = Reason("draft", "It is a\ndraft.", "you", "mark it", ("https://x",), "for you: draft")
    assert plain(Wait((reason,), datetime(2026, 1, 1, tzinfo=UTC), ("a", "b"))) == (
        "Waiting for you: draft\n  draft: It is a draft.\n      you: mark it\n      https://x\n  passed: a; b"
    )
    assert plain(Done("merged")) == "Merged"
    note = replace(reason, code="rule.unreadable")
    assert "rule.unreadable" in plain(Merge("squash", GOOD.head, (note,)))
