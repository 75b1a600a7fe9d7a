; Definitions with their names, and import statements: what a file's outline and the import graph are made of.
(function_definition name: (identifier) @name) @definition
(class_definition name: (identifier) @name) @scope
[(import_statement) (import_from_statement)] @import
