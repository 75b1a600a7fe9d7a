/** Cookies: reading `Cookie`, writing `Set-Cookie`. https://www.rfc-editor.org/rfc/rfc6265 */

export interface CookieOptions {
  maxAge?: number;
  expires?: Date;
  path?: string;
  domain?: string;
  secure?: boolean;
  httpOnly?: boolean;
  sameSite?: "strict" | "lax" | "none";
}

const NAME = /^[\w!#$%&'*.^`|~+-]+$/;
const LONGEST = 4096;

/** The cookies of a request; of two with one name the first counts. */
export function parseCookies(header: string | undefined): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0) {
      continue;
    }
    const name = pair.slice(0, equals).trim();
    if (!NAME.test(name) || Object.hasOwn(cookies, name)) {
      continue;
    }
    cookies[name] = decodeValue(pair.slice(equals + 1).trim());
  }
  return cookies;
}

/** A value for `Set-Cookie`. Throws for a name or a combination that browsers would drop. */
export function serializeCookie(name: string, value: string, options: CookieOptions = {}): string {
  if (!NAME.test(name)) {
    throw new TypeError(`not the name of a cookie: ${JSON.stringify(name)}`);
  }
  const parts = [`${name}=${encodeURIComponent(value)}`];
  if (options.maxAge !== undefined) {
    if (!Number.isInteger(options.maxAge)) {
      throw new TypeError("maxAge is in whole seconds");
    }
    parts.push(`Max-Age=${options.maxAge}`);
  }
  if (options.expires !== undefined) {
    parts.push(`Expires=${options.expires.toUTCString()}`);
  }
  if (options.domain !== undefined) {
    parts.push(`Domain=${options.domain}`);
  }
  parts.push(`Path=${options.path ?? "/"}`);
  if (options.sameSite === "none" && !options.secure) {
    throw new TypeError("a cookie with SameSite=None has to be secure");
  }
  if (name.startsWith("__Host-") && (!options.secure || options.domain !== undefined)) {
    throw new TypeError("a __Host- cookie is secure and has no domain");
  }
  parts.push(`SameSite=${capital(options.sameSite ?? "lax")}`);
  if (options.secure) {
    parts.push("Secure");
  }
  if (options.httpOnly ?? true) {
    parts.push("HttpOnly");
  }
  const cookie = parts.join("; ");
  if (cookie.length > LONGEST) {
    throw new RangeError(`the cookie ${name} is longer than ${LONGEST} characters`);
  }
  return cookie;
}

/** The value that makes browsers forget a cookie. */
export function expiredCookie(name: string, path = "/"): string {
  return serializeCookie(name, "", { maxAge: 0, path });
}

function decodeValue(value: string): string {
  const bare = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
