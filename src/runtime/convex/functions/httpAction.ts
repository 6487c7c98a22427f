/** Runs HTTP actions: routing, the handler, and the streams on both sides of it. */
import type { Clock, FunctionCall, FunctionError, Identity, Json } from "../types.ts";
import { type ActionSyscallScope, answerActionSyscall } from "./actionSyscalls.ts";
import { type RoutedRequest, routeRequest } from "./httpRoutes.ts";
import type { IsolateFactory } from "./isolate.ts";
import { LogLines } from "./logLines.ts";
import { type Ending, WaitingExecution, type WaitingScope } from "./waitingExecution.ts";

/** Convex's limit on request and response bodies. */
const BODY_BYTES_MAX = 20 * 1024 * 1024;
const BODYLESS_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const BODYLESS_STATUSES = new Set([101, 204, 205, 304]);

export interface HttpActionScope extends Omit<ActionSyscallScope, "call" | "nowMs"> {
  isolates: IsolateFactory;
  clock: Clock;
  envOf: (component: string) => (name: string) => string | undefined;
}

export interface HttpActionInput {
  request: Request;
  identity: Identity;
  requestId: string;
  /** Aborted when the client has gone: the action then stops where it is. */
  signal: AbortSignal;
  /** Receives the action's log lines when it has ended. */
  log: (line: string) => void;
}

/** The response's head is there as soon as the handler has returned; its body may still be produced. */
export async function runHttpAction(scope: HttpActionScope, input: HttpActionInput): Promise<Response> {
  const { request, identity, signal, requestId } = input;
  const { pathname } = new URL(request.url);
  if (!scope.deployment.hasHttp) {
    return new Response("This Convex deployment does not have HTTP actions enabled.", { status: 404 });
  }
  const routed = routeRequest(scope.deployment, request.method, pathname);
  if (!routed) return new Response(`No HttpAction routed for ${pathname}`, { status: 404 });

  const call = callOf(routed, identity, { requestId, userAgent: request.headers.get("user-agent") ?? undefined });
  const logLines = new LogLines();
  const execution = new WaitingExecution(waitingScope(scope, call, logLines));
  execution.onEnd(() => logLines.lines.forEach(input.log));
  const stop = () => execution.stop({ message: "The client went away." });
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const ending = await execution.run((load, begin) => {
    const router = load("http.js").default as Router;
    const [handler] = router.lookup(routed.path, routed.method as "GET") ?? [];
    if (!handler) throw new Error(`No HttpAction routed for ${pathname}`);
    begin();
    return handler.invokeHttpAction(requestIn(execution, request));
  });
  return respond(ending, { execution, request, requestId, log: input.log });
}

function waitingScope(scope: HttpActionScope, call: FunctionCall, logLines: LogLines): WaitingScope {
  const { deployment, isolates, clock } = scope;
  const { sourceMaps, version, loadedAtMs } = deployment;
  const nowMs = () => clock.nowMs();
  return {
    isolates,
    program: deployment.instance(call.component).program,
    sourceMaps,
    version,
    loadedAtMs,
    nowMs,
    env: scope.envOf(call.component),
    ask: (operation, args) => answerActionSyscall({ ...scope, call, nowMs }, operation, args),
    log: (level, message) => logLines.add(level, message),
  };
}

function callOf(routed: RoutedRequest, identity: Identity, request: FunctionCall["request"]): FunctionCall {
  const { component, method, path } = routed;
  return { component, path: `${method} ${path}`, args: {}, identity, visibility: "any", request };
}

interface Router {
  lookup(
    path: string,
    method: string,
  ): [handler: { invokeHttpAction(request: Request): Promise<Response> }, ...unknown[]] | null;
}

/** The request as an instance of the isolate's own `Request`, without a body where Convex drops it. */
function requestIn(execution: WaitingExecution, request: Request): Request {
  const { url, method, headers } = request;
  const body = BODYLESS_METHODS.has(method) ? null : (request.body?.pipeThrough(limitedTo(BODY_BYTES_MAX)) ?? null);
  const IsolateRequest = execution.home.context.Request as typeof Request;
  return new IsolateRequest(url, { method, headers, body, signal: request.signal });
}

function respond(ending: Ending, { execution, request, requestId, log }: ResponseInput): Response {
  if (!ending.ok) {
    execution.end();
    log(`[Request ID: ${requestId}] ${ending.error.message}`);
    return errorResponse(ending.error, requestId);
  }
  const { value } = ending;
  if (!(value instanceof Response)) {
    return respond(
      { ok: false, error: { message: "Uncaught Error: HTTP actions must return a Response" } },
      { execution, request, requestId, log },
    );
  }
  const { status, statusText, headers, body } = value;
  if (!body || request.method === "HEAD" || BODYLESS_STATUSES.has(status)) {
    execution.end();
    return new Response(null, { status, statusText, headers });
  }
  return new Response(endingWith(body, execution, request.signal), { status, statusText, headers });
}

interface ResponseInput {
  execution: WaitingExecution;
  request: Request;
  requestId: string;
  log: (line: string) => void;
}

function errorResponse({ message, data }: FunctionError, requestId: string): Response {
  const [firstLine = ""] = message.split("\n");
  const code = `[Request ID: ${requestId}] Server Error: ${firstLine}`;
  const body: { [key: string]: Json } = { code, trace: message };
  if (data !== undefined) body.data = data;
  return Response.json(body, { status: 500 });
}

/** The body, at most as long as Convex sends; the execution ends with it, and it with the execution. */
function endingWith(
  body: ReadableStream<Uint8Array>,
  execution: WaitingExecution,
  client: AbortSignal,
): ReadableStream<Uint8Array> {
  const reader = body.pipeThrough(limitedTo(BODY_BYTES_MAX)).getReader();
  return new ReadableStream({
    start(controller) {
      execution.onEnd(() => {
        // Nobody is left to hear of an error once the client has gone.
        if (client.aborted) controller.close();
        else controller.error(new Error("The HTTP action was stopped."));
        reader.cancel().catch(() => {});
      });
    },
    async pull(controller) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        execution.end();
        throw error;
      });
      if (!done) return controller.enqueue(value);
      controller.close();
      execution.end();
    },
    cancel() {
      execution.end();
    },
  });
}

/** Passes on the first `bytes` bytes and drops the rest. */
function limitedTo(bytes: number): TransformStream<Uint8Array, Uint8Array> {
  let left = bytes;
  return new TransformStream({
    transform(chunk, controller) {
      if (left > 0) controller.enqueue(chunk.subarray(0, left));
      left -= chunk.byteLength;
    },
  });
}
