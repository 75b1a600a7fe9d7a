/** Sheets as CSV. https://www.rfc-editor.org/rfc/rfc4180 */

import { formatValue } from "./format.ts";
import { address } from "./reference.ts";
import { Sheet } from "./sheet.ts";

export class CsvError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(`line ${line}: ${message}`);
    this.name = "CsvError";
    this.line = line;
  }
}

/** The rows of a CSV text. Throws CsvError for a quotation that is not closed or has text after it. */
export function parseCsv(text: string, separator = ","): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  let wasQuoted = false;
  let line = 1;
  let quotedSince = 1;
  const endField = () => {
    row.push(field);
    field = "";
    wasQuoted = false;
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === "\n") {
      line++;
    }
    if (quoted) {
      if (sign !== '"') {
        field += sign;
      } else if (text[at + 1] === '"') {
        field += '"';
        at++;
      } else {
        quoted = false;
        wasQuoted = true;
      }
      continue;
    }
    if (sign === '"' && field === "" && !wasQuoted) {
      quoted = true;
      quotedSince = line;
    } else if (sign === separator) {
      endField();
    } else if (sign === "\n") {
      endField();
      rows.push(row);
      row = [];
    } else if (sign === "\r" && text[at + 1] === "\n") {
      continue;
    } else if (wasQuoted) {
      throw new CsvError("text after a quotation", line);
    } else {
      field += sign;
    }
  }
  if (quoted) {
    throw new CsvError("a quotation is not closed", quotedSince);
  }
  if (field !== "" || row.length > 0 || wasQuoted) {
    endField();
    rows.push(row);
  }
  return rows;
}

/** A sheet with the fields of a CSV text. Formulas are texts unless `formulas` says otherwise. */
export function readCsv(text: string, options: { separator?: string; formulas?: boolean } = {}): Sheet {
  const sheet = new Sheet();
  const inputs: Record<string, string> = {};
  for (const [row, fields] of parseCsv(text, options.separator).entries()) {
    for (const [column, field] of fields.entries()) {
      // A file from elsewhere must not bring formulas with it.
      const input = field.startsWith("=") && !options.formulas ? `'${field}` : field;
      inputs[address({ column, row })] = input;
    }
  }
  sheet.setAll(inputs);
  return sheet;
}

/** The values of a sheet, or what was typed, as CSV. */
export function writeCsv(sheet: Sheet, options: { separator?: string; inputs?: boolean } = {}): string {
  const used = sheet.used();
  if (used === undefined) {
    return "";
  }
  const separator = options.separator ?? ",";
  const lines: string[] = [];
  for (let row = 0; row <= used.last.row; row++) {
    const fields: string[] = [];
    for (let column = 0; column <= used.last.column; column++) {
      const name = address({ column, row });
      const text = options.inputs ? sheet.input(name) : formatValue(sheet.value(name));
      fields.push(escaped(text, separator));
    }
    lines.push(fields.join(separator));
  }
  return lines.map((line) => `${line}\r\n`).join("");
}

function escaped(field: string, separator: string): string {
  const needsQuotes = field.includes('"') || field.includes(separator) || /[\r\n]/.test(field);
  return needsQuotes ? `"${field.replaceAll('"', '""')}"` : field;
}
