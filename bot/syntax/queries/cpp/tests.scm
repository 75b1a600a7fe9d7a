; inherits: c
; GoogleTest, Catch2, doctest, Boost.Test.

(function_definition declarator: (function_declarator declarator: (qualified_identifier name: (_) @name))) @helper
((function_definition declarator: (function_declarator declarator: (field_identifier) @name)) @helper)
[(class_specifier name: (_) @name body: (_)) (struct_specifier name: (_) @name body: (_))] @group
(namespace_definition name: (_) @name) @group
((call_expression function: (template_function name: (_) @leaf)) @check (#match? @leaf "^(ASSERT|EXPECT|REQUIRE|CHECK)\\w*$"))
(for_range_loop right: (_) @over) @loop
(lambda_expression) @function
(init_declarator declarator: (identifier) @function.name value: (lambda_expression) @function)
((try_statement body: (compound_statement) @swallow (catch_clause) @handler)
  (#match? @handler "^catch\\s*\\(\\s*(\\.\\.\\.|[^)]*\\bexception\\b)")
  (#not-match? @handler "\\bthrow\\b|FAIL|ASSERT|EXPECT|REQUIRE|CHECK|fail"))
