export { readCsv, writeCsv } from "./csv.ts";
export { formatNumber, parseFormat } from "./format.ts";
export { FUNCTIONS } from "./functions.ts";
export { parse } from "./parser.ts";
export { address, type Address, parseAddress, Range } from "./reference.ts";
export { Sheet } from "./sheet.ts";
export { CellError, type ErrorCode, isError, type Value } from "./values.ts";
