"""From a blueprint (the issue) to a ChangeSet: which files the model gets, its prompt, its corrections."""
