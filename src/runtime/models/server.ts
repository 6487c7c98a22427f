/**
 * Stands in for an OpenAI-compatible model provider, and says so in all it makes: `GET /v1/models`,
 * `POST /v1/chat/completions`, `POST /v1/images/generations`, `/v1/videos`, and `/_control` to make it slow or broken on
 * purpose and to read back what it received.
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
import { IMAGE_MODEL, VIDEO_MODEL } from "./mediaPlans.ts";
import { makePicture, pictureBody } from "./pictures.ts";
import { MODELS, type Plan, PlanBook, planShape } from "./plans.ts";
import { replyTo } from "./reply.ts";
import { type LoggedRequest, RequestLog } from "./requestLog.ts";
import { FilmQueue, videoBody } from "./videos.ts";

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
  /** Signs the webhooks that say that a video has ended: `whsec_…`. */
  webhookSecret: string;
}

export interface Models extends Listener {
  /** Where webhooks go. */
  deliverWebhooksTo(endpoint: string): void;
}

export async function startModels(options: ModelsOptions): Promise<Models> {
  const films = new FilmQueue(options);
  const listener = await listen(modelsApp(options, films), { ...options, name: "models" });
  const close = () => {
    films.clear();
    return listener.close();
  };
  return { ...listener, close, deliverWebhooksTo: (endpoint) => films.deliverWebhooksTo(endpoint) };
}

/** What the routes share. */
interface Desk {
  plans: PlanBook;
  log: RequestLog;
  films: FilmQueue;
}

function modelsApp({ apiKey, adminKey }: ModelsOptions, films: FilmQueue): Hono<OnNode> {
  const desk: Desk = { plans: new PlanBook(), log: new RequestLog(), films };
  const app = new Hono<OnNode>();
  app.use(limitBody(LARGEST_BODY_BYTES));
  app.notFound((c) => refuse(c, 404, "not_found", `This stand-in has no ${c.req.method} ${c.req.path}.`));
  app.get("/", (c) => c.text("A stand-in for an OpenAI-compatible model provider. Its API is under /v1."));
  app.use("/v1/*", requireKey(apiKey));
  const models = [...MODELS, IMAGE_MODEL, VIDEO_MODEL];
  app.get("/v1/models", (c) => c.json({ object: "list", data: models.map(({ id }) => modelJson(id)) }));
  app.post("/v1/chat/completions", (c) => complete(c, desk));
  app.post("/v1/images/generations", (c) => draw(c, desk));
  app.post("/v1/videos", (c) => orderVideo(c, desk));
  app.get("/v1/videos/:id", (c) => showVideo(c, films.show(c.req.param("id"))));
  app.get("/v1/videos/:id/content", (c) => sendVideo(c, films.content(c.req.param("id"))));
  app.delete("/v1/videos/:id", (c) => {
    const id = c.req.param("id");
    return showVideo(c, films.remove(id) ? { id, object: "video.deleted", deleted: true } : null);
  });
  app.route("/_control", controlRoutes(adminKey, desk));
  return app;
}

async function draw(c: Context<OnNode>, { plans, log }: Desk): Promise<Response> {
  const body: unknown = await c.req.json().catch(() => null);
  const parsed = pictureBody.safeParse(body);
  if (!parsed.success) return refuse(c, 400, "invalid_request_error", z.prettifyError(parsed.error));
  const plan = plans.take(IMAGE_MODEL.id);
  const logged = log.begin({ id: `img-${randomUUID()}`, model: IMAGE_MODEL.id, stream: false, body });
  const trouble = troubleOf(c, plan, logged);
  if (trouble) return trouble;
  try {
    const data = await makePicture(parsed.data, plan, goneSignal(c));
    logEnding(logged, "complete");
    return c.json({ created: Math.floor(logged.receivedAtMs / 1000), data });
  } catch {
    logEnding(logged, "aborted");
    return refuse(c, 500, "server_error", "The client has gone.");
  }
}

async function orderVideo(c: Context<OnNode>, { plans, log, films }: Desk): Promise<Response> {
  const body: unknown = await c.req.json().catch(() => null);
  const parsed = videoBody.safeParse(body);
  if (!parsed.success) return refuse(c, 400, "invalid_request_error", z.prettifyError(parsed.error));
  const plan = plans.take(VIDEO_MODEL.id);
  const logged = log.begin({ id: `vid-${randomUUID()}`, model: VIDEO_MODEL.id, stream: false, body });
  const trouble = plan.fail ? null : troubleOf(c, plan, logged);
  return trouble ?? c.json(films.add(parsed.data, plan, (ending) => logEnding(logged, ending)));
}

function showVideo(c: Context, film: object | null): Response {
  return film ? c.json(film) : refuse(c, 404, "not_found", "This stand-in has no such video.");
}

function sendVideo(c: Context, content: { bytes: Uint8Array; plan: Plan } | null): Response {
  if (!content) return refuse(c, 404, "not_found", "This stand-in has no such video, or not yet.");
  const { bytes, plan } = content;
  if (plan.resultUrl !== undefined) return c.redirect(plan.resultUrl);
  return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { "content-type": plan.html ? "text/html" : "video/mp4" });
}

/** The failure that a plan wants in place of an answer, if it wants one. */
function troubleOf(c: Context, plan: Plan, logged: LoggedRequest): Response | null {
  const { failStatus, retryAfterSeconds, refuse: isRefused } = plan;
  if (failStatus === undefined && !isRefused) return null;
  logEnding(logged, "failed");
  if (retryAfterSeconds !== undefined) c.header("retry-after", String(retryAfterSeconds));
  if (failStatus === undefined) return refuse(c, 400, "moderation_blocked", "Refusing as POST /_control asked.");
  const code = failStatus === 429 ? "rate_limit_exceeded" : "server_error";
  return refuse(c, failStatus as ContentfulStatusCode, code, "Failing as POST /_control asked.");
}

function goneSignal(c: Context<OnNode>): AbortSignal {
  const gone = new AbortController();
  c.env.outgoing.on("close", () => gone.abort());
  return gone.signal;
}

async function complete(c: Context<OnNode>, { plans, log }: Desk): Promise<Response> {
  const body: unknown = await c.req.json().catch(() => null);
  const parsed = completionBody.safeParse(body);
  if (!parsed.success) return refuse(c, 400, "invalid_request_error", z.prettifyError(parsed.error));
  const request = parsed.data;
  const model = MODELS.find(({ id }) => id === request.model);
  if (!model) return refuse(c, 404, "model_not_found", `The model ${request.model} does not exist here.`);

  const plan = plans.take(model.id);
  const id = `chatcmpl-${randomUUID()}`;
  const logged = log.begin({ id, model: model.id, stream: request.stream === true, body });
  const trouble = troubleOf(c, plan, logged);
  if (trouble) return trouble;
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

/** `GET` shows plans and requests; `POST` adds a plan, `{ reset: true }` first forgets all plans, requests and videos. */
function controlRoutes(adminKey: string, { plans, log, films }: Desk): Hono {
  const routes = new Hono();
  const state = () => ({ plans: plans.all(), requests: log.all(), videos: films.ids() });
  routes.use(adminOnly(adminKey));
  routes.get("/", (c) => c.json(state()));
  routes.post("/", async (c) => {
    const parsed = controlBody.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) return c.json({ error: z.prettifyError(parsed.error) }, 400);
    const { reset, ...plan } = parsed.data;
    if (reset) plans.clear();
    if (reset) log.clear();
    if (reset) films.clear();
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
