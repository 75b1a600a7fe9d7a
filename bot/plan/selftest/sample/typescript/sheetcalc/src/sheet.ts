/** A sheet: cells with inputs and values, kept up to date. */

import { evaluate } from "./evaluator.ts";
import { DependencyGraph } from "./graph.ts";
import { FormulaError } from "./lexer.ts";
import { type Axis, copied, movedAddress, shifted } from "./moving.ts";
import { type Node, parse, references } from "./parser.ts";
import { print } from "./printer.ts";
import { type Address, address, parseAddress, Range } from "./reference.ts";
import { CellError, fromInput, type Value } from "./values.ts";

interface Cell {
  input: string;
  formula: Node | undefined;
  value: Value;
}

export type Listener = (changed: readonly string[]) => void;

export class Sheet {
  private readonly cells = new Map<string, Cell>();
  private readonly graph = new DependencyGraph();
  private readonly listeners = new Set<Listener>();

  /** Set what a person typed into a cell; an empty text clears it. */
  set(name: string, input: string): void {
    this.setAll({ [name]: input });
  }

  /** Set several cells, and work out what depends on them once. */
  setAll(inputs: Record<string, string>): void {
    const changed: Address[] = [];
    for (const [name, input] of Object.entries(inputs)) {
      const cell = parseAddress(name);
      this.store(cell, input);
      changed.push(cell);
    }
    this.recalculate(changed);
  }

  /** The value of a cell; null for an empty one. */
  value(name: string): Value {
    return this.cells.get(address(parseAddress(name)))?.value ?? null;
  }

  /** What was typed into a cell. */
  input(name: string): string {
    return this.cells.get(address(parseAddress(name)))?.input ?? "";
  }

  /** The values of a range, row by row. */
  values(range: string): Value[][] {
    const area = Range.parse(range);
    const rows: Value[][] = [];
    for (const cell of area.cells()) {
      if (cell.column === area.first.column) {
        rows.push([]);
      }
      rows[rows.length - 1].push(this.cells.get(address(cell))?.value ?? null);
    }
    return rows;
  }

  /** The smallest range with all cells that are not empty; undefined for an empty sheet. */
  used(): Range | undefined {
    let found: Range | undefined;
    for (const name of this.cells.keys()) {
      const cell = parseAddress(name);
      found = found === undefined ? new Range(cell, cell) : hull(found, cell);
    }
    return found;
  }

  /** Copy a cell; the references of its formula move with it. */
  copy(from: string, to: string): void {
    const [source, target] = [parseAddress(from), parseAddress(to)];
    const cell = this.cells.get(address(source));
    if (cell?.formula === undefined) {
      this.set(to, cell?.input ?? "");
      return;
    }
    const moved = copied(cell.formula, target.column - source.column, target.row - source.row);
    this.set(to, `=${print(moved)}`);
  }

  /** Insert empty rows or columns before one, counted from 0. */
  insert(axis: Axis, before: number, count = 1): void {
    this.shift(axis, before, count);
  }

  /** Delete rows or columns from one on. */
  remove(axis: Axis, from: number, count = 1): void {
    this.shift(axis, from, -count);
  }

  /** Be told which cells have another value after each change; returns how to stop that. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private shift(axis: Axis, before: number, count: number): void {
    const moved = new Map<string, string>();
    for (const [name, cell] of this.cells) {
      const target = movedAddress(parseAddress(name), axis, before, count);
      if (target === undefined) {
        continue;
      }
      const formula = cell.formula && shifted(cell.formula, axis, before, count);
      moved.set(address(target), formula === undefined ? cell.input : `=${print(formula)}`);
    }
    const gone = [...this.cells.keys()];
    for (const name of gone) {
      this.store(parseAddress(name), "");
    }
    for (const [name, input] of moved) {
      this.store(parseAddress(name), input);
    }
    this.recalculate([...new Set([...gone, ...moved.keys()])].map(parseAddress));
  }

  private store(cell: Address, input: string): void {
    const name = address(cell);
    if (input.trim() === "") {
      this.cells.delete(name);
      this.graph.clear(name);
      return;
    }
    if (!input.startsWith("=")) {
      this.cells.set(name, { input, formula: undefined, value: fromInput(input) });
      this.graph.clear(name);
      return;
    }
    try {
      const formula = parse(input);
      this.cells.set(name, { input, formula, value: null });
      this.graph.set(name, usesOf(formula));
    } catch (error) {
      if (!(error instanceof FormulaError)) {
        throw error;
      }
      this.cells.set(name, { input, formula: undefined, value: new CellError("#SYNTAX!", error.message) });
      this.graph.clear(name);
    }
  }

  /** Work out everything that depends on some cells. */
  private recalculate(changed: Iterable<Address>): void {
    const { sorted, cyclic } = this.graph.affected(changed, parseAddress);
    const reader = { value: (cell: Address): Value => this.cells.get(address(cell))?.value ?? null };
    for (const name of cyclic) {
      const cell = this.cells.get(name);
      if (cell?.formula !== undefined) {
        cell.value = new CellError("#CYCLE!", "the cell uses itself");
      }
    }
    for (const name of sorted) {
      const cell = this.cells.get(name);
      if (cell?.formula !== undefined) {
        cell.value = evaluate(cell.formula, reader);
      }
    }
    const names = [...sorted, ...cyclic];
    for (const listener of this.listeners) {
      listener(names);
    }
  }
}

function usesOf(formula: Node): { cells: Address[]; ranges: Range[] } {
  const cells: Address[] = [];
  const ranges: Range[] = [];
  for (const node of references(formula)) {
    if (node.kind === "cell") {
      cells.push(node.cell);
    } else {
      ranges.push(new Range(node.first, node.last));
    }
  }
  return { cells, ranges };
}

function hull(range: Range, cell: Address): Range {
  return new Range(
    { column: Math.min(range.first.column, cell.column), row: Math.min(range.first.row, cell.row) },
    { column: Math.max(range.last.column, cell.column), row: Math.max(range.last.row, cell.row) },
  );
}
