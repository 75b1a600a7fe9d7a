"""Judging a change: diff, rules, prompts, verdicts, report."""
