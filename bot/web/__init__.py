"""HTTP endpoints other than the webhook: health, public keys, JSON Schemas."""
