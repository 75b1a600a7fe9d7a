"""Every code of the weakening gate: what it says, and what would make the change acceptable."""

from __future__ import annotations

from types import MappingProxyType

MEANINGS = MappingProxyType(
    {
        "tests.removed": "a test is gone, and no test of the change took its place or took it in",
        "tests.file_deleted": "a file with tests is deleted while what it tested stays",
        "tests.renamed_away": "a test is kept under a name or without the mark by which the runner finds it",
        "tests.commented_out": "a test or a check is now in a comment",
        "tests.skip": "a test that ran before is skipped",
        "tests.skip_conditional": "a test that ran everywhere now runs only under a condition",
        "tests.xfail": "a test that had to pass may now fail",
        "tests.focus": "one test is focused, so the others do not run",
        "tests.emptied": "a test no longer checks anything",
        "tests.assertion_removed": "a test checks less than before",
        "tests.assertion_loosened": "a check demands less than before",
        "tests.assertion_guarded": "a check that always ran now runs only under a condition",
        "tests.assertion_swallowed": "a check's failure is caught before it reaches the runner",
        "tests.assertion_unreachable": "a check is still written and never runs",
        "tests.assertion_unawaited": "a check is a promise, and nothing waits for it any more",
        "tests.not_collected": "a test is still written, and the runner no longer collects it",
        "tests.shadowed": "a test is replaced at run time by a second definition of its name",
        "tests.runner_hook": "a hook of the test runner skips tests, hides them or changes their results",
        "tests.unreadable": "a file of tests could not be read, so nothing is known of it",
        "tests.tolerance_raised": "a check allows a larger difference",
        "tests.cases_removed": "a test runs on fewer cases",
        "ci.job_removed": "a job with checks is gone and nothing new makes them",
        "ci.step_removed": "a check is no longer run",
        "ci.file_deleted": "a pipeline is deleted, and no other makes its checks",
        "ci.hook_removed": "a pre-commit hook is gone and nothing took its place",
        "ci.failure_ignored": "a check still runs, and its failure counts for nothing",
        "ci.disabled": "a job, step or hook never runs automatically any more",
        "ci.condition": "a check that always ran now runs only under a condition",
        "ci.tests_narrowed": "the test runner is told to run fewer tests",
        "ci.gate_narrowed": "a job that stands for others no longer waits for one of them",
        "ci.unreadable": "a pipeline or a settings file could not be read, so nothing is known of it",
        "ci.matrix": "the checks run on fewer platforms",
        "ci.trigger": "the checks run on fewer events or paths",
        "ci.unpinned": "an action was pinned to a commit and now follows a name that can move",
        "ci.threshold": "a limit of coverage, complexity, size or length is easier to keep",
        "ci.lint_ignored": "a linter or the coverage leaves out more than before",
        "ci.lint_removed": "a rule, plugin or linter is no longer selected",
        "ci.lint_relaxed": "a switch or severity that made a check strict is weaker",
        "ci.warning_ignored": "the tests ignore a warning that they showed or failed on before",
    }
)
"""The stable codes; more may be added, none changed."""

REMEDY = "Undo it, or have a person with write access approve it by name."
"""The next step for all of them: a machine does not decide that a check was worth less."""
