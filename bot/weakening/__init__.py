"""The deterministic gate on a change that weakens the tests or the CI that check it. No model, no I/O."""
