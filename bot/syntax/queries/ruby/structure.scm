; Definitions with their names, and import statements: what a file's outline and the import graph are made of.
(method name: (_) @name) @definition
(singleton_method name: (_) @name) @definition
(class name: (_) @name) @scope
(module name: (_) @name) @scope
(call method: (identifier) @_require arguments: (argument_list . (string)) (#any-of? @_require "require" "require_relative" "load" "autoload")) @import
