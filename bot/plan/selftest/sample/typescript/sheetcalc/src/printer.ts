/** From a tree back to a formula, with as few parentheses as possible. */

import type { BinaryOperator, Node } from "./parser.ts";
import { formatReference } from "./reference.ts";

const STRENGTH: Record<BinaryOperator, number> = {
  "=": 1,
  "<>": 1,
  "<": 1,
  "<=": 1,
  ">": 1,
  ">=": 1,
  "&": 2,
  "+": 3,
  "-": 3,
  "*": 4,
  "/": 4,
  "^": 5,
};
const UNARY = 6;
const POSTFIX = 7;

/** The formula of a tree, without an equals sign. Reading it gives the same tree. */
export function print(node: Node): string {
  switch (node.kind) {
    case "number":
      return String(node.value);
    case "text":
      return `"${node.value.replaceAll('"', '""')}"`;
    case "boolean":
      return node.value ? "TRUE" : "FALSE";
    case "error":
      return node.code;
    case "cell":
      return formatReference(node.cell);
    case "range":
      return `${formatReference(node.first)}:${formatReference(node.last)}`;
    case "unary":
      return `${node.operator}${inside(node.operand, UNARY)}`;
    case "percent":
      return `${inside(node.operand, POSTFIX)}%`;
    case "binary": {
      const strength = STRENGTH[node.operator];
      // The right side needs parentheses at the same strength, because operators are grouped from the left.
      return `${inside(node.left, strength)}${node.operator}${inside(node.right, strength + 1)}`;
    }
    case "call":
      return `${node.name}(${node.args.map(print).join(",")})`;
  }
}

function inside(node: Node, least: number): string {
  const text = print(node);
  return strengthOf(node) < least ? `(${text})` : text;
}

function strengthOf(node: Node): number {
  switch (node.kind) {
    case "binary":
      return STRENGTH[node.operator];
    case "unary":
      return UNARY;
    case "percent":
      return POSTFIX;
    default:
      return POSTFIX + 1;
  }
}
