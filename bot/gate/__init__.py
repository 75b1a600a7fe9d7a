"""Decides whether a pull request merges, explains the decision, and acts on it."""
