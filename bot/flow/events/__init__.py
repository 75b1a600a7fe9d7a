"""What a delivery leads to, and what is written on GitHub for it."""
