; What a text defines, imports and uses. A name without @reference may be a definition, so it never counts as missing.
; Shared by JavaScript and TypeScript, whose grammars name these nodes alike.

; --- definitions
(function_declaration name: (_) @name) @definition
(generator_function_declaration name: (_) @name) @definition
(class_declaration name: (_) @name) @definition
(method_definition name: (_) @name) @definition.method
(class name: (_) @name) @definition
(variable_declarator name: (_) @name) @value

; --- names and their uses
(arguments (identifier) @reference)
(return_statement (identifier) @reference)
(binary_expression (identifier) @reference)
(unary_expression (identifier) @reference)
(await_expression (identifier) @reference)
(spread_element (identifier) @reference)
(template_substitution (identifier) @reference)
(array (identifier) @reference)
(ternary_expression (identifier) @reference)
(decorator (identifier) @reference)
(parenthesized_expression (identifier) @reference)
(expression_statement (identifier) @reference)
(object (shorthand_property_identifier) @reference)
(call_expression function: (identifier) @reference)
(new_expression constructor: (identifier) @reference)
(member_expression object: (identifier) @reference)
(subscript_expression object: (identifier) @reference)
(pair value: (identifier) @reference)
(variable_declarator value: (identifier) @reference)
(assignment_expression right: (identifier) @reference)
(arrow_function body: (identifier) @reference)

; --- imports
(import_specifier name: (_) @import !alias)
(import_specifier alias: (_) @import)
(import_clause (identifier) @import)
(namespace_import (identifier) @import)

; --- what decides whether a missing name may come from elsewhere
(class_heritage) @supertype
(call_expression function: (member_expression object: (this) property: (_) @own)) @own_call
