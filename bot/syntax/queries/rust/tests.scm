; #[test] and its kin, rstest, test_case, proptest; tests also live in the product's files. Later patterns win.

; --- units
(function_item name: (_) @name) @code
(mod_item name: (_) @name) @code
(mod_item name: (_) @name body: (_)) @group
(impl_item type: (_) @name) @group
((attribute_item (attribute (_) @a)) . [(attribute_item) (line_comment) (block_comment)]* . (function_item name: (_) @name) @test.anywhere
  (#match? @a "^(\\w+::)*(test|rstest|test_case|quickcheck|wasm_bindgen_test|proptest|case|test_log|traced_test|bench)$"))

; --- what is declared on a unit
((attribute_item) @mark . [(attribute_item) (line_comment) (block_comment)]* . [(function_item) (mod_item) (impl_item)] @owner)
((attribute_item) @row . [(attribute_item) (line_comment) (block_comment)]* . (function_item) @owner
  (#match? @row "^#\\[(case|test_case)(::\\w+)?\\("))
((attribute_item) @head . [(attribute_item) (line_comment) (block_comment)]* . (function_item) @owner
  (#match? @head "^#\\[should_panic\\s*[(=]"))
(inner_attribute_item) @declared

; --- checks
((macro_invocation macro: (_) @name_) @check
  (#match? @name_ "^(\\w+::)*(debug_)?(assert\\w*|prop_assert\\w*|check\\w*|expect\\w*|insta|panic|unreachable)$"))
((call_expression function: (_) @fn) @check (#match? @fn "(^|::|\\.)(assert|check|verify|expect|compare|validate)_\\w+$"))
((call_expression function: (_) @fn) @check (#match? @fn "\\.assert\\w*\\b.*\\.\\w+$|\\.assert_\\w+$"))

; --- rows: arrays of tuples
((array_expression [(tuple_expression) (struct_expression)] [(tuple_expression) (struct_expression)]) @rows)

; --- control
(if_expression condition: (_) @condition) @branch
(match_arm) @branch
(for_expression value: (_) @over) @loop
[(while_expression) (loop_expression)] @loop
(return_expression) @return
[(closure_expression) (async_block)] @function
(function_item name: (_) @function.name) @function
(let_declaration pattern: (identifier) @function.name value: (closure_expression)) @function

; --- failures that do not reach the runner
((let_declaration pattern: _ @ignored value: (_) @call) @swallow
  (#match? @ignored "^_\\w*$") (#match? @call "catch_unwind"))
((expression_statement (call_expression) @call) @swallow
  (#match? @call "^(std::)?(panic::)?catch_unwind\\(|catch_unwind\\([\\s\\S]*\\)\\.(ok|is_ok|is_err)\\(\\)$"))

; https://doc.rust-lang.org/std/thread/struct.JoinHandle.html: the panic of a thread that no one joins is lost
((expression_statement (call_expression function: (_) @fn)) @floating (#match? @fn "(^|::)spawn(_blocking|_local)?$"))
