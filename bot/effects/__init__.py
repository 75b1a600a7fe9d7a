"""Everything that changes the outside world: kinds of effects, the gateway, its guard."""
