"""Everything that changes GitHub or costs money: kinds of effects, and the one gateway that they go through."""
