/** Works out the tree of a formula. */

import { FUNCTIONS, type Argument } from "./functions.ts";
import type { BinaryOperator, Node } from "./parser.ts";
import { type Address, Range } from "./reference.ts";
import { CellError, compareValues, ErrorSignal, finite, toNumber, toText, type Value } from "./values.ts";

/** Where an evaluation gets the values of cells from. */
export interface Cells {
  value(cell: Address): Value;
}

/** The value of a formula; an error is a value as well. */
export function evaluate(node: Node, cells: Cells): Value {
  try {
    return new Evaluator(cells).value(node);
  } catch (error) {
    if (error instanceof ErrorSignal) {
      return error.error;
    }
    throw error;
  }
}

export class Evaluator {
  private readonly cells: Cells;

  constructor(cells: Cells) {
    this.cells = cells;
  }

  /** The value of a tree. Throws ErrorSignal, except for a tree that is an error itself. */
  value(node: Node): Value {
    switch (node.kind) {
      case "number":
      case "text":
      case "boolean":
        return node.value;
      case "error":
        return new CellError(node.code);
      case "cell":
        return this.cells.value(node.cell);
      case "range":
        return this.single(new Range(node.first, node.last));
      case "unary": {
        const operand = toNumber(this.value(node.operand));
        return node.operator === "-" ? finite(-operand) : operand;
      }
      case "percent":
        return toNumber(this.value(node.operand)) / 100;
      case "binary":
        return this.binary(node.operator, this.value(node.left), this.value(node.right));
      case "call":
        return this.call(node.name, node.args);
    }
  }

  /** The values of a range, row by row. */
  grid(range: Range): Value[][] {
    const rows: Value[][] = [];
    for (const cell of range.cells()) {
      if (cell.column === range.first.column) {
        rows.push([]);
      }
      rows[rows.length - 1].push(this.cells.value(cell));
    }
    return rows;
  }

  private binary(operator: BinaryOperator, left: Value, right: Value): Value {
    switch (operator) {
      case "+":
        return finite(toNumber(left) + toNumber(right));
      case "-":
        return finite(toNumber(left) - toNumber(right));
      case "*":
        return finite(toNumber(left) * toNumber(right));
      case "/": {
        const [dividend, divisor] = [toNumber(left), toNumber(right)];
        if (divisor === 0) {
          throw new ErrorSignal("#DIV/0!");
        }
        return finite(dividend / divisor);
      }
      case "^":
        return finite(toNumber(left) ** toNumber(right));
      case "&":
        return toText(left) + toText(right);
      case "=":
        return compareValues(left, right) === 0;
      case "<>":
        return compareValues(left, right) !== 0;
      case "<":
        return compareValues(left, right) < 0;
      case "<=":
        return compareValues(left, right) <= 0;
      case ">":
        return compareValues(left, right) > 0;
      case ">=":
        return compareValues(left, right) >= 0;
    }
  }

  private call(name: string, args: readonly Node[]): Value {
    const definition = FUNCTIONS.get(name);
    if (definition === undefined) {
      throw new ErrorSignal("#NAME?", `there is no function ${name}`);
    }
    if (args.length < definition.least || args.length > definition.most) {
      throw new ErrorSignal("#VALUE!", `${name} does not take ${args.length} arguments`);
    }
    return definition.run(args.map((arg) => this.argument(arg)));
  }

  /** An argument, which is worked out when the function asks for it. */
  private argument(node: Node): Argument {
    const range = node.kind === "range" ? new Range(node.first, node.last) : undefined;
    return {
      isRange: range !== undefined,
      value: () => this.value(node),
      grid: () => (range === undefined ? [[this.value(node)]] : this.grid(range)),
    };
  }

  /** A range where one value is needed: its only cell. */
  private single(range: Range): Value {
    if (range.size !== 1) {
      throw new ErrorSignal("#VALUE!", `${range} has more than one cell`);
    }
    return this.cells.value(range.first);
  }
}
