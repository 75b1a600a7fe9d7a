; What a text defines, imports and uses. A name without @reference may be a definition, so it never counts as missing.

; --- definitions
(class_declaration name: (_) @name) @definition
(interface_declaration name: (_) @name) @definition
(enum_declaration name: (_) @name) @definition
(record_declaration name: (_) @name) @definition
(annotation_type_declaration name: (_) @name) @definition
(method_declaration name: (_) @name) @definition.method
(constructor_declaration name: (_) @name) @definition
(variable_declarator name: (_) @name) @value

; --- names and their uses
[(identifier) (type_identifier)] @name_
(argument_list (identifier) @reference)
(generic_type (type_identifier) @reference)
(type_arguments (type_identifier) @reference)
(array_type (type_identifier) @reference)
(superclass (type_identifier) @reference)
(type_list (type_identifier) @reference)
(throws (type_identifier) @reference)
(class_literal (type_identifier) @reference)
(return_statement (identifier) @reference)
(binary_expression (identifier) @reference)
(unary_expression (identifier) @reference)
(ternary_expression (identifier) @reference)
(parenthesized_expression (identifier) @reference)
(expression_statement (identifier) @reference)
(object_creation_expression type: (type_identifier) @reference)
(marker_annotation name: (identifier) @reference)
(annotation name: (identifier) @reference)
(method_invocation object: (identifier) @reference)
(field_access object: (identifier) @reference)
(cast_expression type: (type_identifier) @reference)
(instanceof_expression right: (type_identifier) @reference)
(formal_parameter type: (type_identifier) @reference)
(field_declaration type: (type_identifier) @reference)
(local_variable_declaration type: (type_identifier) @reference)
(method_declaration type: (type_identifier) @reference)
(variable_declarator value: (identifier) @reference)
(assignment_expression right: (identifier) @reference)
(method_invocation !object name: (identifier) @reference)

; --- imports
(import_declaration [(scoped_identifier name: (_) @import) (identifier) @import] .)
(import_declaration (asterisk)) @wildcard

; --- what decides whether a missing name may come from elsewhere
(superclass) @supertype
(super_interfaces) @supertype
(extends_interfaces) @supertype
(method_invocation object: (this) name: (_) @own) @own_call
