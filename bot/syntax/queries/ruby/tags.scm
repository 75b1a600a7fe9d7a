; What a text defines, imports and uses. A name without @reference may be a definition, so it never counts as missing.

; --- definitions
(method name: (_) @name) @definition.method
(singleton_method name: (_) @name) @definition.method
(class name: (_) @name) @definition
(module name: (_) @name) @definition

; --- names and their uses
[(identifier) (constant)] @name_
(argument_list [(identifier) (constant)] @reference)
(superclass [(identifier) (constant)] @reference)
(array [(identifier) (constant)] @reference)
(pair value: [(identifier) (constant)] @reference)
(call receiver: [(identifier) (constant)] @reference)
(superclass (constant) @reference)

; --- imports

; --- what decides whether a missing name may come from elsewhere
(superclass) @supertype
