"""Webhook deliveries: signature, parsing to typed events, who is allowed to ask."""
