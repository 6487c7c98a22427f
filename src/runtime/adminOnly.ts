import { createMiddleware } from "hono/factory";
import { sameSecret } from "./sameSecret.ts";

/** Lets a request through that carries the admin key: `Authorization: Convex <key>` or `Bearer <key>`. */
export function adminOnly(adminKey: string) {
  return createMiddleware(async (c, next) => {
    const [scheme, ...rest] = (c.req.header("authorization") ?? "").split(" ");
    const isKnownScheme = ["convex", "bearer"].includes(scheme!.toLowerCase());
    if (isKnownScheme && sameSecret(rest.join(" "), adminKey)) return next();
    return c.json({ error: "The admin key is missing or wrong; it is in admin.key in the data folder." }, 401);
  });
}
