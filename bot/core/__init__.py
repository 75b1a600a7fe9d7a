"""What every package uses: names, errors, states of a run, time, patterns, reason codes."""
