"""Words that every package shares: names, errors, states, time, patterns, reason codes."""
