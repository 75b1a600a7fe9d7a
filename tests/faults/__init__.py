"""Crashes and stops at every point of a run: `make faults` prints the table, test_faults.py tries a sample."""
