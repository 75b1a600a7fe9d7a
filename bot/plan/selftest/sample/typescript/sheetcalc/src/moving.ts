/** What happens to formulas when cells move. */

import type { Node } from "./parser.ts";
import { type Address, type CellReference, inSheet } from "./reference.ts";

export type Axis = "row" | "column";

const LOST: Node = { kind: "error", code: "#REF!" };

/** The formula for a copy that lies so many columns and rows away; references that leave the sheet are lost. */
export function copied(node: Node, columns: number, rows: number): Node {
  return mapped(node, (cell) => {
    const moved = {
      ...cell,
      column: cell.fixedColumn ? cell.column : cell.column + columns,
      row: cell.fixedRow ? cell.row : cell.row + rows,
    };
    return inSheet(moved) ? moved : undefined;
  });
}

/** The formula after `count` rows or columns were inserted before one; a negative count deletes from there on. */
export function shifted(node: Node, axis: Axis, before: number, count: number): Node {
  if (node.kind === "range" && count < 0) {
    return shrunk(node, axis, before, -count);
  }
  return mapped(
    node,
    (cell) => {
      const at = movedIndex(cell[axis], before, count);
      return at === undefined ? undefined : { ...cell, [axis]: at };
    },
    (inner) => shifted(inner, axis, before, count),
  );
}

/** Where a row or column is afterwards; undefined for one that was deleted. */
export function movedIndex(index: number, before: number, count: number): number | undefined {
  if (index < before) {
    return index;
  }
  if (count < 0 && index < before - count) {
    return undefined;
  }
  return index + count;
}

/** Where a cell is afterwards; undefined for one that was deleted or pushed out of the sheet. */
export function movedAddress(cell: Address, axis: Axis, before: number, count: number): Address | undefined {
  const at = movedIndex(cell[axis], before, count);
  if (at === undefined) {
    return undefined;
  }
  const moved = { ...cell, [axis]: at };
  return inSheet(moved) ? moved : undefined;
}

/** A range from which rows or columns are deleted: it keeps what is left. */
function shrunk(node: Extract<Node, { kind: "range" }>, axis: Axis, from: number, count: number): Node {
  const low = Math.min(node.first[axis], node.last[axis]);
  const high = Math.max(node.first[axis], node.last[axis]);
  const end = from + count;
  if (low >= from && high < end) {
    return LOST;
  }
  const first = low < from ? low : Math.max(low, end) - count;
  const last = high < from ? high : high < end ? from - 1 : high - count;
  return { ...node, first: { ...node.first, [axis]: first }, last: { ...node.last, [axis]: last } };
}

type Move = (cell: CellReference) => CellReference | undefined;

/** The tree with every reference moved; a reference that is lost becomes an error. */
function mapped(node: Node, move: Move, again: (inner: Node) => Node = (inner) => mapped(inner, move)): Node {
  switch (node.kind) {
    case "cell": {
      const cell = move(node.cell);
      return cell === undefined ? LOST : { kind: "cell", cell };
    }
    case "range": {
      const first = move(node.first);
      const last = move(node.last);
      return first === undefined || last === undefined ? LOST : { kind: "range", first, last };
    }
    case "unary":
    case "percent":
      return { ...node, operand: again(node.operand) };
    case "binary":
      return { ...node, left: again(node.left), right: again(node.right) };
    case "call":
      return { ...node, args: node.args.map(again) };
    default:
      return node;
  }
}
