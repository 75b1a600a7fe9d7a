"""Guards: pure functions from a ChangeSet, a tree and a configuration to findings, one module per family of codes."""
