/** Tokens of a formula. */

export type TokenKind = "number" | "text" | "name" | "reference" | "operator" | "open" | "close" | "comma" | "colon" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

export class FormulaError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} (at ${at + 1})`);
    this.name = "FormulaError";
    this.at = at;
  }
}

const OPERATORS = ["<>", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "^", "&", "%"];
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const REFERENCE = /\$?[A-Za-z]{1,2}\$?[1-9]\d{0,5}(?![\w(])/y;
const NAME = /[A-Za-z_][\w.]*/y;
const ERROR = /#(?:DIV\/0!|VALUE!|REF!|NAME\?|NUM!|N\/A|CYCLE!)/y;
const SIMPLE: Record<string, TokenKind> = { "(": "open", ")": "close", ",": "comma", ";": "comma", ":": "colon" };

/** The tokens of a formula without its equals sign; the last one is of kind `end`. Throws FormulaError. */
export function tokenize(formula: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < formula.length) {
    const sign = formula[at];
    if (/\s/.test(sign)) {
      at++;
      continue;
    }
    const token = next(formula, at);
    tokens.push(token);
    at += lengthOf(token, formula);
  }
  tokens.push({ kind: "end", text: "", at });
  return tokens;
}

function next(formula: string, at: number): Token {
  const sign = formula[at];
  const simple = SIMPLE[sign];
  if (simple !== undefined) {
    return { kind: simple, text: sign, at };
  }
  if (sign === '"') {
    return quoted(formula, at);
  }
  // A reference is tried before a name, because every reference looks like a name.
  const patterns: [RegExp, TokenKind][] = [
    [NUMBER, "number"],
    [REFERENCE, "reference"],
    [ERROR, "name"],
    [NAME, "name"],
  ];
  for (const [pattern, kind] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(formula);
    if (found !== null) {
      return { kind, text: found[0], at };
    }
  }
  const operator = OPERATORS.find((one) => formula.startsWith(one, at));
  if (operator === undefined) {
    throw new FormulaError(`${JSON.stringify(sign)} is not expected`, at);
  }
  return { kind: "operator", text: operator, at };
}

/** A text; two quotation marks in it stand for one. */
function quoted(formula: string, start: number): Token {
  let text = "";
  for (let at = start + 1; at < formula.length; at++) {
    if (formula[at] !== '"') {
      text += formula[at];
    } else if (formula[at + 1] === '"') {
      text += '"';
      at++;
    } else {
      return { kind: "text", text, at: start };
    }
  }
  throw new FormulaError("a text is not closed", start);
}

function lengthOf(token: Token, formula: string): number {
  if (token.kind !== "text") {
    return token.text.length;
  }
  // The two quotation marks, and one more for each in the text.
  const doubled = token.text.split('"').length - 1;
  const length = token.text.length + doubled + 2;
  return Math.min(length, formula.length - token.at);
}
