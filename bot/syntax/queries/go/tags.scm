; What a text defines, imports and uses. A name without @reference may be a definition, so it never counts as missing.

; --- definitions
(function_declaration name: (_) @name) @definition
(method_declaration name: (_) @name) @definition.method
(type_spec name: (_) @name) @definition
(const_spec name: (_) @name) @value
(var_spec name: (_) @name) @value

; --- names and their uses
[(identifier) (type_identifier) (package_identifier)] @name_
(argument_list [(identifier) (type_identifier)] @reference)
(generic_type (type_identifier) @reference)
(pointer_type (type_identifier) @reference)
(slice_type (type_identifier) @reference)
(array_type [(identifier) (type_identifier)] @reference)
(map_type (type_identifier) @reference)
(binary_expression (identifier) @reference)
(unary_expression (identifier) @reference)
(parenthesized_expression (identifier) @reference)
(expression_statement (identifier) @reference)
(call_expression function: (identifier) @reference)
(selector_expression operand: (identifier) @reference)
(qualified_type package: (package_identifier) @reference)
(composite_literal type: (type_identifier) @reference)
(field_declaration type: (type_identifier) @reference)
(method_declaration result: (type_identifier) @reference)
(parameter_declaration type: (type_identifier) @reference)
(function_declaration result: (type_identifier) @reference)

; --- imports
(import_spec name: (_) @import)
(import_spec !name path: (_) @import.path)

; --- what decides whether a missing name may come from elsewhere
