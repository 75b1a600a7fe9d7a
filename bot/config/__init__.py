"""`.github/cadence.yml`: its model, reading and checking it, its JSON Schema and the tests in it."""
