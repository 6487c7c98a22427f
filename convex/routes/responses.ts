/*
 * Every response of the HTTP API is made here, so that none leaves without its security headers.
 */

/** What a browser may do with a response of an API: nothing but read it. */
const SECURITY_HEADERS = {
  "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
} as const;

const PREFLIGHT_SECONDS = 600;

/** A response with the security headers and, for an allowed origin, those that let its page read it. */
export function respond(
  request: Request,
  body: string | ReadableStream<Uint8Array> | null,
  init: ResponseInit = {},
): Response {
  const headers = new Headers({ ...SECURITY_HEADERS, ...corsHeaders(request.headers.get("Origin")) });
  new Headers(init.headers).forEach((value, name) => {
    headers.set(name, value);
  });
  return new Response(body, { ...init, headers });
}

/** A response whose body is JSON. */
export function respondJson(request: Request, body: object, init: ResponseInit = {}): Response {
  return respond(request, JSON.stringify(body), { ...init, headers: { "Content-Type": "application/json" } });
}

/** Answers a browser's question whether a page of another origin may call. */
export function respondPreflight(request: Request): Response {
  return respond(request, null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": "GET, HEAD, POST",
      "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Range, Range, X-File-Name",
      "Access-Control-Max-Age": String(PREFLIGHT_SECONDS),
    },
  });
}

function corsHeaders(origin: string | null): Record<string, string> {
  const allowed = (process.env.ALLOWED_ORIGINS ?? "").split(",").map((entry) => entry.trim());
  if (!origin || !allowed.includes(origin)) return { Vary: "Origin" };
  return { Vary: "Origin", "Access-Control-Allow-Origin": origin };
}
