import assert from "node:assert/strict";
import { test } from "node:test";

import { evaluate } from "../src/evaluator.ts";
import { holds } from "../src/functions.ts";
import { FormulaError, tokenize } from "../src/lexer.ts";
import { parse } from "../src/parser.ts";
import { print } from "../src/printer.ts";
import { address, columnName, columnNumber, parseAddress, parseReference, Range } from "../src/reference.ts";
import { CellError, compareValues, fromInput, isError, numberOf, type Value } from "../src/values.ts";

const CELLS: Record<string, Value> = { A1: 3, A2: 4, A3: null, A4: "text", B1: "x", B2: "Y", C1: 10, C2: 20, D1: true };

function result(formula: string): Value {
  const value = evaluate(parse(formula), { value: (cell) => CELLS[address(cell)] ?? null });
  return isError(value) ? value.code : value;
}

function check(cases: Record<string, Value>): void {
  for (const [formula, expected] of Object.entries(cases)) {
    assert.equal(result(formula), expected, formula);
  }
}

test("tokens", () => {
  const kinds = tokenize('SUM($A$1:B2, "a ""b""") >= 1.5e3%').map((token) => token.kind);
  assert.deepEqual(kinds, [
    "name", "open", "reference", "colon", "reference", "comma", "text", "close", "operator", "number", "operator", "end",
  ]);
  assert.equal(tokenize('"a ""b"""')[0].text, 'a "b"');
});

test("what is not a formula", () => {
  for (const formula of ["1 +", "(1", "1)", '"open', "A1:", "SUM(1,", "?", "1 2", "A1:3", "ZZZ1 2"]) {
    assert.throws(() => parse(formula), FormulaError, formula);
  }
});

test("deep nesting is refused", () => {
  assert.throws(() => parse("(".repeat(200) + "1" + ")".repeat(200)), /nested more than/);
  assert.throws(() => parse(`${"-".repeat(200)}1`), /nested more than/);
});

test("operators and their strength", () => {
  check({
    "1+2*3": 7,
    "(1+2)*3": 9,
    "2^3^2": 64,
    "-2^2": 4,
    "10-4-3": 3,
    "20%": 0.2,
    "50%*8": 4,
    "1&2+3": "15",
    "1+1=2": true,
    '"a"<"B"': true,
    "1<>2": true,
    "3>=4": false,
    "--1": 1,
  });
});

test("errors are values", () => {
  check({
    "1/0": "#DIV/0!",
    '1+"a"': "#VALUE!",
    "NOSUCH(1)": "#NAME?",
    nosuch: "#NAME?",
    "10^400": "#NUM!",
    "#REF!+1": "#REF!",
    "A1:A2+1": "#VALUE!",
    "SUM()": "#VALUE!",
  });
});

test("references and ranges", () => {
  check({ "A1*A2": 12, "A1:A1+1": 4, "A3+1": 1, 'A3&"x"': "x", "$A$1": 3 });
});

test("functions on numbers", () => {
  check({
    "SUM(A1:A4, 1)": 8,
    "AVERAGE(A1:A4)": 3.5,
    "AVERAGE(B1:B2)": "#DIV/0!",
    "MIN(A1:C2)": 3,
    "MAX(A1:C2)": 20,
    "MAX(B1:B2)": 0,
    "COUNT(A1:D1)": 2,
    "COUNTA(A1:A4)": 3,
    "MEDIAN(1,9,2)": 2,
    "MEDIAN(1,2,3,4)": 2.5,
    "ROUND(2.5,0)": 3,
    "ROUND(-2.5,0)": -3,
    "ROUND(1.005,2)": 1.01,
    "ROUND(1234,-2)": 1200,
    "INT(-1.5)": -2,
    "MOD(-1,3)": 2,
    "MOD(1,0)": "#DIV/0!",
    "SQRT(-1)": "#NUM!",
    "ABS(-2)": 2,
  });
});

test("logic works out only what is needed", () => {
  check({
    "IF(TRUE,1,1/0)": 1,
    "IF(0,1)": false,
    "IF(\"maybe\",1,2)": "#VALUE!",
    "IFERROR(1/0,\"none\")": "none",
    "IFERROR(2,1/0)": 2,
    "AND(TRUE,1,A1>2)": true,
    "OR(FALSE,0)": false,
    "NOT(D1)": false,
  });
});

test("functions on texts", () => {
  check({
    'LEN("añb")': 3,
    'UPPER("ab")&LOWER("CD")': "ABcd",
    'TRIM("  a   b ")': "a b",
    'LEFT("abc",2)': "ab",
    'RIGHT("abc",5)': "abc",
    'MID("abcd",2,2)': "bc",
    'MID("abcd",0,2)': "#VALUE!",
    "CONCAT(A1:B1,TRUE)": "3xTRUE",
  });
});

test("looking up", () => {
  check({
    'VLOOKUP("y",B1:C2,2)': 20,
    'VLOOKUP("z",B1:C2,2)': "#N/A",
    'VLOOKUP("x",B1:C2,3)': "#REF!",
    'VLOOKUP("x",B1:C2,0)': "#VALUE!",
    'SUMIF(A1:C2,">3")': 34,
    "SUMIF(A1:C2,10)": 10,
  });
});

test("conditions", () => {
  assert.equal(holds(">=3", 3), true);
  assert.equal(holds("<>3", "x"), true);
  assert.equal(holds("abc", "ABC"), true);
  assert.equal(holds("", "x"), false);
});

test("printing gives the same tree", () => {
  for (const formula of ["1+2*3", "(1+2)*3", "1-(2-3)", "-(1+2)", "(-1)%", "2^(3^2)", 'SUM(A1:$B$2,"a""b")', "1<2=TRUE", "#REF!+1"]) {
    assert.equal(print(parse(formula)), formula);
  }
  assert.equal(print(parse("((1))+(2*3)")), "1+2*3");
});

test("addresses", () => {
  assert.deepEqual(parseAddress("AB12"), { column: 27, row: 11 });
  assert.equal(address({ column: 701, row: 0 }), "ZZ1");
  for (const column of [0, 25, 26, 51, 52, 701]) {
    assert.equal(columnNumber(columnName(column)), column);
  }
  for (const text of ["", "A", "1", "A0", "AAA1", "A100001", "$A1"]) {
    assert.throws(() => parseAddress(text), RangeError, text);
  }
  assert.equal(parseReference("$B3")?.fixedColumn, true);
});

test("ranges", () => {
  const range = Range.parse("B3:A1");
  assert.equal(range.toString(), "A1:B3");
  assert.deepEqual([range.width, range.height, range.size], [2, 3, 6]);
  assert.equal(range.contains(parseAddress("B2")), true);
  assert.equal(range.contains(parseAddress("C2")), false);
  assert.deepEqual([...Range.parse("A1:B2").cells()].map(address), ["A1", "B1", "A2", "B2"]);
});

test("inputs", () => {
  const cases: Record<string, Value> = { "": null, " 12 ": 12, "5 %": 0.05, true: true, "'007": "007", "1.2.3": "1.2.3", ".5": 0.5 };
  for (const [text, value] of Object.entries(cases)) {
    assert.equal(fromInput(text), value, text);
  }
  assert.equal(numberOf("1e3"), 1000);
  assert.equal(numberOf("12a"), undefined);
});

test("values have an order", () => {
  const sorted = ["b", true, 3, "A", null].sort(compareValues);
  assert.deepEqual(sorted, [null, 3, "A", "b", true]);
  assert.throws(() => compareValues(new CellError("#N/A"), 1));
});
