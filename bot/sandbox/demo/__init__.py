"""`cadence demo`: stories that run the main job on embedded parts, and checks of the result."""
