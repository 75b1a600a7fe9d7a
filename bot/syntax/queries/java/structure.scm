; Definitions with their names, and import statements: what a file's outline and the import graph are made of.
(class_declaration name: (_) @name) @scope
(interface_declaration name: (_) @name) @scope
(enum_declaration name: (_) @name) @scope
(record_declaration name: (_) @name) @scope
(annotation_type_declaration name: (_) @name) @scope
(method_declaration name: (_) @name) @definition
(constructor_declaration name: (_) @name) @definition
(import_declaration) @import
