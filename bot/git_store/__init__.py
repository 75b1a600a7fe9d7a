"""Bare mirrors of repositories: fetching, reading, writing commits, pushing."""
