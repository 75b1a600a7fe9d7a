; What a text defines, imports and uses. A name that is no @reference may bind: nothing is called missing while it is there.

; --- definitions
(function_declaration name: (_) @name) @definition
(generator_function_declaration name: (_) @name) @definition
(class_declaration name: (_) @name) @definition
(abstract_class_declaration name: (_) @name) @definition
(method_definition name: (_) @name) @definition.method
(interface_declaration name: (_) @name) @definition
(type_alias_declaration name: (_) @name) @definition
(enum_declaration name: (_) @name) @definition
(function_signature name: (_) @name) @definition
(class name: (_) @name) @definition
(module name: (_) @name) @definition
(variable_declarator name: (_) @name) @value

; --- names and their uses
[(identifier) (type_identifier) (shorthand_property_identifier)] @name_
(arguments (identifier) @reference)
(extends_clause (identifier) @reference)
(implements_clause (type_identifier) @reference)
(extends_type_clause (type_identifier) @reference)
(type_annotation (type_identifier) @reference)
(generic_type (type_identifier) @reference)
(type_arguments (type_identifier) @reference)
(array_type (type_identifier) @reference)
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
(union_type (type_identifier) @reference)
(intersection_type (type_identifier) @reference)
(lookup_type (type_identifier) @reference)
(type_query (identifier) @reference)
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
