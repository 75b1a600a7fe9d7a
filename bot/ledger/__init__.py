"""The ledger, a database of what Cadence received, decided and did."""
