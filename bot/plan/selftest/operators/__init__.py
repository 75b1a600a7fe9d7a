"""The mutation operators: each undoes one kind of edit in a sample, without chance."""
