/**
 * Stands in for an OpenAI-compatible model provider, and says so in every reply: `GET /v1/models`,
 * `POST /v1/chat/completions`, and `/_control` to make it slow or broken on purpose and to read back what
 * it received.
 */
import { randomUUID } from "node:crypto";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";

import { createMiddleware } from "hono/factory";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { adminOnly } from "../adminOnly.ts";
import { limitBody } from "../limitBody.ts";
import { type Listener, listen, type OnNode } from "../listen.ts";
import { sameSecret } from "../sameSecret.ts";
import { completionBody, logEnding, sendAnswer, turnsOf } from "./completions.ts";
import { MODELS, PlanBook, planShape } from "./plans.ts";
import { replyTo } from "./reply.ts";
import { RequestLog } from "./requestLog.ts";

/** Room for a whole long conversation. */
const LARGEST_BODY_BYTES = 16 * 1024 * 1024;

const controlBody = planShape.extend({ reset: z.boolean().optional() });

export interface ModelsOptions {
  host: string;
  port: number;
  /** Bearer key that callers of `/v1` must show. */
  apiKey: string;
  /** Guards `/_control`. */
  adminKey: string;
}

export function startModels(options: ModelsOptions): Promise<Listener> {
  return listen(modelsApp(options), { ...options, name: "models" });
}

function modelsApp({ apiKey, adminKey }: ModelsOptions): Hono<OnNode> {
  const plans = new PlanBook();
  const log = new RequestLog();
  const app = new Hono<OnNode>();
  app.use(limitBody(LARGEST_BODY_BYTES));
  app.notFound((c) => refuse(c, 404, "not_found", `This stand-in has no ${c.req.method} ${c.req.path}.`));
  app.get("/", (c) => c.text("A stand-in for an OpenAI-compatible model provider. Its API is under /v1."));
  app.use("/v1/*", requireKey(apiKey));
  app.get("/v1/models", (c) => c.json({ object: "list", data: MODELS.map(({ id }) => modelJson(id)) }));
  app.post("/v1/chat/completions", (c) => complete(c, plans, log));
  app.route("/_control", controlRoutes(adminKey, plans, log));
  return app;
}

async function complete(c: Context<OnNode>, plans: PlanBook, log: RequestLog): Promise<Response> {
  const body: unknown = await c.req.json().catch(() => null);
  const parsed = completionBody.safeParse(body);
  if (!parsed.success) return refuse(c, 400, "invalid_request_error", z.prettifyError(parsed.error));
  const request = parsed.data;
  const model = MODELS.find(({ id }) => id === request.model);
  if (!model) return refuse(c, 404, "model_not_found", `The model ${request.model} does not exist here.`);

  const plan = plans.take(model.id);
  const id = `chatcmpl-${randomUUID()}`;
  const logged = log.begin({ id, model: model.id, stream: request.stream === true, body });
  if (plan.failStatus !== undefined) {
    logEnding(logged, "failed");
    if (plan.retryAfterSeconds !== undefined) c.header("retry-after", String(plan.retryAfterSeconds));
    const status = plan.failStatus as ContentfulStatusCode;
    return refuse(
      c,
      status,
      status === 429 ? "rate_limit_exceeded" : "server_error",
      "Failing as POST /_control asked.",
    );
  }
  const maxTokens = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
  const reply = replyTo(turnsOf(request), model, plan, maxTokens);
  const pace = { ...model.pace, ...definedPace(plan) };
  await sendAnswer(c.env.outgoing, { request, reply, plan, pace, logged });
  return RESPONSE_ALREADY_SENT;
}

function definedPace({
  firstTokenMs,
  intervalMs,
}: {
  firstTokenMs?: number | undefined;
  intervalMs?: number | undefined;
}) {
  return { ...(firstTokenMs !== undefined && { firstTokenMs }), ...(intervalMs !== undefined && { intervalMs }) };
}

/** `GET` shows plans and requests; `POST` adds a plan, `{ reset: true }` first forgets all plans and requests. */
function controlRoutes(adminKey: string, plans: PlanBook, log: RequestLog): Hono {
  const routes = new Hono();
  const state = () => ({ plans: plans.all(), requests: log.all() });
  routes.use(adminOnly(adminKey));
  routes.get("/", (c) => c.json(state()));
  routes.post("/", async (c) => {
    const parsed = controlBody.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) return c.json({ error: z.prettifyError(parsed.error) }, 400);
    const { reset, ...plan } = parsed.data;
    if (reset) plans.clear();
    if (reset) log.clear();
    if (Object.keys(plan).length > 0) plans.add(plan);
    return c.json(state());
  });
  return routes;
}

function requireKey(apiKey: string) {
  return createMiddleware(async (c, next) => {
    if (sameSecret(c.req.header("authorization") ?? "", `Bearer ${apiKey}`)) return next();
    return refuse(c, 401, "invalid_api_key", "Incorrect API key provided.");
  });
}

function refuse(c: Context, status: ContentfulStatusCode, code: string, message: string): Response {
  return c.json({ error: { message, type: code, param: null, code } }, status);
}

function modelJson(id: string) {
  return { id, object: "model", created: 0, owned_by: "noruxa-stand-in" };
}
