"""What a text says by its syntax: trees, the queries that ask them, and the outline of names."""
