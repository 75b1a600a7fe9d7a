; Definitions with their names, and import statements: what a file's outline and the import graph are made of.
(function_declaration name: (_) @name) @definition
(generator_function_declaration name: (_) @name) @definition
(class_declaration name: (_) @name) @scope
(method_definition name: (_) @name) @definition
(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression) (generator_function)]) @definition
(variable_declarator name: (identifier) @name value: (class)) @scope
(assignment_expression left: (_) @name right: [(arrow_function) (function_expression) (generator_function)]) @definition
(assignment_expression left: (_) @name right: (class)) @scope
(pair key: (_) @name value: [(arrow_function) (function_expression)]) @definition
(import_statement) @import
(export_statement source: (_)) @import
(variable_declarator value: (call_expression function: (identifier) @_require arguments: (arguments . (string))) (#eq? @_require "require")) @import
