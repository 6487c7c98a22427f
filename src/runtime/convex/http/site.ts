/**
 * HTTP actions: on their own port, and under `/http` on the API port. Bodies stream both ways; a client that
 * goes away stops its HTTP action.
 */
import { type Context, Hono } from "hono";
import type { OnNode } from "../../listen.ts";
import type { Application } from "../application.ts";
import { type Authenticator, credentialsOf } from "../auth/identity.ts";
import { RequestError } from "../errors.ts";
import type { Identity } from "../types.ts";

/** Convex's limit for bodies of HTTP actions; the runner applies the same to responses. */
const MAX_BODY_BYTES = 20 * 1024 * 1024;
const BODILESS_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export interface SiteParts {
  application: Application;
  authenticator: Authenticator;
}

/** `prefix`: what to take off the path before routing, "" or "/http". */
export function siteRoutes({ application, authenticator }: SiteParts, prefix: "" | "/http"): Hono<OnNode> {
  const routes = new Hono<OnNode>();
  routes.all(`${prefix}/*`, async (context) => {
    if (Number(context.req.header("content-length") ?? 0) > MAX_BODY_BYTES) throw largeBody();
    const identity = await identityOf(authenticator, context.req.header("authorization"));
    return application.httpAction(actionRequest(context, prefix), identity, context.req.raw.signal);
  });
  return routes;
}

/** A header that means nothing to Convex may mean something to the handler, so it never fails the request. */
async function identityOf(authenticator: Authenticator, header: string | undefined): Promise<Identity> {
  try {
    return (await authenticator.authenticate(credentialsOf(header))).identity;
  } catch (error) {
    if (error instanceof RequestError) return { kind: "unknown" };
    throw error;
  }
}

/** The request as the handler sees it: the address the client used, and no body where HTTP gives it no meaning. */
function actionRequest({ req }: Context<OnNode>, prefix: string): Request {
  const url = new URL(req.url);
  const forwarded = req.header("x-forwarded-proto") ?? /proto="?(\w+)/i.exec(req.header("forwarded") ?? "")?.[1];
  if (forwarded === "http" || forwarded === "https") url.protocol = forwarded;
  url.pathname = url.pathname.slice(prefix.length);
  const body = BODILESS_METHODS.has(req.method) ? null : limited(req.raw.body);
  // A streamed body needs `duplex`, which the DOM's types do not know.
  const init: RequestInit & { duplex: "half" } = {
    method: req.method,
    headers: req.raw.headers,
    body,
    signal: req.raw.signal,
    duplex: "half",
  };
  return new Request(url, init);
}

/** A body that announced no length ends in an error where it is too long; the handler is then reading it already. */
function limited(body: ReadableStream<Uint8Array> | null): ReadableStream<Uint8Array> | null {
  let bytes = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) controller.error(largeBody());
      else controller.enqueue(chunk);
    },
  });
  return body && body.pipeThrough(limit);
}

function largeBody(): RequestError {
  return new RequestError("tooLarge", "RequestTooLarge", `A request body may hold at most ${MAX_BODY_BYTES} bytes.`);
}
