; inherits: c
(class_specifier name: (_) @name body: (_)) @definition
(function_definition declarator: (function_declarator declarator: (field_identifier) @name)) @definition.method
(function_definition declarator: (function_declarator declarator: (qualified_identifier name: (_) @name))) @definition.method
(binary_expression [(identifier) (type_identifier)] @reference)
(field_declaration type: [(identifier) (type_identifier)] @reference)
