"""The planner's self test: edits of sample repositories are undone, and a model has to restore them."""
