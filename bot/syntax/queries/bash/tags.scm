; What a text defines, imports and uses. A name that is no @reference may bind: nothing is called missing while it is there.

; --- definitions
(function_definition name: (_) @name) @definition

; --- names and their uses

; --- imports

; --- what decides whether a missing name may come from elsewhere
