; inherits: javascript
(abstract_class_declaration name: (_) @name) @helper
