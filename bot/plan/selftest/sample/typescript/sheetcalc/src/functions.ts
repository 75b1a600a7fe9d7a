/** The functions of formulas: see docs/functions.md. */

import { compareValues, ErrorSignal, finite, isError, numberOf, toBoolean, toNumber, toText, type Value } from "./values.ts";

export interface Argument {
  readonly isRange: boolean;
  /** The value; works it out each time. Throws ErrorSignal. */
  value(): Value;
  /** The values of a range, or the one value as a grid of one cell. */
  grid(): Value[][];
}

export interface FunctionDefinition {
  readonly least: number;
  readonly most: number;
  readonly run: (args: readonly Argument[]) => Value;
}

const MANY = 255;
const LONGEST_TEXT = 32_767;

/** All functions by name in capitals. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map<string, FunctionDefinition>([
  ["SUM", many((args) => finite(numbers(args).reduce((sum, one) => sum + one, 0)))],
  ["AVERAGE", many(average)],
  ["MIN", many((args) => extreme(numbers(args), Math.min))],
  ["MAX", many((args) => extreme(numbers(args), Math.max))],
  ["COUNT", many((args) => values(args).filter((one) => typeof one === "number").length)],
  ["COUNTA", many((args) => values(args).filter((one) => one !== null).length)],
  ["MEDIAN", many(median)],
  ["ROUND", fixed(2, ([number, digits]) => round(toNumber(number), Math.trunc(toNumber(digits))))],
  ["INT", fixed(1, ([number]) => Math.floor(toNumber(number)))],
  ["MOD", fixed(2, ([number, divisor]) => modulo(toNumber(number), toNumber(divisor)))],
  ["ABS", fixed(1, ([number]) => Math.abs(toNumber(number)))],
  ["SQRT", fixed(1, ([number]) => squareRoot(toNumber(number)))],
  ["IF", { least: 2, most: 3, run: choose }],
  ["IFERROR", { least: 2, most: 2, run: instead }],
  ["AND", many((args) => values(args).every(toBoolean))],
  ["OR", many((args) => values(args).some(toBoolean))],
  ["NOT", fixed(1, ([value]) => !toBoolean(value))],
  ["LEN", fixed(1, ([text]) => [...toText(text)].length)],
  ["UPPER", fixed(1, ([text]) => toText(text).toUpperCase())],
  ["LOWER", fixed(1, ([text]) => toText(text).toLowerCase())],
  ["TRIM", fixed(1, ([text]) => toText(text).trim().replaceAll(/ +/g, " "))],
  ["LEFT", fixed(2, ([text, count]) => part(toText(text), 1, toNumber(count)))],
  ["RIGHT", fixed(2, ([text, count]) => right(toText(text), toNumber(count)))],
  ["MID", fixed(3, ([text, start, count]) => part(toText(text), toNumber(start), toNumber(count)))],
  ["CONCAT", many((args) => limited(values(args).map(toText).join("")))],
  ["VLOOKUP", { least: 3, most: 3, run: lookup }],
  ["SUMIF", { least: 2, most: 2, run: sumIf }],
]);

function many(run: FunctionDefinition["run"]): FunctionDefinition {
  return { least: 1, most: MANY, run };
}

/** A function of so many single values. */
function fixed(count: number, run: (args: Value[]) => Value): FunctionDefinition {
  return { least: count, most: count, run: (args) => run(args.map((arg) => arg.value())) };
}

/** All values of all arguments. */
function values(args: readonly Argument[]): Value[] {
  return args.flatMap((arg) => arg.grid().flat());
}

/** The numbers of all arguments. In ranges only real numbers count; a value given directly is converted. */
function numbers(args: readonly Argument[]): number[] {
  const found: number[] = [];
  for (const arg of args) {
    if (!arg.isRange) {
      found.push(toNumber(arg.value()));
      continue;
    }
    for (const value of arg.grid().flat()) {
      if (isError(value)) {
        throw ErrorSignal.of(value);
      }
      if (typeof value === "number") {
        found.push(value);
      }
    }
  }
  return found;
}

function average(args: readonly Argument[]): number {
  const found = numbers(args);
  if (found.length === 0) {
    throw new ErrorSignal("#DIV/0!", "there are no numbers");
  }
  return finite(found.reduce((sum, one) => sum + one, 0) / found.length);
}

function extreme(found: readonly number[], which: (...numbers: number[]) => number): number {
  return found.length === 0 ? 0 : which(...found);
}

function median(args: readonly Argument[]): number {
  const found = numbers(args).sort((one, other) => one - other);
  if (found.length === 0) {
    throw new ErrorSignal("#NUM!", "there are no numbers");
  }
  const middle = Math.floor(found.length / 2);
  return found.length % 2 === 1 ? found[middle] : (found[middle - 1] + found[middle]) / 2;
}

/** Half away from zero, which is what people expect of a sheet. */
function round(number: number, digits: number): number {
  // By text, because 1.005 * 100 is 100.49999999999999.
  const shifted = Number(`${Math.abs(number)}e${digits}`);
  if (!Number.isFinite(shifted)) {
    return number;
  }
  const rounded = Number(`${Math.round(shifted)}e${-digits}`);
  return finite(number < 0 ? -rounded : rounded);
}

function modulo(number: number, divisor: number): number {
  if (divisor === 0) {
    throw new ErrorSignal("#DIV/0!");
  }
  return finite(number - divisor * Math.floor(number / divisor));
}

function squareRoot(number: number): number {
  if (number < 0) {
    throw new ErrorSignal("#NUM!", "the root of a negative number");
  }
  return Math.sqrt(number);
}

function choose(args: readonly Argument[]): Value {
  const condition = toBoolean(args[0].value());
  if (condition) {
    return args[1].value();
  }
  return args.length > 2 ? args[2].value() : false;
}

function instead(args: readonly Argument[]): Value {
  try {
    const value = args[0].value();
    return isError(value) ? args[1].value() : value;
  } catch (error) {
    if (error instanceof ErrorSignal) {
      return args[1].value();
    }
    throw error;
  }
}

/** So many characters from a place on, counted from 1. */
function part(text: string, start: number, count: number): string {
  if (start < 1 || count < 0) {
    throw new ErrorSignal("#VALUE!", "a text has no such part");
  }
  const first = Math.trunc(start) - 1;
  return [...text].slice(first, first + Math.trunc(count)).join("");
}

function right(text: string, count: number): string {
  if (count < 0) {
    throw new ErrorSignal("#VALUE!", "a text has no such part");
  }
  const signs = [...text];
  return signs.slice(Math.max(signs.length - Math.trunc(count), 0)).join("");
}

function limited(text: string): string {
  if (text.length > LONGEST_TEXT) {
    throw new ErrorSignal("#VALUE!", `a text has more than ${LONGEST_TEXT} characters`);
  }
  return text;
}

function lookup(args: readonly Argument[]): Value {
  const key = args[0].value();
  const grid = args[1].grid();
  const column = Math.trunc(toNumber(args[2].value()));
  if (column < 1) {
    throw new ErrorSignal("#VALUE!", "columns are counted from 1");
  }
  if (column > grid[0].length) {
    throw new ErrorSignal("#REF!", `the range has ${grid[0].length} columns`);
  }
  for (const row of grid) {
    if (row[0] !== null && compareValues(row[0], key) === 0) {
      return row[column - 1];
    }
  }
  throw new ErrorSignal("#N/A", "no row has the key");
}

const CONDITION = /^(<>|<=|>=|=|<|>)?(.*)$/s;

/** Whether a condition such as `">3"` holds for a value. A text without an operator means equality. */
export function holds(condition: Value, value: Value): boolean {
  const found = typeof condition === "string" ? CONDITION.exec(condition) : null;
  const operator = found?.[1] ?? "=";
  const text = found === null ? undefined : found[2];
  const against: Value = text === undefined ? condition : (numberOf(text) ?? text);
  if (typeof value !== typeof against) {
    return operator === "<>";
  }
  const order = compareValues(value, against);
  switch (operator) {
    case "<>":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return order === 0;
  }
}

function sumIf(args: readonly Argument[]): number {
  const condition = args[1].value();
  let sum = 0;
  for (const value of args[0].grid().flat()) {
    if (typeof value === "number" && holds(condition, value)) {
      sum += value;
    }
  }
  return finite(sum);
}
