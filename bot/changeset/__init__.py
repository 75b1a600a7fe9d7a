"""ChangeSets, lists of edits in JSON: their model and schema, reading, checking and applying them."""
