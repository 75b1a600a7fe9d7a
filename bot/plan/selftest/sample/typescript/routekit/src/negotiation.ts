/** Content negotiation: which of the available types, languages or codings a client likes best. */

export interface Weighted {
  readonly value: string;
  readonly weight: number;
  readonly position: number;
}

const DEFAULT_WEIGHT = 1;
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** The values of a header such as `Accept`, the most wanted first. Those that cannot be read are left out. */
export function parseWeights(header: string): Weighted[] {
  const found: Weighted[] = [];
  for (const [position, part] of header.split(",").entries()) {
    const [value, ...parameters] = part.split(";").map((piece) => piece.trim());
    if (value === "") {
      continue;
    }
    const weight = weightOf(parameters);
    if (weight !== undefined) {
      found.push({ value: value.toLowerCase(), weight, position });
    }
  }
  return found.sort((one, other) => other.weight - one.weight || one.position - other.position);
}

/**
 * The type that suits a client best, or undefined where none does. Without a header the first one does.
 *
 * Of types that the client wants equally, the first available one is taken.
 */
export function preferred(header: string | undefined, available: readonly string[]): string | undefined {
  if (header === undefined || header.trim() === "") {
    return available[0];
  }
  const wanted = parseWeights(header);
  let best: string | undefined;
  let bestWeight = 0;
  for (const type of available) {
    const weight = typeWeight(type.toLowerCase(), wanted);
    if (weight > bestWeight) {
      best = type;
      bestWeight = weight;
    }
  }
  return best;
}

/** The same for languages: `de` suits a client that wants `de-AT`, when there is nothing nearer. */
export function preferredLanguage(header: string | undefined, available: readonly string[]): string | undefined {
  if (header === undefined) {
    return available[0];
  }
  for (const { value, weight } of parseWeights(header)) {
    if (weight === 0) {
      continue;
    }
    if (value === "*") {
      return available[0];
    }
    const exact = available.find((language) => language.toLowerCase() === value);
    if (exact !== undefined) {
      return exact;
    }
    const main = value.split("-")[0];
    const near = available.find((language) => language.toLowerCase().split("-")[0] === main);
    if (near !== undefined) {
      return near;
    }
  }
  return undefined;
}

/** Whether a client takes a coding such as `gzip`. */
export function acceptsCoding(header: string | undefined, coding: string): boolean {
  if (header === undefined) {
    return false;
  }
  const wanted = parseWeights(header);
  const named = wanted.find(({ value }) => value === coding);
  if (named !== undefined) {
    return named.weight > 0;
  }
  return wanted.some(({ value, weight }) => value === "*" && weight > 0);
}

/** The weight of the most precise entry that covers a type: `text/html` before `text/*` before `*` + `/*`. */
function typeWeight(type: string, wanted: readonly Weighted[]): number {
  const main = type.split("/")[0];
  for (const range of [type, `${main}/*`, "*/*"]) {
    const entry = wanted.find(({ value }) => value === range);
    if (entry !== undefined) {
      return entry.weight;
    }
  }
  return 0;
}

function weightOf(parameters: readonly string[]): number | undefined {
  for (const parameter of parameters) {
    const [name, value = ""] = parameter.split("=").map((piece) => piece.trim());
    if (name.toLowerCase() === "q") {
      return WEIGHT.test(value) ? Number(value) : undefined;
    }
  }
  return DEFAULT_WEIGHT;
}
