"""The commands, one module for each group; every command imports what it needs when it is called, to start quickly."""
