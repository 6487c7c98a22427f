import { createMiddleware } from "hono/factory";

/**
 * Refuses bodies larger than `maxBytes`, by the length they announce; one without a length is refused as well.
 * Hono's own limit buffers such a body into a new `Request`, which the Node adapter's requests do not allow.
 */
export function limitBody(maxBytes: number) {
  return createMiddleware(async (c, next) => {
    if (c.req.header("transfer-encoding") !== undefined)
      return c.json({ error: "Send the body with its length." }, 411);
    const lengthBytes = Number(c.req.header("content-length") ?? 0);
    if (lengthBytes > maxBytes) return c.json({ error: `The body may have ${maxBytes} bytes at most.` }, 413);
    return next();
  });
}
