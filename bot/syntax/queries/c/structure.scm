; Definitions with their names, and includes: what a file's outline and the import graph are made of.
(function_definition declarator: (function_declarator declarator: (identifier) @name)) @definition
(function_definition declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))) @definition
(struct_specifier name: (_) @name body: (_)) @definition
(enum_specifier name: (_) @name body: (_)) @definition
(union_specifier name: (_) @name body: (_)) @definition
(preproc_function_def name: (_) @name) @definition
(type_definition declarator: (type_identifier) @name) @definition
(preproc_include) @import
