"""Tools for people who work on Cadence; none of them is part of the package."""
