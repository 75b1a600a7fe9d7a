"""The ChangeSet contract: model, schema, normalising, checking, applying."""
