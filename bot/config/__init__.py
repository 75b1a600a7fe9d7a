"""`.github/cadence.yml`: its model, loading, semantic checks, JSON Schema and test format."""
