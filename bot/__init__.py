"""Cadence: the coding agent whose merge you can check."""

__version__ = "0.1.0"
