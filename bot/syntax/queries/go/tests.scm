; testing, testify, gocheck, Ginkgo with Gomega. Later patterns win on the same node.

; --- units
(function_declaration name: (_) @name) @helper
(method_declaration name: (_) @name) @helper
((function_declaration name: (_) @name) @test (#match? @name "^(Test|Fuzz|Example)([A-Z_0-9]|$)|^Benchmark([A-Z_]|$)"))
((method_declaration name: (_) @name) @test (#match? @name "^(Test|Fuzz|Example)([A-Z_0-9]|$)|^Benchmark([A-Z_]|$)"))
((call_expression function: (_) @fn arguments: (argument_list . (_) @name (func_literal)) @body) @test.call (#match? @fn "\\.Run$"))
((call_expression function: (_) @mark arguments: (argument_list . (_) @name) @body) @group.call
  (#match? @mark "^(ginkgo\\.|g\\.)?[FPX]?(Describe|Context|When|DescribeTable)$"))
((call_expression function: (_) @mark arguments: (argument_list . (_) @name) @body) @test.call
  (#match? @mark "^(ginkgo\\.|g\\.)?[FPX]?(It|Specify|Entry)$"))
((call_expression arguments: (argument_list [(identifier) (selector_expression)] @option)) @owner (#match? @option "^(ginkgo\\.)?(Pending|Focus)$"))

; --- checks
((if_statement condition: (_) @checked consequence: (block (statement_list (expression_statement (call_expression function: (_) @fails)))) @short !alternative) @check
  (#match? @fails "^(t|tt|b|c|tb|suite\\.T\\(\\)|s\\.T\\(\\))\\.(Error|Errorf|Fatal|Fatalf|Fail|FailNow)$")
  (#not-match? @short "\\n.*\\n.*\\n.*\\n.*\\n"))
((call_expression function: (_) @fn) @check
  (#match? @fn "^(t|tt|b|c|tb|suite\\.T\\(\\)|s\\.T\\(\\))\\.(Error|Errorf|Fatal|Fatalf|Fail|FailNow)$"))
((call_expression function: (_) @fn) @check
  (#match? @fn "^(assert|require|is|must|qt|c|s|suite|check|td|test|cmp|g|gomega|r|a)(\\.[\\w.()]+)?\\.(Equal\\w*|NotEqual\\w*|Exactly|Same|NotSame|Nil|NotNil|True|False|Error\\w*|NoError\\w*|NotError\\w*|Contains\\w*|NotContains\\w*|Empty\\w*|NotEmpty\\w*|Zero|NotZero|Len\\w*|Panics\\w*|NotPanics\\w*|Regexp\\w*|NotRegexp|Greater\\w*|Less\\w*|InDelta\\w*|InEpsilon\\w*|WithinDuration\\w*|JSONEq\\w*|YAMLEq\\w*|Implements\\w*|IsType\\w*|ElementsMatch\\w*|Subset\\w*|Eventually\\w*|Never\\w*|Condition\\w*|Fail\\w*|DeepEqual|Assert|Check|Positive|Negative|HTTP\\w+|FileExists|DirExists|Eq|NotEq|Ok|NotOk|AssertExpectations|AssertCalled|AssertNotCalled|AssertNumberOfCalls|ErrorIs|ErrorAs)$"))
((call_expression function: (_) @fn) @check (#match? @fn "^(gomega\\.)?(Expect|Eventually|Consistently|Ω)\\("))
((call_expression function: (identifier) @fn) @check (#match? @fn "^(check|verify|expect|assert|compare|require|test)[A-Z]\\w*$"))

; --- checks that cannot fail
((call_expression function: (_) @fn arguments: (argument_list . (_) @t)) @vacuous
  (#match? @fn "^(assert|require|is)\\.") (#match? @t "^(&testing\\.T\\{\\}|new\\(testing\\.T\\)|mockT|fakeT|dummyT)$"))
((expression_statement (call_expression function: (_) @fn)) @vacuous.inside (#match? @fn "^(gomega\\.)?(Expect|Ω)$"))

; --- skips
((call_expression function: (_) @fn) @skip
  (#match? @fn "^((t|tt|b|c|tb|s|suite)(\\.T\\(\\))?)\\.(Skip|Skipf|SkipNow)$|^(ginkgo\\.)?Skip$"))
((call_expression function: (_) @fn arguments: (argument_list . (identifier) @t)) @skip.if
  (#match? @fn "^(\\w+\\.)?[sS]kip([A-Z]\\w*|_\\w+)?$") (#any-of? @t "t" "tb" "b" "tt"))

; --- rows: elements of a table
((composite_literal type: [(slice_type) (array_type) (implicit_length_array_type) (map_type)] body: (literal_value) @rows) @table)

; --- control
(if_statement condition: (_) @condition) @branch
[(expression_case) (type_case)] @branch
(for_statement (range_clause right: (_) @over)) @loop
(for_statement) @loop
(return_statement) @return
(func_literal) @function
(assignment_statement left: (expression_list . (identifier) @function.name .) right: (expression_list . (func_literal) .)) @function
(short_var_declaration left: (expression_list . (identifier) @function.name .) right: (expression_list . (func_literal) .)) @function

; --- failures that do not reach the runner
((block (statement_list (defer_statement (call_expression function: (func_literal body: (_) @handler))))) @swallow
  (#match? @handler "recover\\(\\)") (#not-match? @handler "\\.(Error|Fatal|Fail|Panics)|panic\\(|\\b(assert|require|Expect)\\b|err\\w*\\s*="))
(go_statement) @floating

; https://pkg.go.dev/time#AfterFunc: it runs in its own goroutine
((expression_statement (call_expression function: (_) @fn)) @floating (#eq? @fn "time.AfterFunc"))
