; JUnit 3, 4 and 5, TestNG, AssertJ, Hamcrest, Mockito, Truth. Later patterns win on the same node.

; --- units
[(class_declaration name: (_) @name) (interface_declaration name: (_) @name) (enum_declaration name: (_) @name) (record_declaration name: (_) @name)] @group
(method_declaration name: (_) @name) @helper
((method_declaration (modifiers [(annotation name: (_) @a) (marker_annotation name: (_) @a)]) name: (_) @name) @test.anywhere
  (#match? @a "^(\\w+\\.)*(Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property|Theory|Example)$"))
((class_declaration (superclass (_) @super) body: (class_body (method_declaration (modifiers) @m name: (_) @name parameters: (formal_parameters) @p) @test.anywhere))
  (#match? @super "Test") (#match? @name "^test") (#match? @m "\\bpublic\\b") (#match? @p "^\\(\\s*\\)$"))

; --- what is declared on a unit
([(method_declaration (modifiers [(annotation) (marker_annotation)] @mark)) (class_declaration (modifiers [(annotation) (marker_annotation)] @mark))] @owner)
((method_declaration (modifiers (annotation name: (_) @a arguments: (annotation_argument_list [(element_value_array_initializer) @rows (element_value_pair value: (element_value_array_initializer) @rows)])))) @owner
  (#match? @a "^(ValueSource|CsvSource|EnumSource|Parameters|DataProvider|CsvFileSource)$"))
((method_declaration (modifiers (annotation name: (_) @a) @head)) @owner
  (#match? @a "^(\\w+\\.)*Test$") (#match? @head "\\bexpected(Exceptions)?\\s*="))

; --- checks: the whole chain counts by the names of its calls
(assert_statement) @check
((method_invocation name: (_) @leaf) @check
  (#match? @leaf "^_?(assert\\w*|verify\\w*|fail|expect\\w*|check[A-Z]\\w*|then|should\\w*|andExpect\\w*|ensure\\w*)$"))
((method_invocation object: (method_invocation) @chain) @check
  (#match? @chain "\\b(assert\\w*|verify\\w*|expect\\w*|then|should\\w*|andExpect\\w*)\\s*\\("))

; --- checks that cannot fail
((expression_statement (method_invocation name: (_) @leaf !object arguments: (argument_list . (_) .))) @vacuous.inside
  (#any-of? @leaf "assertThat" "then" "verify" "expect"))
((expression_statement (method_invocation object: (identifier) @root name: (_) @leaf arguments: (argument_list . (_) .))) @vacuous.inside
  (#any-of? @leaf "assertThat" "verify") (#match? @root "^(Assertions|Mockito|Truth)$"))

; --- skips
((method_invocation name: (_) @leaf arguments: (_) @condition) @skip.if (#match? @leaf "^assum(e\\w*|ing\\w*)$"))
((throw_statement) @skip (#match? @skip "SkipException|TestAbortedException|AssumptionViolated"))

; --- rows that a provider gives
((array_initializer (array_initializer) (array_initializer)) @rows)
((argument_list [(array_creation_expression) (method_invocation)] @row . [(array_creation_expression) (method_invocation)]) @rows
  (#match? @row "^(new |(Arguments\\.)?(of|arguments)\\()"))

; --- control
(if_statement condition: (_) @condition) @branch
(ternary_expression condition: (_) @condition) @branch
[(switch_block_statement_group) (catch_clause)] @branch
(enhanced_for_statement value: (_) @over) @loop
[(for_statement) (while_statement)] @loop
(return_statement) @return
(lambda_expression) @function
(variable_declarator name: (_) @function.name value: (lambda_expression)) @function

; --- failures that do not reach the runner
((try_statement body: (block) @swallow (catch_clause (catch_formal_parameter (catch_type) @type)) @handler)
  (#match? @type "\\b(AssertionError|AssertionFailedError|Throwable|Error|Exception|RuntimeException|ComparisonFailure)\\b")
  (#not-match? @handler "\\bthrow\\b|\\bfail\\s*\\(|\\bassert|\\bverify|\\bexpect|\\.add\\(|\\berr\\w*\\s*=|\\bex\\w*\\s*=|addError"))
((method_invocation name: (_) @leaf arguments: (argument_list . (_) @type [(lambda_expression)] @swallow))
  (#eq? @leaf "assertThrows") (#match? @type "^(AssertionError|AssertionFailedError|Throwable|Error)\\.class$"))
((try_statement body: (block) @swallow (finally_clause) @handler) (#match? @handler "\\breturn\\b"))

; what only names a check demands nothing, https://assertj.github.io/doc/#assertj-core-assertion-description
((expression_statement (method_invocation object: (method_invocation name: (_) @root) name: (_) @leaf)) @vacuous.inside
  (#any-of? @root "assertThat" "then") (#any-of? @leaf "as" "describedAs" "withFailMessage" "overridingErrorMessage"))
((expression_statement (method_invocation object: (object_creation_expression type: (_) @thread) name: (_) @leaf)) @floating
  (#eq? @thread "Thread") (#eq? @leaf "start"))

((expression_statement (method_invocation name: (_) @leaf arguments: (argument_list (lambda_expression)))) @floating
  (#any-of? @leaf "runAsync" "supplyAsync" "submit"))
