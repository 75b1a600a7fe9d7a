"""After the merge."""
