"""One module per language: what begins a test there, what checks, what skips."""
