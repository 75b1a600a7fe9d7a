"""Finds changes that weaken the tests or the CI that check them. No model, no I/O."""
