import assert from "node:assert/strict";
import { test } from "node:test";

import { MethodNotAllowed, NotFound } from "../src/errors.ts";
import { Pattern, PatternError } from "../src/pattern.ts";
import { RouteConflict, Router } from "../src/router.ts";

test("fixed paths match with and without a slash at the end", () => {
  const pattern = new Pattern("/notes/all");
  assert.deepEqual(pattern.match("/notes/all"), {});
  assert.deepEqual(pattern.match("/notes/all/"), {});
  assert.equal(pattern.match("/notes"), undefined);
  assert.equal(pattern.match("/notes/all/more"), undefined);
});

test("parameters are decoded", () => {
  assert.deepEqual(new Pattern("/notes/:id").match("/notes/a%20b"), { id: "a b" });
  assert.deepEqual(new Pattern("/notes/:id").match("/notes/%zz"), { id: "%zz" });
});

test("types of parameters", () => {
  assert.deepEqual(new Pattern("/n/:id<int>").match("/n/12"), { id: "12" });
  assert.equal(new Pattern("/n/:id<int>").match("/n/x"), undefined);
  assert.deepEqual(new Pattern("/n/:name<slug>").match("/n/a-b2"), { name: "a-b2" });
  assert.equal(new Pattern("/n/:name<slug>").match("/n/A"), undefined);
});

test("the rest keeps its slashes and is not empty", () => {
  const pattern = new Pattern("/files/*path");
  assert.deepEqual(pattern.match("/files/a/b.txt"), { path: "a/b.txt" });
  assert.equal(pattern.match("/files"), undefined);
});

test("the last part may be optional", () => {
  const pattern = new Pattern("/notes/:id?");
  assert.deepEqual(pattern.match("/notes"), {});
  assert.deepEqual(pattern.match("/notes/3"), { id: "3" });
});

test("patterns that make no sense are refused", () => {
  for (const source of ["notes", "/:", "/*", "/:id/:id", "/*rest/more", "/:id?/more", "/:id<float>"]) {
    assert.throws(() => new Pattern(source), PatternError, source);
  }
});

test("paths are built from parameters", () => {
  assert.equal(new Pattern("/notes/:id<int>").build({ id: 7 }), "/notes/7");
  assert.equal(new Pattern("/a b/:id").build({ id: "x/y" }), "/a%20b/x%2Fy");
  assert.equal(new Pattern("/files/*path").build({ path: "a/b c" }), "/files/a/b%20c");
  assert.equal(new Pattern("/notes/:id?").build(), "/notes");
  assert.throws(() => new Pattern("/notes/:id").build(), PatternError);
  assert.throws(() => new Pattern("/notes/:id<int>").build({ id: "x" }), PatternError);
});

test("the more precise route is preferred, whatever the order", () => {
  const router = new Router<string>();
  router.add("GET", "/notes/*rest", "rest");
  router.add("GET", "/notes/:id", "any");
  router.add("GET", "/notes/:id<int>", "int");
  router.add("GET", "/notes/new", "new");
  const targets = ["/notes/new", "/notes/12", "/notes/x", "/notes/x/y"].map((path) => router.find("GET", path));
  assert.deepEqual(
    targets.map((match) => match.route.target),
    ["new", "int", "any", "rest"],
  );
});

test("unknown paths and methods", () => {
  const router = new Router<string>();
  router.add("GET", "/notes", "list").add("POST", "/notes", "create");
  assert.throws(() => router.find("GET", "/other"), NotFound);
  assert.throws(
    () => router.find("DELETE", "/notes"),
    (error: unknown) => error instanceof MethodNotAllowed && error.headers.allow === "GET, HEAD, POST",
  );
});

test("HEAD is answered by GET", () => {
  const router = new Router<string>().add("GET", "/notes", "list");
  assert.equal(router.find("HEAD", "/notes").route.target, "list");
});

test("two routes for the same paths are refused", () => {
  const router = new Router<string>().add("GET", "/notes/:id", "one");
  assert.throws(() => router.add("GET", "/notes/:name", "other"), RouteConflict);
  router.add("POST", "/notes/:name", "fine");
  assert.equal(router.size, 2);
});

test("routers are mounted below a path", () => {
  const inner = new Router<string>().add("GET", "/", "list").add("GET", "/:id", "one", "note");
  const router = new Router<string>().mount("/notes/", inner);
  assert.equal(router.find("GET", "/notes").route.target, "list");
  assert.deepEqual(router.find("GET", "/notes/3").params, { id: "3" });
  assert.equal(router.url("note", { id: 3 }), "/notes/3");
  assert.throws(() => router.url("nothing"), /no route is named/);
});
