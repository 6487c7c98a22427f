/**
 * Trouble on purpose, for tests: `GET /_control` shows, `POST /_control` sets. Fields that are left out stay.
 *
 *     delayMs          holds every answer back
 *     failNext         that many requests answer `failStatus` (500)
 *     dropWebhooks     the next N webhook messages are lost for good (until replayed)
 *     delayWebhooksMs  new messages are first sent after this long, by the shared clock
 *     replayWebhooks   "all" or a message id: sends again, under the same id
 *     reset            everything back to no trouble; applied first
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { adminOnly } from "../adminOnly.ts";
import { ClerkError, notFound, readBody } from "./clerkErrors.ts";
import type { WebhookOutbox } from "./webhooks.ts";

const LONGEST_DELAY_MS = 10 * 60 * 1000;
const count = z.number().int().min(0);
const controlBody = z.strictObject({
  reset: z.boolean().optional(),
  delayMs: count.max(LONGEST_DELAY_MS).optional(),
  failNext: count.optional(),
  failStatus: z.union([z.literal(429), z.literal(500), z.literal(503)]).optional(),
  dropWebhooks: count.optional(),
  delayWebhooksMs: count.optional(),
  replayWebhooks: z.string().optional(),
});

interface Trouble {
  delayMs: number;
  failNext: number;
  failStatus: 429 | 500 | 503;
}

const NO_TROUBLE: Trouble = { delayMs: 0, failNext: 0, failStatus: 500 };

/** The control routes, and the middleware that makes the trouble they ask for. */
export function control(adminKey: string, webhooks: WebhookOutbox) {
  const trouble = { ...NO_TROUBLE };
  const routes = new Hono();
  routes.use(adminOnly(adminKey));
  const state = () => ({ ...trouble, webhooks: { ...webhooks.faults, messages: webhooks.messages() } });

  routes.get("/", (c) => c.json(state()));
  routes.post("/", async (c) => {
    const body = await readBody(c, controlBody);
    if (body.reset) Object.assign(trouble, NO_TROUBLE);
    if (body.reset) Object.assign(webhooks.faults, { dropNext: 0, delayMs: 0 });
    trouble.delayMs = body.delayMs ?? trouble.delayMs;
    trouble.failNext = body.failNext ?? trouble.failNext;
    trouble.failStatus = body.failStatus ?? trouble.failStatus;
    webhooks.faults.dropNext = body.dropWebhooks ?? webhooks.faults.dropNext;
    webhooks.faults.delayMs = body.delayWebhooksMs ?? webhooks.faults.delayMs;
    if (body.replayWebhooks !== undefined && !webhooks.replay(body.replayWebhooks))
      throw notFound("webhook message", body.replayWebhooks);
    return c.json(state());
  });

  const makeTrouble = createMiddleware(async (_c, next) => {
    if (trouble.delayMs > 0) await sleep(trouble.delayMs);
    if (trouble.failNext === 0) return next();
    trouble.failNext -= 1;
    throw new ClerkError(trouble.failStatus, "planned_failure", "Failing as POST /_control asked.");
  });
  return { routes, makeTrouble };
}
