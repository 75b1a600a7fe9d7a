"""A bounded look around a repository before a change is planned: what a model may look up, and what it cites."""
