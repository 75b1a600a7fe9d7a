"""From an issue to a pull request."""
