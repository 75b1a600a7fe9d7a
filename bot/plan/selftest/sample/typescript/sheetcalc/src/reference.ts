/** Addresses of cells and ranges of them. */

export const MAX_COLUMNS = 702;
export const MAX_ROWS = 100_000;

/** Counted from 0; `A1` is column 0, row 0. */
export interface Address {
  readonly column: number;
  readonly row: number;
}

/** An address in a formula; a fixed part does not change when the formula is copied. */
export interface CellReference extends Address {
  readonly fixedColumn: boolean;
  readonly fixedRow: boolean;
}

const REFERENCE = /^(\$?)([A-Z]{1,2})(\$?)([1-9]\d{0,5})$/i;

export function columnName(column: number): string {
  let name = "";
  for (let left = column + 1; left > 0; left = Math.floor((left - 1) / 26)) {
    name = String.fromCharCode(65 + ((left - 1) % 26)) + name;
  }
  return name;
}

export function columnNumber(name: string): number {
  let number = 0;
  for (const letter of name.toUpperCase()) {
    number = number * 26 + (letter.charCodeAt(0) - 64);
  }
  return number - 1;
}

/** `A1` for an address. */
export function address(cell: Address): string {
  return `${columnName(cell.column)}${cell.row + 1}`;
}

/** The address that a text is. Throws RangeError for another text, and outside the sheet. */
export function parseAddress(text: string): Address {
  const found = parseReference(text);
  if (found === undefined || found.fixedColumn || found.fixedRow) {
    throw new RangeError(`not a cell: ${text}`);
  }
  return { column: found.column, row: found.row };
}

/** The reference that a text is, with its dollar signs; undefined for another text. */
export function parseReference(text: string): CellReference | undefined {
  const found = REFERENCE.exec(text);
  if (found === null) {
    return undefined;
  }
  const column = columnNumber(found[2]);
  const row = Number(found[4]) - 1;
  if (!inSheet({ column, row })) {
    return undefined;
  }
  return { column, row, fixedColumn: found[1] === "$", fixedRow: found[3] === "$" };
}

export function formatReference(cell: CellReference): string {
  return `${cell.fixedColumn ? "$" : ""}${columnName(cell.column)}${cell.fixedRow ? "$" : ""}${cell.row + 1}`;
}

export function inSheet(cell: Address): boolean {
  return cell.column >= 0 && cell.column < MAX_COLUMNS && cell.row >= 0 && cell.row < MAX_ROWS;
}

/** A rectangle of cells, both corners included. */
export class Range {
  readonly first: Address;
  readonly last: Address;

  constructor(one: Address, other: Address) {
    this.first = { column: Math.min(one.column, other.column), row: Math.min(one.row, other.row) };
    this.last = { column: Math.max(one.column, other.column), row: Math.max(one.row, other.row) };
  }

  /** `A1:B2`, or a single cell. */
  static parse(text: string): Range {
    const [first, second = first] = text.split(":");
    return new Range(parseAddress(first), parseAddress(second));
  }

  get width(): number {
    return this.last.column - this.first.column + 1;
  }

  get height(): number {
    return this.last.row - this.first.row + 1;
  }

  get size(): number {
    return this.width * this.height;
  }

  contains(cell: Address): boolean {
    return (
      cell.column >= this.first.column &&
      cell.column <= this.last.column &&
      cell.row >= this.first.row &&
      cell.row <= this.last.row
    );
  }

  /** Every cell, row by row. */
  *cells(): Generator<Address> {
    for (let row = this.first.row; row <= this.last.row; row++) {
      for (let column = this.first.column; column <= this.last.column; column++) {
        yield { column, row };
      }
    }
  }

  toString(): string {
    return this.size === 1 ? address(this.first) : `${address(this.first)}:${address(this.last)}`;
  }
}
