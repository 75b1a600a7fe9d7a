"""Which files of a repository the planner is shown."""
