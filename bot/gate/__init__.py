"""May it merge: the snapshot, the decision, its explanation, and acting on it."""
