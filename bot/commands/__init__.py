"""`/cadence ...` commands: permission check, one file per verb, answers."""
