; inherits: c
(class_specifier name: (_) @name body: (_)) @scope
(namespace_definition name: (_) @name) @scope
(function_definition declarator: (function_declarator declarator: (field_identifier) @name)) @definition
(function_definition declarator: (function_declarator declarator: (qualified_identifier) @name)) @definition
(function_definition declarator: (reference_declarator (function_declarator declarator: (_) @name))) @definition
