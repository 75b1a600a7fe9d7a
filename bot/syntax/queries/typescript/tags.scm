; inherits: ecma
(abstract_class_declaration name: (_) @name) @definition
(interface_declaration name: (_) @name) @definition
(type_alias_declaration name: (_) @name) @definition
(enum_declaration name: (_) @name) @definition
(function_signature name: (_) @name) @definition
(module name: (_) @name) @definition
[(identifier) (type_identifier) (shorthand_property_identifier)] @name_
(extends_clause (identifier) @reference)
(implements_clause (type_identifier) @reference)
(extends_type_clause (type_identifier) @reference)
(type_annotation (type_identifier) @reference)
(generic_type (type_identifier) @reference)
(type_arguments (type_identifier) @reference)
(array_type (type_identifier) @reference)
(union_type (type_identifier) @reference)
(intersection_type (type_identifier) @reference)
(lookup_type (type_identifier) @reference)
(type_query (identifier) @reference)
