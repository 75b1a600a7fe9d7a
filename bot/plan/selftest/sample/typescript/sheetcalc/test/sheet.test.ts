import assert from "node:assert/strict";
import { test } from "node:test";

import { CsvError, parseCsv, readCsv, writeCsv } from "../src/csv.ts";
import { formatNumber, formatValue, parseFormat } from "../src/format.ts";
import { DependencyGraph } from "../src/graph.ts";
import { parseAddress, Range } from "../src/reference.ts";
import { Sheet } from "../src/sheet.ts";
import { CellError, isError, type Value } from "../src/values.ts";

function sheet(inputs: Record<string, string>): Sheet {
  const made = new Sheet();
  made.setAll(inputs);
  return made;
}

function shown(made: Sheet, name: string): Value {
  const value = made.value(name);
  return isError(value) ? value.code : value;
}

test("what depends on a change is worked out again", () => {
  const made = sheet({ A1: "1", A2: "=A1+1", A3: "=A2+1", B1: "=SUM(A1:A3)" });
  assert.equal(made.value("B1"), 6);
  made.set("A1", "10");
  assert.deepEqual([made.value("A3"), made.value("B1")], [12, 33]);
});

test("only what depends on a change is worked out", () => {
  const made = sheet({ A1: "1", A2: "=A1", B1: "2", B2: "=B1" });
  const changes: string[][] = [];
  const stop = made.onChange((names) => changes.push([...names].sort()));
  made.set("A1", "5");
  stop();
  made.set("B1", "5");
  assert.deepEqual(changes, [["A1", "A2"]]);
});

test("the order of inputs does not matter", () => {
  const made = new Sheet();
  made.set("A3", "=A2+A1");
  made.set("A2", "=A1*2");
  made.set("A1", "4");
  assert.equal(made.value("A3"), 12);
});

test("cycles are errors, and end when they are broken", () => {
  const made = sheet({ A1: "=B1", B1: "=C1", C1: "=A1", D1: "=A1+1", E1: "1" });
  for (const name of ["A1", "B1", "C1", "D1"]) {
    assert.equal(shown(made, name), "#CYCLE!", name);
  }
  assert.equal(made.value("E1"), 1);
  made.set("C1", "7");
  assert.deepEqual([made.value("A1"), made.value("D1")], [7, 8]);
});

test("a cell that uses itself", () => {
  assert.equal(shown(sheet({ A1: "=A1" }), "A1"), "#CYCLE!");
  assert.equal(shown(sheet({ A1: "=SUM(A1:A3)" }), "A1"), "#CYCLE!");
});

test("formulas with mistakes keep their text", () => {
  const made = sheet({ A1: "=1+", A2: "=A1" });
  assert.equal(shown(made, "A1"), "#SYNTAX!");
  assert.equal(shown(made, "A2"), "#SYNTAX!");
  assert.equal(made.input("A1"), "=1+");
});

test("cleared cells are empty", () => {
  const made = sheet({ A1: "1", A2: "=A1" });
  made.set("A1", "");
  assert.equal(made.value("A1"), null);
  assert.equal(made.value("A2"), null);
  assert.equal(made.used()?.toString(), "A2");
});

test("long chains do not overflow the stack", () => {
  const inputs: Record<string, string> = { A1: "1" };
  for (let row = 2; row <= 5000; row++) {
    inputs[`A${row}`] = `=A${row - 1}+1`;
  }
  assert.equal(sheet(inputs).value("A5000"), 5000);
});

test("copies move their references", () => {
  const made = sheet({ A1: "1", A2: "2", B1: "=A1*$A$1" });
  made.copy("B1", "B2");
  assert.equal(made.input("B2"), "=A2*$A$1");
  made.copy("B1", "A3");
  assert.equal(made.input("A3"), "=#REF!*$A$1");
  assert.equal(shown(made, "A3"), "#REF!");
  made.copy("A2", "C9");
  assert.equal(made.input("C9"), "2");
});

test("inserted rows push references away", () => {
  const made = sheet({ A1: "1", A2: "2", A3: "=SUM(A1:A2)", B1: "=A2" });
  made.insert("row", 1);
  assert.equal(made.input("A4"), "=SUM(A1:A3)");
  assert.equal(made.input("B1"), "=A3");
  assert.equal(made.value("A4"), 3);
  assert.equal(made.value("A2"), null);
});

test("deleted rows shrink ranges and lose cells", () => {
  const made = sheet({ A1: "1", A2: "2", A3: "3", A4: "=SUM(A1:A3)", B1: "=A2", B4: "=SUM(A2:A2)" });
  made.remove("row", 1);
  assert.equal(made.input("A3"), "=SUM(A1:A2)");
  assert.equal(made.value("A3"), 4);
  assert.equal(made.input("B1"), "=#REF!");
  assert.equal(made.input("B3"), "=SUM(#REF!)");
});

test("columns as well", () => {
  const made = sheet({ A1: "1", B1: "2", C1: "=A1+B1" });
  made.insert("column", 0, 2);
  assert.equal(made.input("E1"), "=C1+D1");
  made.remove("column", 0, 2);
  assert.equal(made.input("C1"), "=A1+B1");
});

test("values of a range", () => {
  assert.deepEqual(sheet({ A1: "1", B2: "x" }).values("A1:B2"), [
    [1, null],
    [null, "x"],
  ]);
  assert.equal(new Sheet().used(), undefined);
});

test("the graph forgets what a cell used before", () => {
  const graph = new DependencyGraph();
  const [first, second] = ["A1", "B1"].map(parseAddress);
  graph.set("C1", { cells: [first], ranges: [Range.parse("B1:B3")] });
  assert.deepEqual([...graph.directUsers(second)], ["C1"]);
  graph.set("C1", { cells: [first], ranges: [] });
  assert.deepEqual([...graph.directUsers(second)], []);
  graph.clear("C1");
  assert.deepEqual([...graph.directUsers(first)], []);
});

test("formats", () => {
  const cases: [number, string, string][] = [
    [1234567.891, "#,##0.00", "1,234,567.89"],
    [0.256, "0.0%", "25.6%"],
    [-5, "0.00 €", "-5.00 €"],
    [-0.001, "0.00", "0.00"],
    [12, "$0", "$12"],
    [999, "#,##0", "999"],
  ];
  for (const [value, text, expected] of cases) {
    const format = parseFormat(text);
    assert.ok(format !== undefined, text);
    assert.equal(formatNumber(value, format), expected);
  }
  assert.equal(parseFormat("yyyy-mm-dd"), undefined);
  assert.equal(parseFormat("0.0000000000000"), undefined);
});

test("values as cells show them", () => {
  assert.equal(formatValue(0.1 + 0.2), "0.3");
  assert.equal(formatValue(true), "TRUE");
  assert.equal(formatValue(null), "");
  assert.equal(formatValue(new CellError("#N/A")), "#N/A");
});

test("reading CSV", () => {
  assert.deepEqual(parseCsv('a,"b ""c""\nd"\r\n,e\n'), [
    ["a", 'b "c"\nd'],
    ["", "e"],
  ]);
  assert.deepEqual(parseCsv("a;b", ";"), [["a", "b"]]);
  assert.deepEqual(parseCsv('""'), [[""]]);
  assert.deepEqual(parseCsv(""), []);
});

test("mistakes in CSV have a line", () => {
  for (const [text, line] of [['a\n"b', 2], ['"a"b', 1]] as const) {
    assert.throws(
      () => parseCsv(text),
      (error: unknown) => error instanceof CsvError && error.line === line,
    );
  }
});

test("formulas in files from elsewhere are texts", () => {
  assert.equal(readCsv("=1+1").value("A1"), "=1+1");
  assert.equal(readCsv("=1+1", { formulas: true }).value("A1"), 2);
});

test("writing CSV", () => {
  const made = sheet({ A1: "a,b", B2: "=1/4", C1: 'say "x"' });
  assert.equal(writeCsv(made), '"a,b",,"say ""x"""\r\n,0.25,\r\n');
  assert.equal(writeCsv(made, { inputs: true, separator: ";" }), 'a,b;;"say ""x"""\r\n;=1/4;\r\n');
  assert.equal(writeCsv(new Sheet()), "");
});
