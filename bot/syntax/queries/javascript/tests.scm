; Jest, Mocha, Vitest, Jasmine, AVA, tap, node:test, Playwright, Cypress. Later patterns win on the same node.

; --- units
(function_declaration name: (_) @name) @helper
(method_definition name: (_) @name) @helper
(class_declaration name: (_) @name) @helper
(variable_declarator name: (_) @name value: [(arrow_function) (function_expression) (generator_function)]) @helper
(assignment_expression left: (_) @name right: [(arrow_function) (function_expression)]) @helper
((assignment_expression left: (_) @name right: [(arrow_function) (function_expression)]) @test (#match? @name "\\.test\\w*$"))
((pair key: (_) @name value: [(arrow_function) (function_expression)]) @test.call (#match? @name "^['\"`]?test"))
((method_definition name: (_) @name) @test.call (#match? @name "^test"))

((call_expression function: (_) @mark arguments: (arguments . (_) @name) @body) @test.call
  (#match? @mark "^((tap|t|test|QUnit|Deno|nt|base|self|suite)\\.)?(it|test|specify|xit|fit|iit|xtest|xspecify|pit|tap|tst|ava|property|scenario|bench)(\\.(skip|only|todo|failing|fails|fail|fixme|pending|ignore|concurrent|sequential|serial|each|for|cb|before|after|slow|extend|meta|runIf|skipIf|shuffle|parallel|exclusive)|$)"))
((call_expression function: (_) @mark arguments: (arguments . [(string) (template_string)] @name) @body) @test.call
  (#match? @mark "^(t|tst|st)$"))
((call_expression function: (_) @mark arguments: (arguments . (_) @name) @body) @group.call
  (#match? @mark "^((tap|t|test|QUnit|Deno|nt|base|self|suite)\\.)?(describe|context|suite|xdescribe|fdescribe|ddescribe|xcontext|fcontext|xsuite)(\\.(skip|only|todo|fixme|concurrent|sequential|serial|each|for|parallel|shuffle|runIf|skipIf)|$)"))
((call_expression function: (call_expression function: (_) @mark arguments: (arguments (array) @rows)) arguments: (arguments . (_) @name) @body) @owner
  (#match? @mark "\\.(each|for)$"))
((call_expression function: (_) @mark arguments: (arguments (object (pair key: (_) @key) @option))) @owner
  (#match? @mark "^((tap|t|test|base|nt)\\.)?(it|test|describe|suite|t|tap)\\b") (#match? @key "^['\"]?(skip|todo|only|ignore)['\"]?$"))

; --- checks
((call_expression function: (_) @fn) @check
  (#match? @fn "^(expect\\b|assert\\b|sinon\\.assert\\b|chai\\.(expect|assert)\\b|should\\b)|\\.should\\b|^done\\.fail$|^(check|verify|validate|expect|assert|compare)[A-Z_]\\w*$"))
((call_expression function: (_) @fn) @check
  (#match? @fn "^(t|test|tap|tst|self|sinon|cy|st|tt)\\.(assert(\\.\\w+)*|expect\\w*|should|ok|notOk|equals?|notEquals?|not|is|isNot|same|notSame|similar|strictEqual|strictSame|deepEqual|deepStrictEqual|looseEqual|notDeepEqual|notStrictEqual|isDeeply|like|match|notMatch|regex|notRegex|throws|throwsAsync|notThrows|notThrowsAsync|rejects|resolves|doesNotThrow|doesNotReject|resolveMatch|type|truthy|falsy|true|false|fail|error|ifError|snapshot|matchSnapshot|plan|contains?|has|emits|include|exists|isTrue|isFalse|isNull|isUndefined)$"))
((expression_statement (member_expression) @check) (#match? @check "^(await\\s+)?expect\\("))
((call_expression function: (member_expression object: (call_expression) property: (property_identifier) @leaf)) @check
  (#eq? @leaf "expect"))
((call_expression function: (member_expression object: (call_expression function: (member_expression object: (call_expression) property: (property_identifier) @leaf)))) @check
  (#eq? @leaf "expect"))

; --- checks that cannot fail
((expression_statement (call_expression function: (identifier) @fn)) @vacuous.inside (#eq? @fn "expect"))
((expression_statement (member_expression property: (property_identifier) @leaf) @vacuous)
  (#match? @vacuous "^expect\\(") (#match? @leaf "^(to[A-Z]\\w+|not|resolves|rejects|to|be)$"))
((call_expression function: (member_expression object: (_) @root property: (property_identifier) @leaf) arguments: (arguments . (_) @any .)) @vacuous
  (#match? @root "^expect\\(") (#match? @leaf "^(toEqual|toStrictEqual|toMatchObject)$")
  (#match? @any "^(expect|jasmine)\\.any(thing)?\\((Object)?\\)$"))

; --- skips
((call_expression function: (_) @fn arguments: (arguments) @arguments) @skip
  (#match? @fn "^(this|t|ctx|context)\\.skip$|^pending$") (#not-match? @arguments "=>"))
((call_expression function: (_) @fn arguments: (arguments) @arguments) @skip
  (#any-of? @fn "test.skip" "test.fixme" "it.skip" "test.fail") (#match? @arguments "^\\(\\s*\\)$"))
((call_expression function: (_) @fn arguments: (arguments . [(identifier) (binary_expression) (member_expression) (call_expression) (unary_expression) (arrow_function)] @condition)) @skip.if
  (#any-of? @fn "test.skip" "test.fixme" "it.skip" "test.fail"))

; --- control
(if_statement condition: (_) @condition) @branch
(ternary_expression condition: (_) @condition) @branch
[(switch_case) (catch_clause)] @branch
(for_in_statement right: (_) @over) @loop
[(for_statement) (while_statement)] @loop
(return_statement) @return
(function_declaration name: (_) @function.name) @function
[(arrow_function) (function_expression) (generator_function) (method_definition)] @function
(variable_declarator name: (identifier) @function.name value: [(arrow_function) (function_expression)]) @function

; --- failures that do not reach the runner
((try_statement body: (statement_block) @swallow handler: (catch_clause) @handler)
  (#not-match? @handler "\\bthrow\\b|\\bfail\\w*\\(|\\bexpect|\\bassert|\\bdone\\(|\\breject\\w*\\(|\\bt\\.\\w+\\(|\\bnext\\(|\\.push\\(|\\berr\\w*\\s*=|\\bcaught|should"))
((call_expression function: (member_expression object: (_) @swallow property: (property_identifier) @leaf) arguments: (arguments . [(arrow_function) (function_expression)] @handler))
  (#eq? @leaf "catch") (#not-match? @handler "\\bthrow\\b|\\bfail\\w*\\(|\\bexpect|\\bassert|\\bdone\\b|\\breject|\\bt\\.|\\bnext\\(|should"))
((expression_statement (call_expression function: (member_expression property: (property_identifier) @leaf))) @floating
  (#any-of? @leaf "then" "finally"))
((expression_statement (call_expression function: (identifier) @fn)) @floating
  (#any-of? @fn "setTimeout" "setImmediate" "queueMicrotask"))
((expression_statement (call_expression function: (member_expression property: (property_identifier) @leaf) arguments: (arguments . (arrow_function "async")))) @floating
  (#any-of? @leaf "forEach" "map"))

; --- tables of rows that have a name
(variable_declarator name: (identifier) @table.name value: (array) @rows)
((call_expression function: (call_expression function: (_) @mark arguments: (arguments . (_) @over)) arguments: (arguments . (_) @name)) @owner
  (#match? @mark "\\.(each|for)$"))
((try_statement body: (statement_block) @swallow finalizer: (finally_clause) @handler) (#match? @handler "\\breturn\\b"))

((expression_statement (call_expression function: (_) @fn)) @floating (#eq? @fn "process.nextTick"))

; --- what is dropped on purpose, or settled whatever comes
((expression_statement (unary_expression operator: "void")) @floating)
((expression_statement (await_expression (call_expression function: (member_expression) @fn arguments: (arguments) @swallow)))
  (#eq? @fn "Promise.allSettled"))
(expression_statement (binary_expression left: (_) @condition operator: ["&&" "||" "??"])) @branch
((expression_statement (member_expression object: (_) @root property: (property_identifier) @leaf) @vacuous)
  (#match? @root "^expect\\(") (#match? @leaf "^(equals?|eql|include|contain|match|above|below|within|throw|property|lengthOf|members|keys|instanceof)$"))
