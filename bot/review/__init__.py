"""The two reviews of a change: diff, rules, prompts, verdicts (the results), and their text on GitHub."""
