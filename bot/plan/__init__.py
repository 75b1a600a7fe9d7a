"""From a blueprint to a ChangeSet: blueprint, context, prompt, planner."""
