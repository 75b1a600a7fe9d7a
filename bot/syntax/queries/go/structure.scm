; Definitions with their names, and import statements: what a file's outline and the import graph are made of.
(function_declaration name: (_) @name) @definition
(method_declaration name: (_) @name) @definition
(type_spec name: (_) @name) @definition
(import_spec) @import
