/** An application: routes and middleware, from a request to a response. */

import { conditional } from "./caching.ts";
import { HttpError, NotAcceptable } from "./errors.ts";
import { compose } from "./middleware.ts";
import { preferred } from "./negotiation.ts";
import type { Params } from "./pattern.ts";
import type { Request } from "./request.ts";
import { json, noContent, type Response } from "./response.ts";
import { type Method, Router } from "./router.ts";

export interface Context {
  readonly request: Request;
  readonly params: Params;
  /** What middleware passes on to handlers. */
  readonly state: Map<string, unknown>;
}

export type Handler = (context: Context) => Response | Promise<Response>;
export type Next = (context?: Context) => Response | Promise<Response>;
export type Middleware = (context: Context, next: Next) => Response | Promise<Response>;

export interface AppOptions {
  /** Gets every error that is not an HttpError. */
  onError?: (error: unknown, request: Request) => void;
  /** Whether GET answers get a tag and become 304 where the client has them. */
  conditional?: boolean;
}

export class App {
  readonly router = new Router<Handler>();
  private readonly middlewares: Middleware[] = [];
  private readonly options: AppOptions;

  constructor(options: AppOptions = {}) {
    this.options = options;
  }

  /** Add a middleware around all routes. */
  use(middleware: Middleware): this {
    this.middlewares.push(middleware);
    return this;
  }

  get(path: string, handler: Handler, name?: string): this {
    return this.on("GET", path, handler, name);
  }

  post(path: string, handler: Handler, name?: string): this {
    return this.on("POST", path, handler, name);
  }

  put(path: string, handler: Handler, name?: string): this {
    return this.on("PUT", path, handler, name);
  }

  delete(path: string, handler: Handler, name?: string): this {
    return this.on("DELETE", path, handler, name);
  }

  on(method: Method, path: string, handler: Handler, name?: string): this {
    this.router.add(method, path, handler, name);
    return this;
  }

  /** Add the routes of another application below a path, each with that application's middleware. */
  mount(prefix: string, other: App): this {
    const inner = new Router<Handler>();
    inner.mount("", other.router);
    const wrapped = new Router<Handler>();
    for (const route of inner.all()) {
      wrapped.add(route.method, route.pattern.source, compose(other.middlewares, route.target), route.name);
    }
    this.router.mount(prefix, wrapped);
    return this;
  }

  /** Answer a request. Never throws. */
  async handle(request: Request): Promise<Response> {
    const context: Context = { request, params: {}, state: new Map() };
    let response: Response;
    try {
      response = await compose(this.middlewares, (inner) => this.dispatch(inner))(context);
      if (this.options.conditional ?? true) {
        response = conditional(request, response);
      }
    } catch (error) {
      response = this.failure(error, request);
    }
    return request.method === "HEAD" ? response.withoutBody() : response;
  }

  private dispatch(context: Context): Response | Promise<Response> {
    const { request } = context;
    if (request.method === "OPTIONS") {
      const methods = this.router.methods(request.path);
      if (methods.length > 0 && !methods.includes("OPTIONS")) {
        return noContent({ allow: [...methods, "OPTIONS"].join(", ") });
      }
    }
    const { route, params } = this.router.find(request.method, request.path);
    return route.target({ ...context, params });
  }

  private failure(error: unknown, request: Request): Response {
    if (!(error instanceof HttpError)) {
      this.options.onError?.(error, request);
      return json({ error: "something went wrong here", code: "internal" }, 500);
    }
    const message = error.expose ? error.message : "something went wrong here";
    const body: Record<string, unknown> = { error: message, code: error.code };
    if (error.details !== undefined && error.expose) {
      body.details = error.details;
    }
    return json(body, error.status, error.headers);
  }
}

/** Calls the handler for the type that the client likes best. Throws NotAcceptable where none suits. */
export function negotiate(handlers: Record<string, Handler>): Handler {
  const types = Object.keys(handlers);
  return async (context) => {
    const type = preferred(context.request.headers.get("accept"), types);
    if (type === undefined) {
      throw new NotAcceptable(types);
    }
    const response = await handlers[type](context);
    response.headers.vary("Accept");
    return response;
  };
}
