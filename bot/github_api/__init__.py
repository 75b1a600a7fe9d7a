"""Calls GitHub's API: one module for each kind of object, with typed errors and immutable values."""
