; RSpec, minitest, test-unit. Later patterns win on the same node.

; --- units
[(class name: (_) @name) (module name: (_) @name)] @group
[(method name: (_) @name) (singleton_method name: (_) @name)] @helper
((method name: (_) @name) @test (#match? @name "^test_"))
((call method: (_) @mark arguments: (argument_list . (_) @name) block: (_) @body) @group.call
  (#match? @mark "^[xf]?(describe|context|feature|shared_examples(_for)?|example_group)$"))
((call method: (_) @mark block: (_) @body !arguments) @group.call
  (#match? @mark "^[xf]?(describe|context|feature)$"))
((call method: (_) @mark !receiver arguments: (argument_list . (_) @name) block: (_)? @body) @test.call
  (#match? @mark "^[xf]?(it|specify|example|scenario|test|should|pending|its)$"))
((call method: (_) @mark !receiver block: (_) @name @body !arguments) @test.call
  (#match? @mark "^[xf]?(it|specify|example|scenario|its)$"))
((call arguments: (argument_list [(simple_symbol) (pair)] @option)) @owner (#match? @option "^:?(skip|pending|focus|if|unless)\\b"))

; --- checks
((call method: (_) @leaf) @check
  (#match? @leaf "^(assert\\w*|refute\\w*|flunk|must_\\w+|wont_\\w+|should(_not|_receive)?|to|not_to|to_not|is_expected)$"))

; --- checks that cannot fail: a second argument of `assert` is its message
((call method: (_) @leaf !receiver arguments: (argument_list . [(integer) (float) (string) (true) (array) (simple_symbol)])) @vacuous (#eq? @leaf "assert"))

; --- skips
((call method: (_) @leaf !receiver !block arguments: (argument_list)? @condition) @skip (#any-of? @leaf "skip" "pending" "omit"))
((call method: (_) @leaf !receiver !block arguments: (argument_list) @condition) @skip.if
  (#any-of? @leaf "skip" "pending" "omit") (#match? @condition ":(if|unless)\\s*=>|\\b(if|unless):\\s"))
((call method: (_) @leaf !receiver) @skip.if (#match? @leaf "^skip_(if|unless|on|for|when)_?\\w*$"))
((body_statement (identifier) @skip.if) (#match? @skip.if "^skip_(if|unless|on|for|when)_?\\w*$"))
([(if_modifier body: (identifier) @skip) (unless_modifier body: (identifier) @skip)] (#any-of? @skip "skip" "pending" "omit"))
((body_statement (identifier) @skip) (#any-of? @skip "skip" "pending" "omit"))

; --- control
[(if condition: (_) @condition) (unless condition: (_) @condition)] @branch
[(if_modifier condition: (_) @condition) (unless_modifier condition: (_) @condition)] @branch
[(when) (rescue)] @branch
[(while) (for)] @loop
((call receiver: (_) @over method: (_) @each block: (_)) @loop (#match? @each "^each(_\\w+)?$"))
(return) @return
[(lambda) (singleton_method)] @function

; --- failures that do not reach the runner
((begin (rescue) @handler) @swallow (#not-match? @handler "\\braise\\b|\\bflunk|\\bassert|\\bexpect|\\bfail\\b|<<|\\berr\\w*\\s*="))
((body_statement (rescue) @handler) @swallow (#not-match? @handler "\\braise\\b|\\bflunk|\\bassert|\\bexpect|\\bfail\\b|<<|\\berr\\w*\\s*="))
(rescue_modifier body: (_) @swallow)

; https://docs.ruby-lang.org/en/3.3/Thread.html#class-Thread-label-Exception+handling: a thread that no one joins
((body_statement (call receiver: (constant) @thread method: (identifier) @new) @floating) (#eq? @thread "Thread") (#eq? @new "new"))

; `next` leaves the block of an example as `return` leaves a method
((call method: (_) @example block: (do_block body: (body_statement (if_modifier body: (next) @return))))
  (#match? @example "^[xf]?(it|specify|example|scenario|test)$"))
