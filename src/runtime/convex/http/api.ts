/**
 * Convex's HTTP API: calling functions one at a time, for `ConvexHttpClient`, the CLI and any other program.
 * Paths, bodies and answers are Convex's; see https://docs.convex.dev/http-api.
 */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { z } from "zod";
import type { OnNode } from "../../listen.ts";
import { type Answer, errorMessage } from "../answers.ts";
import type { Application } from "../application.ts";
import { type Authenticator, type Caller, callBy, credentialsOf } from "../auth/identity.ts";
import { badRequest, RequestError } from "../errors.ts";
import { decodeU64, encodeU64, withRawField } from "../sync/protocol.ts";
import type { FunctionCall, Json } from "../types.ts";
import { type Format, formatJson, formatText, parseFormat } from "./formats.ts";

/** Convex takes arguments of 16 MiB; encoding adds to that. */
const MAX_BODY_BYTES = 24 * 1024 * 1024;
const CORS_MAX_AGE_SECONDS = 86_400;

const json = z.custom<Json>(() => true);
/** An object, or an array that holds one. */
const vArgs = json.transform((args, context) => {
  const object = Array.isArray(args) && args.length === 1 ? args[0] : args;
  if (typeof object === "object" && object !== null && !Array.isArray(object)) return object;
  context.addIssue("must be an object, or an array that holds one");
  return z.NEVER;
});
const vFormat = z.string().nullish().transform(parseFormat);
const vCall = z.object({ path: z.string(), args: vArgs, format: vFormat });
const vCallAtTs = vCall.extend({ ts: z.string() });
const vAnyCall = vCall.extend({ componentPath: z.string().nullish() });
const vBatch = z.object({ queries: z.array(vCall) });
const vRun = z.object({ args: vArgs, format: vFormat });

type Call = z.infer<typeof vCall>;

export interface ApiParts {
  application: Application;
  authenticator: Authenticator;
  /** What `GET /instance_name` answers. */
  instanceName: string;
  version: string;
}

/** Routes of the API port except for WebSockets, HTTP actions and `_runtime`. */
export function apiRoutes(parts: ApiParts): Hono<OnNode> {
  const routes = new Hono<OnNode>();
  routes.use("/api/*", cors({ origin: "*", maxAge: CORS_MAX_AGE_SECONDS, allowMethods: ["GET", "POST", "OPTIONS"] }));
  routes.use("/api/*", bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseLargeBody }));
  addFunctionRoutes(routes, parts);
  addConsistentReads(routes, parts);
  addAdminRoutes(routes, parts);
  routes.all("/api/storage/*", () => {
    throw new RequestError("notFound", "FeatureNotSupported", "File storage is not part of the embedded runtime.");
  });
  routes.all("/api/*", ({ req }) => {
    throw new RequestError("notFound", "NotFound", `There is no endpoint ${req.method} ${req.path} here.`);
  });
  addHealthRoutes(routes, parts);
  return routes;
}

function addFunctionRoutes(routes: Hono<OnNode>, parts: ApiParts): void {
  const { application } = parts;
  routes.post("/api/query", async (context) => {
    const body = await bodyOf(context, vCall);
    return respond(context, application.query(await callOf(context, parts, body)), body.format);
  });
  routes.get("/api/query", async (context) => {
    const { path, args = "{}", format } = context.req.query();
    const query = parsed(vCall, { path, args: parsedJson(args), format });
    return respond(context, application.query(await callOf(context, parts, query)), query.format);
  });
  routes.post("/api/mutation", async (context) => {
    const body = await bodyOf(context, vCall);
    return respond(context, await application.mutation(await callOf(context, parts, body)), body.format);
  });
  routes.post("/api/action", async (context) => {
    const body = await bodyOf(context, vCall);
    return respond(context, await application.action(await callOf(context, parts, body)), body.format);
  });
  routes.post("/api/run/*", async (context) => {
    const body = await bodyOf(context, vRun);
    const call = await callOf(context, parts, { path: pathOfRunUrl(context.req.path), ...body });
    return respond(context, await application.anyFunction(call), body.format);
  });
}

/** Several queries that see the same state of the database. */
function addConsistentReads(routes: Hono<OnNode>, parts: ApiParts): void {
  const { application, authenticator } = parts;
  routes.post("/api/query_batch", async (context) => {
    const { queries } = await bodyOf(context, vBatch);
    const caller = await callerOf(context, authenticator);
    // All in one turn, so all at one timestamp: see [Note: One turn, one timestamp].
    const results = queries.map((query) => {
      const answer = application.query(callBy(caller, targetOf(context, application, query)));
      return answerText(answer, query.format);
    });
    return jsonText(context, `{"results":[${results.join(",")}]}`);
  });
  routes.post("/api/query_ts", (context) => context.json({ ts: encodeU64(application.pinTs()) }));
  routes.post("/api/query_at_ts", async (context) => {
    const body = await bodyOf(context, vCallAtTs);
    const call = await callOf(context, parts, body);
    return respond(context, application.queryAt(call, decodeU64(body.ts)), body.format);
  });
}

/** Any function of any component, internal ones too. */
function addAdminRoutes(routes: Hono<OnNode>, { application, authenticator }: ApiParts): void {
  routes.post("/api/function", async (context) => {
    const { componentPath, ...body } = await bodyOf(context, vAnyCall);
    const caller = await callerOf(context, authenticator);
    if (!caller.isAdmin) throw new RequestError("forbidden", "BadDeployKey", "This endpoint needs the admin key.");
    const target = { ...targetOf(context, application, body), component: componentPath ?? "" };
    return respond(context, await application.anyFunction(callBy(caller, target)), body.format);
  });
}

function addHealthRoutes(routes: Hono<OnNode>, { version, instanceName }: ApiParts): void {
  routes.get("/", (context) => context.text("This Convex deployment is running. See https://docs.convex.dev/."));
  routes.get("/version", (context) => context.text(version));
  routes.get("/instance_version", (context) => context.text(version));
  routes.get("/instance_name", (context) => context.text(instanceName));
  routes.post("/echo", async (context) => context.body(await context.req.arrayBuffer()));
}

function callerOf(context: Context<OnNode>, authenticator: Authenticator): Promise<Caller> {
  return authenticator.authenticate(credentialsOf(context.req.header("authorization") ?? adminKeyInQuery(context)));
}

async function callOf(context: Context<OnNode>, parts: ApiParts, call: Call): Promise<FunctionCall> {
  return callBy(await callerOf(context, parts.authenticator), targetOf(context, parts.application, call));
}

function targetOf(context: Context<OnNode>, application: Application, { path, args }: Call) {
  const ip = context.env.incoming.socket.remoteAddress;
  const userAgent = context.req.header("user-agent");
  return { path: checkedPath(path), args, request: { requestId: application.newRequestId(), ip, userAgent } };
}

function respond(context: Context<OnNode>, answer: Answer, format: Format): Response {
  return jsonText(context, answerText(answer, format));
}

/** Function failures are answers too, with status 200. */
function answerText({ outcome, logLines, requestId }: Answer, format: Format): string {
  const logs = logLines.length > 0 ? { logLines } : {};
  if (outcome.ok) return withRawField({ status: "success", ...logs }, "value", formatText(outcome.value, format));
  const { error } = outcome;
  const data = error.data === undefined ? {} : { errorData: formatJson(error.data, format) };
  return JSON.stringify({ status: "error", errorMessage: errorMessage(error, requestId), ...data, ...logs });
}

function jsonText(context: Context<OnNode>, text: string): Response {
  return context.body(text, 200, { "Content-Type": "application/json" });
}

async function bodyOf<Schema extends z.ZodType>(context: Context<OnNode>, schema: Schema): Promise<z.infer<Schema>> {
  return parsed(schema, parsedJson(await context.req.text()));
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw badRequest("BadJsonBody", `${issue?.path.join(".") || "body"}: ${issue?.message ?? "invalid"}`);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest("BadJsonBody", error instanceof Error ? error.message : String(error));
  }
}

/** The HTTP API wants a function's name spelled out; nothing stands for `default`. */
function checkedPath(path: string): string {
  if (/^[\w./-]+(:\w+)?$/.test(path)) return path;
  throw badRequest("InvalidFunctionPath", `"${path}" is not the path of a function, such as "messages:list".`);
}

/** "/api/run/dir/module/name" → "dir/module:name". */
function pathOfRunUrl(urlPath: string): string {
  const parts = urlPath.replace("/api/run/", "").split("/");
  const name = parts.pop();
  if (parts.length > 0 && name) return `${parts.join("/")}:${name}`;
  const message = "Path or function name not provided in path, e.g. /api/run/messages/list";
  throw badRequest("MissingIdentifier", message);
}

/** Tools that cannot set headers may name the admin key in the address. */
function adminKeyInQuery(context: Context<OnNode>): string | null {
  const key = context.req.query("adminKey");
  return key === undefined ? null : `Convex ${key}`;
}

function refuseLargeBody(): never {
  throw new RequestError("tooLarge", "RequestTooLarge", `A request body may hold at most ${MAX_BODY_BYTES} bytes.`);
}
