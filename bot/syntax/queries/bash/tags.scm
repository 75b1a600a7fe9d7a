; What a text defines, imports and uses. A name without @reference may be a definition, so it never counts as missing.

; --- definitions
(function_definition name: (_) @name) @definition

; --- names and their uses

; --- imports

; --- what decides whether a missing name may come from elsewhere
