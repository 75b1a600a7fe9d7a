/** What a cell can hold, and how values become other kinds of values. */

export type ErrorCode = "#DIV/0!" | "#VALUE!" | "#REF!" | "#NAME?" | "#NUM!" | "#N/A" | "#CYCLE!" | "#SYNTAX!";

/** An error as a value. Two with the same code are equal for every purpose. */
export class CellError {
  readonly code: ErrorCode;
  readonly why: string;

  constructor(code: ErrorCode, why = "") {
    this.code = code;
    this.why = why;
  }

  toString(): string {
    return this.code;
  }
}

/** `null` is an empty cell. */
export type Value = number | string | boolean | null | CellError;

export function isError(value: Value): value is CellError {
  return value instanceof CellError;
}

/** Thrown inside an evaluation, where an error ends the work on a formula. */
export class ErrorSignal extends Error {
  readonly error: CellError;

  constructor(code: ErrorCode, why = "") {
    super(`${code} ${why}`.trim());
    this.name = "ErrorSignal";
    this.error = new CellError(code, why);
  }

  static of(error: CellError): ErrorSignal {
    return new ErrorSignal(error.code, error.why);
  }
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const PERCENT = /^[+-]?(?:\d+\.?\d*|\.\d+)\s*%$/;

/** The number that a text is, or undefined. */
export function numberOf(text: string): number | undefined {
  const trimmed = text.trim();
  if (NUMBER.test(trimmed)) {
    return Number(trimmed);
  }
  if (PERCENT.test(trimmed)) {
    return Number(trimmed.slice(0, -1).trim()) / 100;
  }
  return undefined;
}

/** A value for calculating. Throws ErrorSignal for a text that is not a number. */
export function toNumber(value: Value): number {
  if (isError(value)) {
    throw ErrorSignal.of(value);
  }
  if (typeof value === "number") {
    return value;
  }
  if (typeof value === "boolean") {
    return value ? 1 : 0;
  }
  if (value === null) {
    return 0;
  }
  const number = numberOf(value);
  if (number === undefined) {
    throw new ErrorSignal("#VALUE!", `${JSON.stringify(value)} is not a number`);
  }
  return number;
}

export function toText(value: Value): string {
  if (isError(value)) {
    throw ErrorSignal.of(value);
  }
  if (value === null) {
    return "";
  }
  if (typeof value === "boolean") {
    return value ? "TRUE" : "FALSE";
  }
  return typeof value === "number" ? plainNumber(value) : value;
}

export function toBoolean(value: Value): boolean {
  if (isError(value)) {
    throw ErrorSignal.of(value);
  }
  if (typeof value === "boolean") {
    return value;
  }
  if (typeof value === "number") {
    return value !== 0;
  }
  if (value === null) {
    return false;
  }
  switch (value.toUpperCase()) {
    case "TRUE":
      return true;
    case "FALSE":
      return false;
    default:
      throw new ErrorSignal("#VALUE!", `${JSON.stringify(value)} is neither true nor false`);
  }
}

/** A finite result. Throws ErrorSignal for one that is not. */
export function finite(value: number): number {
  if (!Number.isFinite(value)) {
    throw new ErrorSignal("#NUM!", "the result is not a number that can be shown");
  }
  // -0 would be shown as `-0`.
  return value === 0 ? 0 : value;
}

/** At most 12 digits, so that 0.1 + 0.2 is shown as 0.3. */
export function plainNumber(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** Order of values: numbers before texts before booleans, as in other spreadsheets. Texts without case. */
export function compareValues(one: Value, other: Value): number {
  const ranks = [rank(one), rank(other)];
  if (ranks[0] !== ranks[1]) {
    return ranks[0] - ranks[1];
  }
  if (typeof one === "string" && typeof other === "string") {
    const [left, right] = [one.toLowerCase(), other.toLowerCase()];
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return toNumber(one) - toNumber(other);
}

function rank(value: Value): number {
  if (isError(value)) {
    throw ErrorSignal.of(value);
  }
  switch (typeof value) {
    case "string":
      return 1;
    case "boolean":
      return 2;
    default:
      return 0;
  }
}

/** What a text that a person typed stands for. */
export function fromInput(text: string): Value {
  const trimmed = text.trim();
  if (trimmed === "") {
    return null;
  }
  // An apostrophe keeps a text a text.
  if (trimmed.startsWith("'")) {
    return trimmed.slice(1);
  }
  const upper = trimmed.toUpperCase();
  if (upper === "TRUE" || upper === "FALSE") {
    return upper === "TRUE";
  }
  return numberOf(trimmed) ?? text;
}
