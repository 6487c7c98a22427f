import { describe, expect, test } from "vitest";
import type { HttpRoutes } from "../../../src/runtime/convex/functions/deployment.ts";
import { routeRequest } from "../../../src/runtime/convex/functions/httpRoutes.ts";

const none: HttpRoutes = { hasRouter: true, prefix: "", exact: [], prefixes: [], mounts: [] };
const get = (path: string) => ({ method: "GET", path });
const below = (prefix: string) => ({ method: "GET", prefix });

function routing(instances: Record<string, Partial<HttpRoutes>>) {
  const instance = (component: string) => ({ routes: { ...none, ...instances[component] } });
  return (path: string, method = "GET") => {
    const routed = routeRequest({ instance }, method, path);
    return routed && `${routed.component}|${routed.method} ${routed.path}`;
  };
}

describe("routing", () => {
  const route = routing({
    "": {
      exact: [get("/a"), get("/mount/exact")],
      prefixes: [below("/p/"), below("/mount/deeper/")],
      mounts: [{ prefix: "/mount/", component: "part" }],
    },
    part: {
      exact: [get("/x"), get("/deeper/x")],
      prefixes: [below("/")],
      mounts: [{ prefix: "/in/", component: "part/inner" }],
    },
    "part/inner": { exact: [get("/y")] },
  });

  test.each([
    ["/a", "|GET /a"],
    ["/a/", null],
    ["/p/anything", "|GET /p/anything"],
    ["/p", null],
    ["/mount/exact", "|GET /mount/exact"],
    ["/mount/x", "part|GET /x"],
    ["/mount/other", "part|GET /other"],
    ["/mount", "part|GET /"],
    ["/mount/deeper/x", "|GET /mount/deeper/x"],
    ["/mount/in/y", "part/inner|GET /y"],
    ["/mount/in/z", null],
  ])("%s goes to %s", (path, expected) => {
    expect(route(path)).toBe(expected);
  });

  test("HEAD is looked up as GET, and other methods as themselves", () => {
    expect([route("/a", "HEAD"), route("/a", "POST")]).toEqual(["|GET /a", null]);
  });

  test("the app's prefix is taken off its own routes and not off its mounts", () => {
    const prefixed = routing({
      "": { prefix: "/api/", exact: [get("/a")], mounts: [{ prefix: "/mount/", component: "part" }] },
      part: { exact: [get("/x")] },
    });
    expect([prefixed("/api/a"), prefixed("/a"), prefixed("/mount/x")]).toEqual(["|GET /a", null, "part|GET /x"]);
  });
});
