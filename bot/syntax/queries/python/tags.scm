; What a text defines, imports and uses. A name without @reference may be a definition, so it never counts as missing.

; --- definitions
(function_definition name: (_) @name) @definition
(class_definition name: (_) @name) @definition

; --- names and their uses
(identifier) @name_
(argument_list (identifier) @reference)
(generic_type (identifier) @reference)
(return_statement (identifier) @reference)
(decorator (identifier) @reference)
(parenthesized_expression (identifier) @reference)
(expression_statement (identifier) @reference)
(parameter type: (identifier) @reference)
(pair value: (identifier) @reference)
(call function: (identifier) @reference)
(attribute object: (identifier) @reference)
(assignment right: (identifier) @reference)
(comparison_operator (identifier) @reference)
(assert_statement (identifier) @reference)
(decorator (identifier) @reference)

; --- imports
(import_statement name: (dotted_name . (identifier) @import))
(import_statement name: (aliased_import alias: (_) @import))
(import_from_statement name: (dotted_name (identifier) @import .))
(import_from_statement name: (aliased_import alias: (_) @import))
(wildcard_import) @wildcard

; --- what decides whether a missing name may come from elsewhere
