; What a text defines, imports and uses. A name without @reference may be a definition, so it never counts as missing.

; --- definitions
(function_item name: (_) @name) @definition
(struct_item name: (_) @name) @definition
(enum_item name: (_) @name) @definition
(union_item name: (_) @name) @definition
(trait_item name: (_) @name) @definition
(type_item name: (_) @name) @definition
(mod_item name: (_) @name) @definition
(macro_definition name: (_) @name) @definition
(const_item name: (_) @name) @value
(static_item name: (_) @name) @value

; --- names and their uses
[(identifier) (type_identifier)] @name_
(arguments (identifier) @reference)
(generic_type [(identifier) (type_identifier)] @reference)
(type_arguments (type_identifier) @reference)
(pointer_type (type_identifier) @reference)
(array_type [(identifier) (type_identifier)] @reference)
(reference_type (type_identifier) @reference)
(binary_expression (identifier) @reference)
(unary_expression (identifier) @reference)
(await_expression (identifier) @reference)
(parenthesized_expression (identifier) @reference)
(expression_statement (identifier) @reference)
(try_expression (identifier) @reference)
(reference_expression (identifier) @reference)
(call_expression function: (identifier) @reference)
(scoped_identifier path: (identifier) @reference)
(scoped_type_identifier path: (identifier) @reference)
(macro_invocation macro: (identifier) @reference)
(impl_item type: (type_identifier) @reference)
(impl_item trait: (type_identifier) @reference)
(field_declaration type: (type_identifier) @reference)
(parameter type: (type_identifier) @reference)
(function_item return_type: (type_identifier) @reference)
(struct_expression name: (type_identifier) @reference)
(assignment_expression right: (identifier) @reference)

; --- imports
(use_declaration argument: (_) @import.tree)
((use_wildcard) @wildcard (#not-match? @wildcard "super"))

; --- what decides whether a missing name may come from elsewhere
(call_expression function: (field_expression value: (self) field: (_) @own)) @own_call
