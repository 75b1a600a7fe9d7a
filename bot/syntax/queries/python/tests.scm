; pytest, unittest, nose. Later patterns win over earlier ones on the same node.

; --- units: @test, @group, @helper with @name; @body where it is not the node itself
(function_definition name: (identifier) @name) @helper
((function_definition name: (identifier) @name) @test
  (#match? @name "^[Tt][Ee][Ss][Tt]") (#not-match? @name "^test[a-z]*_?(data|client|app|dir)$"))
(decorated_definition definition: (function_definition name: (identifier) @name) @body) @helper
((decorated_definition definition: (function_definition name: (identifier) @name) @body) @test
  (#match? @name "^[Tt][Ee][Ss][Tt]") (#not-match? @name "^test[a-z]*_?(data|client|app|dir)$"))
((decorated_definition (decorator) @fixture definition: (function_definition name: (identifier) @name) @body) @helper
  (#match? @fixture "\\bfixture\\b"))
(class_definition name: (identifier) @name) @group
(decorated_definition definition: (class_definition name: (identifier) @name) @body) @group

; --- what is declared on a unit
(decorated_definition (decorator (_) @mark)) @owner
((decorated_definition (decorator (call arguments: (argument_list [(list) (tuple) (set)] @rows .)) @call)) @owner
  (#match? @call "^[\\w.]*\\b(parametrize|expand|cases|params|parameterize)\\("))
((decorated_definition (decorator (call arguments: (argument_list (_) [(list) (tuple) (set)] @rows)) @call)) @owner
  (#match? @call "^[\\w.]*\\bparametrize\\("))
((decorated_definition (decorator (call arguments: (argument_list) @rows) @call)) @owner
  (#match? @call "^[\\w.]*\\bdata\\("))
((decorated_definition (decorator (call) @head)) @owner (#match? @head "^[\\w.]*\\b(raises|warns)\\("))

; --- checks; @checked is what they check
(assert_statement . (_) @checked) @check
((call function: [(identifier) @leaf (attribute attribute: (identifier) @leaf)]) @check
  (#match? @leaf "^_?(assert\\w*|expect\\w*|verify\\w*|check_?[A-Z_]\\w*|check|ensure\\w*|raises|warns|fail(If|Unless)?\\w*|should\\w*|compare\\w*|deprecated_call|warns_\\w+|ok_|eq_|ne_|in_|is_)$")
  (#not-match? @leaf "^(assert_?(ion)?s?_?(helper|factory)|check_output|check_call|expected?|should_receive)$"))
((with_statement (with_clause) @checked) @check
  (#match? @checked "\\b(raises|warns|assert\\w*|deprecated_call|warns_\\w+)\\s*\\("))
((if_statement condition: (_) @checked consequence: (block . (raise_statement) @raised .) !alternative) @check
  (#match? @raised "^raise(\\s+(AssertionError|Exception|ValueError|RuntimeError)\\b|\\s*$)"))
((if_statement condition: (not_operator argument: (_) @checked) consequence: (block . (raise_statement) @raised .) !alternative) @check
  (#match? @raised "^raise(\\s+(AssertionError|Exception|ValueError|RuntimeError)\\b|\\s*$)"))

; --- checks that cannot fail
(assert_statement . [(tuple (_)) (string) (true) (lambda) (generator_expression) (list (_)) (dictionary (pair))]) @vacuous
((assert_statement . (integer) @n) @vacuous (#not-eq? @n "0"))
(assert_statement . (boolean_operator "or" right: [(true) (string)])) @vacuous
(assert_statement . (parenthesized_expression (boolean_operator "or" right: (true)))) @vacuous
((assert_statement . (call function: (attribute attribute: (identifier) @leaf))) @vacuous
  (#match? @leaf "^(called_(once|with|once_with)|has_calls|not_called)$"))
((assert_statement . (comparison_operator) @compared) @vacuous
  (#match? @compared "(==\\s*|\\bis\\s+)(unittest\\.)?(mock\\.)?ANY$|^(unittest\\.)?(mock\\.)?ANY\\s*=="))
((call function: (attribute attribute: (identifier) @leaf)
  arguments: (argument_list (_) . [(integer) (float) (list) (tuple) (dictionary) (true) (false) (none)])) @vacuous
  (#any-of? @leaf "assertTrue" "assert_" "failUnless"))
((call function: (attribute attribute: (identifier) @leaf) arguments: (argument_list (_) @any)) @vacuous
  (#any-of? @leaf "assertEqual" "assertEquals" "assertIs") (#match? @any "^(unittest\\.)?(mock\\.)?ANY$"))

; --- skips: @skip, or @skip.if where only a condition holds the test back
((call function: (attribute) @fn) @skip (#match? @fn "^(pytest|py\\.test|unittest|testing)\\.(skip|xfail|skip_test|SkipTest|SKIP)$"))
((call function: (attribute) @fn) @skip.if (#match? @fn "^(pytest|py\\.test|testing)\\.importorskip$"))
((call function: (attribute) @fn) @skip (#any-of? @fn "self.skipTest" "cls.skipTest" "self.skip"))
((call function: (identifier) @fn) @skip (#any-of? @fn "xfail" "skipTest" "skip_test"))
((call function: (identifier) @fn) @skip.if (#eq? @fn "importorskip"))
((call function: (identifier) @fn arguments: (argument_list . [(string) (concatenated_string) (binary_operator) (keyword_argument)])) @skip
  (#any-of? @fn "skip" "SKIP"))
((call function: (identifier) @fn arguments: (argument_list) @arguments) @skip
  (#any-of? @fn "skip" "SKIP") (#match? @arguments "^\\(\\s*\\)$"))
((call function: (_) @fn) @skip.if (#match? @fn "^(self\\.|\\w+\\.)?_?[Ss]kip_?([Ii]f|[Uu]nless|[Oo]n|[Ww]hen|[Ff]or)_\\w+$"))
((raise_statement) @skip (#match? @skip "\\bSkip(Test|ped)?\\b"))
((assignment left: (identifier) @left right: (_) @mark) @assigned (#eq? @left "pytestmark"))
((assignment left: (identifier) @left right: (false)) @skip (#eq? @left "__test__"))

; --- control: what stands inside runs only sometimes, several times, or for nothing
(if_statement condition: (_) @condition) @branch
(elif_clause condition: (_) @condition) @branch
(conditional_expression) @branch
(except_clause) @branch
(for_statement right: (_) @over) @loop
(while_statement condition: (_) @condition) @loop
[(list_comprehension) (generator_expression)] @loop
(return_statement) @return
(function_definition name: (identifier) @function.name) @function
(lambda) @function

; --- @swallow: a failure inside does not reach the runner
((try_statement body: (block) @swallow (except_clause) @handler)
  (#match? @handler "^except\\s*:|^except\\*?\\s[^:\\n]*\\b(AssertionError|Exception|BaseException)\\b")
  (#not-match? @handler "\\braise\\b|\\bfail\\w*\\(|\\bassert|\\.append\\(|\\.put\\(|\\.set_exception\\(|\\berr\\w*\\s*=|\\bexc\\w*\\s*="))
((with_statement (with_clause) @with body: (block) @swallow)
  (#match? @with "\\b(suppress|raises|assertRaises\\w*)\\(\\s*\\(?[^)]*\\b(AssertionError|BaseException|Exception)\\b"))

; --- tables of rows that have a name
(module (expression_statement (assignment left: (identifier) @table.name right: [(list) (tuple)] @rows)))
((decorated_definition (decorator (call arguments: (argument_list (_) . (_) @over)) @call)) @owner
  (#match? @call "^[\\w.]*\\bparametrize\\("))

((try_statement body: (block) @swallow (finally_clause) @handler) (#match? @handler "\\breturn\\b"))

; a loop over a list that is written out, when checks are right inside it
(for_statement right: [(list) (tuple)] @rows body: (block [(assert_statement) (with_statement)]))
