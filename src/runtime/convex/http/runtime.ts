/** Endpoints of the embedded runtime itself, for whoever holds the admin key: its clock and its counters. */
import { Hono } from "hono";
import { z } from "zod";
import { adminOnly } from "../../adminOnly.ts";
import type { OnNode } from "../../listen.ts";
import { badRequest } from "../errors.ts";
import type { Metrics } from "../metrics.ts";

const vAdvance = z.object({ advanceMs: z.number().finite().min(0) });

export interface RuntimeParts {
  adminKey: string;
  metrics: Metrics;
  /** Sockets and live queries right now. */
  gauges: () => { sockets: number; subscriptions: number; liveQueries: number };
  /** Moves the shared clock and returns the new time, milliseconds since the epoch. */
  advanceClock: (byMs: number) => Promise<number>;
}

export function runtimeRoutes({ adminKey, metrics, gauges, advanceClock }: RuntimeParts): Hono<OnNode> {
  const routes = new Hono<OnNode>();
  routes.use("/_runtime/*", adminOnly(adminKey));
  routes.post("/_runtime/clock", async (context) => {
    const body = vAdvance.safeParse(await context.req.json().catch(() => null));
    if (!body.success) throw badRequest("BadJsonBody", "advanceMs must be a number of at least 0.");
    return context.json({ nowMs: await advanceClock(body.data.advanceMs) });
  });
  routes.get("/_runtime/metrics", (context) => {
    const answer = { ...gauges(), ...metrics.snapshot() };
    if (context.req.query("reset") === "1") metrics.reset();
    return context.json(answer);
  });
  routes.post("/_runtime/metrics/reset", (context) => {
    metrics.reset();
    return context.json({});
  });
  return routes;
}
