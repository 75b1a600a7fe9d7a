"""Reviews of a change: diff, rules, prompts, verdicts, report."""
