"""The deterministic gate on a change that weakens the tests or the CI which judge it. No model, no I/O."""
