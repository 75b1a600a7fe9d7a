"""From a pull request to a merge."""
