"""What the planning model answers: numbered text blocks and one envelope, read into a ChangeSet."""
