"""Parses source files: syntax trees, queries on them, and the names that a file defines and uses."""
