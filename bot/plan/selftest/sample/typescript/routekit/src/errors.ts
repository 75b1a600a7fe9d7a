/** Errors that become answers. */

/** An error with an HTTP status. `expose` says whether its message may be shown to the client. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly expose: boolean;
  readonly details: unknown;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    message: string,
    options: { code?: string; expose?: boolean; details?: unknown; headers?: Record<string, string> } = {},
  ) {
    super(message);
    if (status < 400 || status > 599) {
      throw new RangeError(`${status} is not the status of an error`);
    }
    this.name = new.target.name;
    this.status = status;
    this.code = options.code ?? codeOf(status);
    this.expose = options.expose ?? status < 500;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }
}

export class BadRequest extends HttpError {
  constructor(message: string, details?: unknown) {
    super(400, message, { details });
  }
}

export class NotFound extends HttpError {
  constructor(path: string) {
    super(404, `there is nothing at ${path}`);
  }
}

export class MethodNotAllowed extends HttpError {
  readonly allowed: readonly string[];

  constructor(method: string, allowed: readonly string[]) {
    super(405, `${method} is not possible here`, { headers: { allow: allowed.join(", ") } });
    this.allowed = allowed;
  }
}

export class NotAcceptable extends HttpError {
  constructor(available: readonly string[]) {
    super(406, `available are ${available.join(", ")}`, { details: { available } });
  }
}

export class PayloadTooLarge extends HttpError {
  constructor(limit: number) {
    super(413, `the body is larger than ${limit} bytes`);
  }
}

export class TooManyRequests extends HttpError {
  constructor(seconds: number) {
    super(429, `try again in ${seconds} s`, { headers: { "retry-after": String(seconds) } });
  }
}

const CODES: Record<number, string> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  406: "not_acceptable",
  409: "conflict",
  413: "too_large",
  415: "unsupported_type",
  422: "invalid",
  429: "too_many_requests",
};

/** The code that a status has when an error names none. */
export function codeOf(status: number): string {
  return CODES[status] ?? (status >= 500 ? "internal" : "error");
}
