"""The reviewers' self test: known defects in clean changes, and how many of them a reviewer finds."""
