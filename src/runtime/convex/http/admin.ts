/** What the endpoints for the official CLI have in common. */
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import type { OnNode } from "../../listen.ts";
import { type Authenticator, credentialsOf } from "../auth/identity.ts";
import { badRequest, RequestError } from "../errors.ts";

/** Convex's limit for a push, once unpacked. */
const MAX_BODY_BYTES = 200_000_000;

/** Lets requests through that carry the admin key, with bodies up to the size of a push. */
export function adminOnly(authenticator: Authenticator) {
  const limit = bodyLimit({ maxSize: MAX_BODY_BYTES });
  return createMiddleware<OnNode>(async (context, next) => {
    const { isAdmin } = await authenticator.authenticate(credentialsOf(context.req.header("authorization")));
    if (!isAdmin) throw new RequestError("forbidden", "BadDeployKey", "This endpoint needs the admin key.");
    return limit(context, next);
  });
}

const unpack = promisify(brotliDecompress);

/** The JSON body, unpacked. Throws `RequestError` when it is not of the expected shape. */
export async function bodyOf<Schema extends z.ZodType>(
  context: Context<OnNode>,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const bytes = Buffer.from(await context.req.arrayBuffer());
  const isPacked = context.req.header("content-encoding") === "br";
  try {
    const text = isPacked ? await unpack(bytes, { maxOutputLength: MAX_BODY_BYTES }) : bytes;
    return schema.parse(JSON.parse(text.toString()));
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw badRequest("BadJsonBody", message);
  }
}
