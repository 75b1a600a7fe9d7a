"""The append-only record of what Cadence received, decided and did."""
