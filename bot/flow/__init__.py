"""The workflows: what happens for a delivery, a run, a review, a pull request and after a merge."""
