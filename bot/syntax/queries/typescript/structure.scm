; inherits: ecma
(abstract_class_declaration name: (_) @name) @scope
(interface_declaration name: (_) @name) @definition
(type_alias_declaration name: (_) @name) @definition
(enum_declaration name: (_) @name) @definition
(function_signature name: (_) @name) @definition
(module name: (_) @name) @scope
(internal_module name: (_) @name) @scope
