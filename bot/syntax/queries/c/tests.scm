; assert.h, Unity, CMocka, Check, Criterion. Later patterns win.

(function_definition declarator: (function_declarator declarator: (identifier) @name)) @helper
((function_definition declarator: (function_declarator declarator: (identifier) @name)) @test (#match? @name "^(test|Test)_?\\w+|_test$"))
((function_definition type: (_) @macro declarator: (parenthesized_declarator (identifier) @name)) @test (#match? @macro "^START_TEST$"))
((function_definition declarator: (function_declarator declarator: (identifier) @macro parameters: (parameter_list) @name @mark)) @test
  (#match? @macro "^(TEST\\w*|Test|ParameterizedTest|TYPED_TEST\\w*|BOOST_\\w*TEST_CASE|\\w*TEST_METHOD|TEST_CASE\\w*)$"))
((expression_statement (call_expression function: (identifier) @macro arguments: (argument_list . (_)) @name @mark)) @test . (compound_statement) @body
  (#match? @macro "^(TEST\\w*|SCENARIO\\w*|Test|SECTION|SUBCASE|GIVEN|WHEN|THEN|BOOST_\\w*TEST_CASE)$"))

((call_expression function: (identifier) @leaf) @check
  (#match? @leaf "^(assert\\w*|ASSERT\\w*|EXPECT\\w*|REQUIRE\\w*|CHECK\\w*|TEST_ASSERT\\w*|ck_assert\\w*|ck_abort\\w*|cr_(assert|expect)\\w*|BOOST_(CHECK|REQUIRE|TEST|WARN)\\w*|CU_ASSERT\\w*|g_assert\\w*|munit_assert\\w*|FAIL\\w*|fail\\w*|verify\\w*)$"))
((call_expression function: (identifier) @leaf arguments: (argument_list . [(number_literal) (true)] .) @arguments) @vacuous
  (#match? @leaf "^(assert|ASSERT_TRUE|EXPECT_TRUE|REQUIRE|CHECK|TEST_ASSERT|TEST_ASSERT_TRUE|ck_assert|cr_assert|BOOST_CHECK|BOOST_TEST)$")
  (#not-match? @arguments "^\\(0\\)$"))
((call_expression function: (identifier) @leaf) @skip (#match? @leaf "^(GTEST_SKIP|SKIP|TEST_IGNORE\\w*|skip|cr_skip_test\\w*|munit_skip|g_test_skip)$"))

(if_statement condition: (_) @condition) @branch
(preproc_if condition: (_) @condition) @branch
(preproc_ifdef name: (_) @condition) @branch
(case_statement) @branch
[(for_statement) (while_statement) (do_statement)] @loop
(return_statement) @return
