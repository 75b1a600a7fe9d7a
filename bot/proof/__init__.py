"""Proofs of merges: signed statements, bundles, rebuilding and verifying."""
