; Definitions with their names, and import statements: what a file's outline and the import graph are made of.
(function_item name: (_) @name) @definition
(function_signature_item name: (_) @name) @definition
(struct_item name: (_) @name) @definition
(enum_item name: (_) @name) @definition
(union_item name: (_) @name) @definition
(type_item name: (_) @name) @definition
(macro_definition name: (_) @name) @definition
(trait_item name: (_) @name) @scope
(impl_item type: (_) @name) @scope
(mod_item name: (_) @name body: (_)) @scope
(mod_item name: (_) !body) @import
(use_declaration) @import
