; Definitions with their names, and the files that a script reads.
(function_definition name: (_) @name) @definition
(command name: (command_name) @_source (#any-of? @_source "source" ".")) @import
