/** `GET /api/stream_function_logs`: what `npx convex logs` and `npx convex dev` poll. */
import { Hono } from "hono";
import type { OnNode } from "../../listen.ts";
import type { Authenticator } from "../auth/identity.ts";
import type { FunctionLog, FunctionRun } from "../functionLog.ts";
import { adminOnly } from "./admin.ts";

const UDF_TYPES = { query: "Query", mutation: "Mutation", action: "Action", httpAction: "HttpAction" } as const;

export function logRoutes({ authenticator, functionLog }: { authenticator: Authenticator; functionLog: FunctionLog }) {
  const routes = new Hono<OnNode>();
  routes.get("/api/stream_function_logs", adminOnly(authenticator), async (context) => {
    const cursorMs = Number(context.req.query("cursor")) || 0;
    const { runs, newCursorMs } = await functionLog.after(cursorMs, context.req.raw.signal);
    return context.json({ entries: runs.map(entryOf), newCursor: newCursorMs });
  });
  return routes;
}

/** A run as Convex's API describes it: times in seconds. */
function entryOf({ kind, component, path, requestId, endedAtMs, runTimeMs, logLines, error }: FunctionRun) {
  return {
    kind: "Completion",
    udfType: UDF_TYPES[kind],
    componentPath: component === "" ? null : component,
    identifier: path,
    timestamp: endedAtMs / 1000,
    executionTime: runTimeMs / 1000,
    logLines,
    cachedResult: false,
    requestId,
    executionId: requestId,
    ...(error === undefined ? { success: {} } : { error }),
  };
}
