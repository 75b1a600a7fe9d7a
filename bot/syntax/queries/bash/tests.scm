; bats, shunit2, shellspec. `@test "name" {` is read as a function of that name. Later patterns win.

(function_definition name: (word) @name) @helper
((function_definition name: (word) @name) @test (#match? @name "^([Tt]est|bats_|it_)"))
(test_command) @check
((command name: (command_name) @leaf) @check
  (#match? @leaf "^(assert\\w*|refute\\w*|fail|diff|cmp|grep|test|\\[|_\\w*assert\\w*_?|expect\\w*)$"))
((command name: (command_name) @leaf) @skip (#match? @leaf "^(skip|startSkipping|batslib_skip)$"))
(if_statement condition: (_) @condition) @branch
[(elif_clause) (case_item)] @branch
[(while_statement) (for_statement)] @loop
((command name: (command_name) @leaf) @return (#any-of? @leaf "return" "exit"))

; --- failures that do not reach the runner
((list (_) @swallow "||" (command) @otherwise) (#match? @otherwise "^(true|:|echo\\b.*|exit 0|return 0|printf\\b.*)$"))
((function_definition body: (compound_statement (command) @set) @swallow) (#match? @set "^set \\+e"))
