/** How numbers are shown. */

import { isError, plainNumber, toText, type Value } from "./values.ts";

export interface NumberFormat {
  readonly decimals: number;
  readonly grouped: boolean;
  readonly percent: boolean;
  readonly prefix: string;
  readonly suffix: string;
}

const FORMAT = /^(?<prefix>[^#0%]*)(?<digits>#,##0|0)(?<part>\.0+)?(?<percent>%)?(?<suffix>[^#0%]*)$/;
const MOST_DECIMALS = 12;

/** Reads a format such as `#,##0.00 €` or `0.0%`; undefined for one that is not understood. */
export function parseFormat(text: string): NumberFormat | undefined {
  const found = FORMAT.exec(text);
  if (found?.groups === undefined) {
    return undefined;
  }
  const { prefix, digits, part = ".", percent, suffix } = found.groups;
  const decimals = part.length - 1;
  if (decimals > MOST_DECIMALS) {
    return undefined;
  }
  return { decimals, grouped: digits === "#,##0", percent: percent !== undefined, prefix, suffix };
}

/** A number in a format. */
export function formatNumber(value: number, format: NumberFormat): string {
  const scaled = format.percent ? value * 100 : value;
  const [whole, part] = Math.abs(scaled).toFixed(format.decimals).split(".");
  const shown = format.grouped ? grouped(whole) : whole;
  const number = part === undefined ? shown : `${shown}.${part}`;
  // What is rounded to zero has no sign.
  const sign = scaled < 0 && /[1-9]/.test(number) ? "-" : "";
  return `${sign}${format.prefix}${number}${format.percent ? "%" : ""}${format.suffix}`;
}

/** Any value as a cell shows it. */
export function formatValue(value: Value, format?: NumberFormat): string {
  if (isError(value)) {
    return value.code;
  }
  if (typeof value !== "number") {
    return toText(value);
  }
  return format === undefined ? plainNumber(value) : formatNumber(value, format);
}

function grouped(digits: string): string {
  let text = digits;
  for (let at = digits.length - 3; at > 0; at -= 3) {
    text = `${text.slice(0, at)},${text.slice(at)}`;
  }
  return text;
}
