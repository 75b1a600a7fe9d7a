; What a text defines, imports and uses. A name without @reference may be a definition, so it never counts as missing.

; --- definitions
(function_definition name: (_) @name) @definition
(function_definition declarator: (function_declarator declarator: (identifier) @name)) @definition
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))) @definition
(struct_specifier name: (_) @name body: (_)) @definition
(preproc_def name: (_) @name) @definition
(preproc_function_def name: (_) @name) @definition
(type_definition declarator: (type_identifier) @name) @definition

; --- names and their uses
[(identifier) (type_identifier)] @name_
(argument_list (identifier) @reference)
(return_statement (identifier) @reference)
(binary_expression (identifier) @reference)
(unary_expression (identifier) @reference)
(parenthesized_expression (identifier) @reference)
(expression_statement (identifier) @reference)
(call_expression function: (identifier) @reference)
(field_declaration type: (type_identifier) @reference)
(parameter_declaration type: (type_identifier) @reference)
(assignment_expression right: (identifier) @reference)

; --- imports

; --- what decides whether a missing name may come from elsewhere
