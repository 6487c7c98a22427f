/** The part of Clerk's Backend API that the product calls, under `/v1`, guarded by the secret key. */
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import type { Clock } from "../convex/types.ts";
import { sameSecret } from "../sameSecret.ts";
import { ClerkError, readBody } from "./clerkErrors.ts";
import type { Directory, UserPatch } from "./directory.ts";
import { SESSION_TOKEN_LIFETIME_S, type TokenIssuer } from "./tokens.ts";
import { deletedUserJson, type Metadata, mergeMetadata, sessionJson, statusAt, type User, userJson } from "./users.ts";

const metadata = z.record(z.string(), z.unknown());
const metadataBody = z.strictObject({
  public_metadata: metadata.optional(),
  private_metadata: metadata.optional(),
  unsafe_metadata: metadata.optional(),
});
const profileBody = metadataBody.extend({
  first_name: z.string().nullish(),
  last_name: z.string().nullish(),
  external_id: z.string().nullish(),
});
const newUserBody = profileBody.extend({
  email_address: z.array(z.email()).length(1),
  created_at: z.iso.datetime().optional(),
  skip_password_requirement: z.boolean().optional(),
});
const newSessionBody = z.strictObject({ user_id: z.string() });
const tokenBody = z.strictObject({ expires_in_seconds: z.number().int().min(30).max(315_360_000).optional() });

/** Page sizes of user lists at Clerk. */
const DEFAULT_PAGE = 10;
const LARGEST_PAGE = 500;

export interface BackendApiDeps {
  directory: Directory;
  tokens: TokenIssuer;
  clock: Clock;
  secretKey: string;
}

export function backendApi({ directory, tokens, clock, secretKey }: BackendApiDeps): Hono {
  const api = new Hono();
  api.use(requireSecretKey(secretKey));

  api.get("/jwks", (c) => c.json(tokens.keySet()));

  api.get("/instance", (c) =>
    c.json({ object: "instance", id: tokens.instanceId, environment_type: "development", allowed_origins: null }),
  );

  api.get("/users", (c) => c.json(pageOf(matching(directory.users(), c.req.queries()), c.req.query()).map(userJson)));
  api.get("/users/count", (c) =>
    c.json({ object: "total_count", total_count: matching(directory.users(), c.req.queries()).length }),
  );
  api.post("/users", async (c) => {
    const body = await readBody(c, newUserBody);
    const createdAtMs = body.created_at === undefined ? {} : { createdAtMs: Date.parse(body.created_at) };
    return c.json(
      userJson(directory.createUser({ email: body.email_address[0]!, ...profileOf(body), ...createdAtMs })),
    );
  });
  api.get("/users/:id", (c) => c.json(userJson(directory.user(c.req.param("id")))));
  api.patch("/users/:id", async (c) => {
    const body = await readBody(c, profileBody);
    return c.json(userJson(directory.updateUser(c.req.param("id"), profileOf(body))));
  });
  api.patch("/users/:id/metadata", async (c) => {
    const user = directory.user(c.req.param("id"));
    const given = metadataOf(await readBody(c, metadataBody));
    const merged = Object.entries(given).map(([field, value]) => [
      field,
      mergeMetadata(user[field as MetadataField], value),
    ]);
    return c.json(userJson(directory.updateUser(user.id, Object.fromEntries(merged))));
  });
  api.put("/users/:id/metadata", async (c) => {
    const given = metadataOf(await readBody(c, metadataBody));
    return c.json(userJson(directory.updateUser(c.req.param("id"), given)));
  });
  api.delete("/users/:id", (c) => c.json(deletedUserJson(directory.deleteUser(c.req.param("id")))));
  api.post("/users/:id/ban", (c) => {
    const user = directory.updateUser(c.req.param("id"), { banned: true });
    directory.endSessionsOf(user.id);
    return c.json(userJson(user));
  });
  api.post("/users/:id/unban", (c) => c.json(userJson(directory.updateUser(c.req.param("id"), { banned: false }))));
  api.post("/users/:id/lock", (c) => c.json(userJson(directory.updateUser(c.req.param("id"), { locked: true }))));
  api.post("/users/:id/unlock", (c) => c.json(userJson(directory.updateUser(c.req.param("id"), { locked: false }))));

  api.get("/sessions", (c) => {
    const { user_id: userId, status } = c.req.query();
    if (!userId) throw new ClerkError(422, "form_param_missing", "is missing", "user_id must be given.", "user_id");
    const nowMs = clock.nowMs();
    const found = directory.sessionsOf(userId).filter((session) => !status || statusAt(session, nowMs) === status);
    const page = pageOf(found, c.req.query());
    return c.json({ data: page.map((session) => sessionJson(session, nowMs)), total_count: found.length });
  });
  api.post("/sessions", async (c) => {
    const { user_id: userId } = await readBody(c, newSessionBody);
    return c.json(sessionJson(directory.openSession(userId).session, clock.nowMs()));
  });
  api.get("/sessions/:id", (c) => c.json(sessionJson(directory.session(c.req.param("id")), clock.nowMs())));
  api.post("/sessions/:id/revoke", (c) => {
    const session = directory.session(c.req.param("id"));
    return c.json(sessionJson(directory.endSession(session.id, "revoked"), clock.nowMs()));
  });
  api.post("/sessions/:id/tokens/:template?", async (c) => {
    const session = directory.session(c.req.param("id"));
    const lifetimeS = (await readBody(c, tokenBody)).expires_in_seconds ?? SESSION_TOKEN_LIFETIME_S;
    if (statusAt(session, clock.nowMs()) !== "active")
      throw new ClerkError(404, "resource_not_found", "not found", "The session is not active.");
    const template = templateNamed(c.req.param("template"));
    const { token } = await tokens.issue({ user: directory.user(session.userId), session, template, lifetimeS });
    return c.json({ object: "token", jwt: token });
  });
  return api;
}

function requireSecretKey(secretKey: string) {
  return createMiddleware(async (c, next) => {
    if (sameSecret(c.req.header("authorization") ?? "", `Bearer ${secretKey}`)) return next();
    throw new ClerkError(
      401,
      "clerk_key_invalid",
      "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.",
    );
  });
}

function templateNamed(name: string | undefined): "convex" | null {
  if (name === undefined) return null;
  if (name === "convex") return name;
  throw new ClerkError(404, "resource_not_found", "not found", `No JWT template exists with name: ${name}`);
}

type MetadataField = "publicMetadata" | "privateMetadata" | "unsafeMetadata";

function metadataOf(body: z.infer<typeof metadataBody>): Partial<Record<MetadataField, Metadata>> {
  return withoutUndefined({
    publicMetadata: body.public_metadata,
    privateMetadata: body.private_metadata,
    unsafeMetadata: body.unsafe_metadata,
  });
}

function profileOf(body: z.infer<typeof profileBody>): UserPatch {
  const profile = { firstName: body.first_name, lastName: body.last_name, externalId: body.external_id };
  return { ...withoutUndefined(profile), ...metadataOf(body) };
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** Clerk's list filters: each takes many values; a "-" before an id leaves it out and is not supported here. */
function matching(users: User[], queries: Record<string, string[]>): User[] {
  const { email_address: emails, user_id: ids, external_id: externalIds, query } = queries;
  const lower = emails?.map((email) => email.toLowerCase());
  const text = query?.[0]?.toLowerCase();
  return users.filter(
    (user) =>
      (!lower || lower.includes(user.email.toLowerCase())) &&
      (!ids || ids.includes(user.id)) &&
      (!externalIds || externalIds.includes(user.externalId ?? "")) &&
      (!text || [user.id, user.email, user.firstName, user.lastName].join(" ").toLowerCase().includes(text)),
  );
}

function pageOf<T>(items: T[], { limit, offset }: Record<string, string>): T[] {
  const start = Number(offset ?? 0);
  const size = Math.min(LARGEST_PAGE, Number(limit ?? DEFAULT_PAGE));
  if (!Number.isInteger(start) || !Number.isInteger(size) || start < 0 || size < 1)
    throw new ClerkError(
      422,
      "form_param_format_invalid",
      "is invalid",
      "limit and offset must be whole numbers.",
      "limit",
    );
  return items.slice(start, start + size);
}
