/** From tokens to a tree. */

import { FormulaError, type Token, tokenize } from "./lexer.ts";
import { type CellReference, parseReference } from "./reference.ts";
import type { ErrorCode } from "./values.ts";

export type Node =
  | { kind: "number"; value: number }
  | { kind: "text"; value: string }
  | { kind: "boolean"; value: boolean }
  | { kind: "error"; code: ErrorCode }
  | { kind: "cell"; cell: CellReference }
  | { kind: "range"; first: CellReference; last: CellReference }
  | { kind: "unary"; operator: "-" | "+"; operand: Node }
  | { kind: "percent"; operand: Node }
  | { kind: "binary"; operator: BinaryOperator; left: Node; right: Node }
  | { kind: "call"; name: string; args: Node[] };

export type BinaryOperator = "+" | "-" | "*" | "/" | "^" | "&" | "=" | "<>" | "<" | "<=" | ">" | ">=";

/** From the weakest to the strongest; operators of one level are grouped from the left. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ["=", "<>", "<", "<=", ">", ">="],
  ["&"],
  ["+", "-"],
  ["*", "/"],
  ["^"],
];

const DEEPEST = 100;

/** The tree of a formula, with or without its equals sign. Throws FormulaError. */
export function parse(formula: string): Node {
  const parser = new Parser(tokenize(formula.startsWith("=") ? formula.slice(1) : formula));
  return parser.whole();
}

class Parser {
  private readonly tokens: readonly Token[];
  private position = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  whole(): Node {
    const node = this.binary(0);
    const left = this.peek();
    if (left.kind !== "end") {
      throw new FormulaError(`${left.text} is not expected`, left.at);
    }
    return node;
  }

  private binary(level: number): Node {
    if (level === LEVELS.length) {
      return this.unary();
    }
    let left = this.binary(level + 1);
    for (;;) {
      const operator = this.operator(LEVELS[level]);
      if (operator === undefined) {
        return left;
      }
      left = { kind: "binary", operator, left, right: this.binary(level + 1) };
    }
  }

  private operator(expected: readonly BinaryOperator[]): BinaryOperator | undefined {
    const token = this.peek();
    const found = token.kind === "operator" ? expected.find((one) => one === token.text) : undefined;
    if (found !== undefined) {
      this.position++;
    }
    return found;
  }

  private unary(): Node {
    const token = this.peek();
    if (token.kind === "operator" && (token.text === "-" || token.text === "+")) {
      this.position++;
      this.deeper(token);
      const operand = this.unary();
      this.depth--;
      return { kind: "unary", operator: token.text, operand };
    }
    let node = this.primary();
    while (this.peek().kind === "operator" && this.peek().text === "%") {
      this.position++;
      node = { kind: "percent", operand: node };
    }
    return node;
  }

  private primary(): Node {
    const token = this.take();
    switch (token.kind) {
      case "number":
        return { kind: "number", value: Number(token.text) };
      case "text":
        return { kind: "text", value: token.text };
      case "reference":
        return this.reference(token);
      case "name":
        return this.named(token);
      case "open": {
        this.deeper(token);
        const inner = this.binary(0);
        this.depth--;
        this.expect("close", "a closing parenthesis");
        return inner;
      }
      case "end":
        throw new FormulaError("the formula ends too early", token.at);
      default:
        throw new FormulaError(`${token.text} is not expected`, token.at);
    }
  }

  private reference(token: Token): Node {
    const first = this.cell(token);
    if (this.peek().kind !== "colon") {
      return { kind: "cell", cell: first };
    }
    this.position++;
    const second = this.take();
    if (second.kind !== "reference") {
      throw new FormulaError("a cell is missing after the colon", second.at);
    }
    return { kind: "range", first, last: this.cell(second) };
  }

  private cell(token: Token): CellReference {
    const cell = parseReference(token.text);
    if (cell === undefined) {
      throw new FormulaError(`${token.text} is outside the sheet`, token.at);
    }
    return cell;
  }

  private named(token: Token): Node {
    if (token.text.startsWith("#")) {
      return { kind: "error", code: token.text as ErrorCode };
    }
    const name = token.text.toUpperCase();
    if (this.peek().kind !== "open") {
      if (name === "TRUE" || name === "FALSE") {
        return { kind: "boolean", value: name === "TRUE" };
      }
      // A name alone is worked out to #NAME?, so that the rest of the sheet goes on.
      return { kind: "call", name, args: [] };
    }
    this.position++;
    this.deeper(token);
    const args: Node[] = [];
    if (this.peek().kind !== "close") {
      args.push(this.binary(0));
      while (this.peek().kind === "comma") {
        this.position++;
        args.push(this.binary(0));
      }
    }
    this.depth--;
    this.expect("close", "a closing parenthesis");
    return { kind: "call", name, args };
  }

  /** Counts how deep the formula is nested, because the stack is limited. */
  private deeper(token: Token): void {
    this.depth++;
    if (this.depth > DEEPEST) {
      throw new FormulaError(`the formula is nested more than ${DEEPEST} deep`, token.at);
    }
  }

  private expect(kind: Token["kind"], what: string): void {
    const token = this.take();
    if (token.kind !== kind) {
      throw new FormulaError(`${what} is missing`, token.at);
    }
  }

  private peek(): Token {
    return this.tokens[this.position];
  }

  private take(): Token {
    const token = this.tokens[this.position];
    if (token.kind !== "end") {
      this.position++;
    }
    return token;
  }
}

/** Every reference of a tree, ranges with both corners. */
export function* references(node: Node): Generator<Extract<Node, { kind: "cell" | "range" }>> {
  switch (node.kind) {
    case "cell":
    case "range":
      yield node;
      break;
    case "unary":
    case "percent":
      yield* references(node.operand);
      break;
    case "binary":
      yield* references(node.left);
      yield* references(node.right);
      break;
    case "call":
      for (const arg of node.args) {
        yield* references(arg);
      }
      break;
  }
}
