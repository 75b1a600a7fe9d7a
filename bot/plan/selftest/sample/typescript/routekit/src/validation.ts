/** Schemas for data from outside: they check, convert and say everything that is wrong. */

import { HttpError } from "./errors.ts";

export interface Issue {
  readonly path: string;
  readonly message: string;
}

export class ValidationError extends HttpError {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(422, issues.map((issue) => `${issue.path || "value"}: ${issue.message}`).join("; "), { details: issues });
    this.issues = issues;
  }
}

type Checked<T> = { ok: true; value: T } | { ok: false; issues: Issue[] };

export interface Schema<T> {
  /** Check a value; `path` is where it is, for messages. */
  check(value: unknown, path?: string): Checked<T>;
  /** The converted value. Throws ValidationError. */
  parse(value: unknown): T;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

function schema<T>(check: (value: unknown, path: string) => Checked<T>): Schema<T> {
  return {
    check: (value, path = "") => check(value, path),
    parse(value) {
      const result = check(value, "");
      if (!result.ok) {
        throw new ValidationError(result.issues);
      }
      return result.value;
    },
  };
}

function good<T>(value: T): Checked<T> {
  return { ok: true, value };
}

function bad<T>(path: string, message: string): Checked<T> {
  return { ok: false, issues: [{ path, message }] };
}

export interface StringRules {
  min?: number;
  max?: number;
  pattern?: RegExp;
  trim?: boolean;
}

export function string(rules: StringRules = {}): Schema<string> {
  return schema((value, path) => {
    if (typeof value !== "string") {
      return bad(path, `expected text, not ${kindOf(value)}`);
    }
    const text = rules.trim ? value.trim() : value;
    // Characters as people count them, not UTF-16 units.
    const length = [...text].length;
    if (rules.min !== undefined && length < rules.min) {
      return bad(path, `at least ${rules.min} characters are needed`);
    }
    if (rules.max !== undefined && length > rules.max) {
      return bad(path, `at most ${rules.max} characters are allowed`);
    }
    if (rules.pattern !== undefined && !rules.pattern.test(text)) {
      return bad(path, "does not have the expected form");
    }
    return good(text);
  });
}

export interface NumberRules {
  min?: number;
  max?: number;
  /** Whether a text with a number is accepted, as in a query. */
  fromText?: boolean;
}

export function integer(rules: NumberRules = {}): Schema<number> {
  return schema((value, path) => {
    const number = rules.fromText && typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number)) {
      return bad(path, `expected a whole number, not ${kindOf(value)}`);
    }
    if (rules.min !== undefined && number < rules.min) {
      return bad(path, `must be at least ${rules.min}`);
    }
    if (rules.max !== undefined && number > rules.max) {
      return bad(path, `must be at most ${rules.max}`);
    }
    return good(number);
  });
}

export function boolean(fromText = false): Schema<boolean> {
  return schema((value, path) => {
    if (typeof value === "boolean") {
      return good(value);
    }
    if (fromText && (value === "true" || value === "false")) {
      return good(value === "true");
    }
    return bad(path, `expected true or false, not ${kindOf(value)}`);
  });
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Schema<T> {
  return schema((value, path) => {
    const found = allowed.find((one) => one === value);
    return found === undefined ? bad(path, `must be one of ${allowed.join(", ")}`) : good(found);
  });
}

export function array<T>(item: Schema<T>, max = 1000): Schema<T[]> {
  return schema((value, path) => {
    if (!Array.isArray(value)) {
      return bad(path, `expected a list, not ${kindOf(value)}`);
    }
    if (value.length > max) {
      return bad(path, `at most ${max} entries are allowed`);
    }
    const values: T[] = [];
    const issues: Issue[] = [];
    for (const [index, one] of value.entries()) {
      const result = item.check(one, `${path}[${index}]`);
      if (result.ok) {
        values.push(result.value);
      } else {
        issues.push(...result.issues);
      }
    }
    return issues.length > 0 ? { ok: false, issues } : good(values);
  });
}

export function optional<T>(inner: Schema<T>): Schema<T | undefined>;
export function optional<T>(inner: Schema<T>, fallback: T): Schema<T>;
export function optional<T>(inner: Schema<T>, fallback?: T): Schema<T | undefined> {
  return schema((value, path) => (value === undefined ? good(fallback) : inner.check(value, path)));
}

type Shape = Record<string, Schema<unknown>>;
type ObjectOf<S extends Shape> = { [K in keyof S]: Infer<S[K]> };

/** An object with exactly these keys; unknown ones are mistakes, because they are mostly misspelt known ones. */
export function object<S extends Shape>(shape: S): Schema<ObjectOf<S>> {
  return schema((value, path) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      return bad(path, `expected an object, not ${kindOf(value)}`);
    }
    const given = value as Record<string, unknown>;
    const issues: Issue[] = [];
    const found: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(shape)) {
      const there = Object.hasOwn(given, key) ? given[key] : undefined;
      const result = inner.check(there, join(path, key));
      if (result.ok) {
        found[key] = result.value;
      } else {
        issues.push(...result.issues);
      }
    }
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(shape, key)) {
        issues.push({ path: join(path, key), message: "is unknown" });
      }
    }
    return issues.length > 0 ? { ok: false, issues } : good(found as ObjectOf<S>);
  });
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function kindOf(value: unknown): string {
  if (value === null) {
    return "null";
  }
  if (value === undefined) {
    return "nothing";
  }
  if (Array.isArray(value)) {
    return "a list";
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
