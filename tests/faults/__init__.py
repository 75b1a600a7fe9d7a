"""Crashes at every point of a run: `python -m tests.faults` prints the table, `make faults` runs it."""
