"""Codes of weakened tests and CI, found by comparing two trees."""

from __future__ import annotations

from bot.core.codes.reason_code import APPROVE, APPROVED, WAIT, WRITER, ReasonCode


def _weakened(code: str, meaning: str) -> ReasonCode:
    # One next step for all of them: whether a check was worth less is for a person to decide, and no model is asked.
    return ReasonCode(code, meaning, APPROVE, WRITER, kinds=WAIT, when=APPROVED)


WEAKENED = (
    _weakened("tests.removed", "a test is gone, and no test of the change took its place or took it in"),
    _weakened("tests.file_deleted", "a file with tests is deleted while what it tested stays"),
    _weakened("tests.renamed_away", "a test is kept under a name or without the mark by which the runner finds it"),
    _weakened("tests.commented_out", "a test or a check is now in a comment"),
    _weakened("tests.skip", "a test that ran before is skipped"),
    _weakened("tests.skip_conditional", "a test that ran everywhere now runs only under a condition"),
    _weakened("tests.xfail", "a test that had to pass may now fail"),
    _weakened("tests.focus", "one test is focused, so the others do not run"),
    _weakened("tests.emptied", "a test no longer checks anything"),
    _weakened("tests.assertion_removed", "a test checks less than before"),
    _weakened("tests.assertion_loosened", "a check demands less than before"),
    _weakened("tests.assertion_guarded", "a check that always ran now runs only under a condition"),
    _weakened("tests.assertion_swallowed", "a check's failure is caught before it reaches the runner"),
    _weakened("tests.assertion_unreachable", "a check is still written and never runs"),
    _weakened("tests.assertion_unawaited", "a check is a promise, and nothing waits for it any more"),
    _weakened("tests.not_collected", "a test is still written, and the runner no longer collects it"),
    _weakened("tests.shadowed", "a test is replaced at run time by a second definition of its name"),
    _weakened("tests.runner_hook", "a hook of the test runner skips tests, hides them or changes their results"),
    _weakened("tests.unreadable", "a file of tests could not be read, so nothing is known of it"),
    _weakened("tests.tolerance_raised", "a check allows a larger difference"),
    _weakened("tests.cases_removed", "a test runs on fewer cases"),
    _weakened("ci.job_removed", "a job with checks is gone and nothing new makes them"),
    _weakened("ci.step_removed", "a check is no longer run"),
    _weakened("ci.file_deleted", "a pipeline is deleted, and no other makes its checks"),
    _weakened("ci.hook_removed", "a pre-commit hook is gone and nothing took its place"),
    _weakened("ci.failure_ignored", "a check still runs, and its failure counts for nothing"),
    _weakened("ci.disabled", "a job, step or hook never runs automatically any more"),
    _weakened("ci.condition", "a check that always ran now runs only under a condition"),
    _weakened("ci.tests_narrowed", "the test runner is told to run fewer tests"),
    _weakened("ci.gate_narrowed", "a job that sums up others no longer waits for one of them"),
    _weakened("ci.unreadable", "a pipeline or a settings file could not be read, so nothing is known of it"),
    _weakened("ci.matrix", "the checks run on fewer platforms"),
    _weakened("ci.trigger", "the checks run on fewer events or paths"),
    _weakened("ci.unpinned", "an action was pinned to a commit and now follows a name that can move"),
    _weakened("ci.threshold", "a limit of coverage, complexity, size or length is easier to keep"),
    _weakened("ci.lint_ignored", "a linter or the coverage leaves out more than before"),
    _weakened("ci.lint_removed", "a rule, plugin or linter is no longer selected"),
    _weakened("ci.lint_relaxed", "a switch or severity that made a check strict is weaker"),
    _weakened("ci.warning_ignored", "the tests ignore a warning that they showed or failed on before"),
)
