/**
 * Signing in at the stand-in, in place of Clerk's own pages: anyone may be anyone, by mail address alone.
 *
 * [Note: Demo sign-in]
 * `POST /dev/sign-in { email, name? }` opens a session and answers its secret, which the browser keeps.
 * `POST /dev/sessions/token { session }` trades the secret for a fresh token of a minute, as Clerk's page
 * script does behind `getToken`. `POST /dev/sign-out { session }` ends it. Scripts and tests use
 * `POST /dev/token { email }`, which does the first two at once and answers a token that lasts longer.
 * Bodies are JSON and browsers must come from an allowed origin, so that no other web page can sign in.
 */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { ClerkError, readBody } from "./clerkErrors.ts";
import type { Directory } from "./directory.ts";
import { type IssuedToken, SESSION_TOKEN_LIFETIME_S, type TokenIssuer } from "./tokens.ts";
import { fullName, type Session, splitName, type User } from "./users.ts";

/** Lifetime of a token for scripts, when they do not say: long enough to try things out. */
const SCRIPT_TOKEN_LIFETIME_S = 3600;
const LONGEST_LIFETIME_S = 24 * 3600;

const person = { email: z.email().max(254), name: z.string().trim().max(100).optional() };
const signInBody = z.strictObject(person);
const scriptTokenBody = z.strictObject({
  ...person,
  expiresInSeconds: z.number().int().min(1).max(LONGEST_LIFETIME_S).default(SCRIPT_TOKEN_LIFETIME_S),
});
const sessionBody = z.strictObject({ session: z.string().max(200) });

export interface DemoDeps {
  directory: Directory;
  tokens: TokenIssuer;
  /** Web origins whose pages may sign people in. */
  allowedOrigins: readonly string[];
}

export function demoRoutes({ directory, tokens, allowedOrigins }: DemoDeps): Hono {
  const routes = new Hono();
  routes.use(
    cors({ origin: [...allowedOrigins], allowMethods: ["POST"], allowHeaders: ["content-type"], maxAge: 600 }),
  );
  routes.use(ownPagesOnly(allowedOrigins));

  routes.post("/sign-in", async (c) => {
    const { user, session, secret } = openSession(directory, await readBody(c, signInBody));
    const profile = { userId: user.id, email: user.email, name: fullName(user) };
    return c.json({ session: secret, sessionId: session.id, ...profile });
  });

  routes.post("/sessions/token", async (c) => {
    const { session: secret } = await readBody(c, sessionBody);
    const session = directory.sessionOf(secret);
    if (!session) throw new ClerkError(401, "session_not_active", "The session has ended. Sign in again.");
    const user = directory.user(session.userId);
    return c.json(await issue(user, session, SESSION_TOKEN_LIFETIME_S, c.req.header("origin")));
  });

  routes.post("/sign-out", async (c) => {
    const { session: secret } = await readBody(c, sessionBody);
    const session = directory.sessionOf(secret);
    if (session) directory.endSession(session.id, "ended");
    return c.json({ signedOut: true });
  });

  routes.post("/token", async (c) => {
    const { expiresInSeconds, ...who } = await readBody(c, scriptTokenBody);
    const { user, session } = openSession(directory, who);
    return c.json({ ...(await issue(user, session, expiresInSeconds)), userId: user.id, sessionId: session.id });
  });
  return routes;

  function issue(user: User, session: Session, lifetimeS: number, origin?: string): Promise<IssuedToken> {
    return tokens.issue({ user, session, template: "convex", lifetimeS, origin });
  }
}

interface Named {
  email: string;
  name?: string | undefined;
}

/** Finds or makes the person and opens a session; a name that differs from the one known is taken over. */
export function openSession(directory: Directory, named: Named) {
  const user = findOrCreateUser(directory, named);
  return { user, ...directory.openSession(user.id) };
}

/** The person with that mail address, made where there is none; a name that differs from the one known is taken over. */
export function findOrCreateUser(directory: Directory, { email, name }: Named): User {
  const known = directory.userByEmail(email);
  const names = splitName(name, email);
  return known ? renamed(directory, known, name ? names : known) : directory.createUser({ email, ...names });
}

function renamed(
  directory: Directory,
  user: User,
  { firstName, lastName }: Pick<User, "firstName" | "lastName">,
): User {
  if (user.firstName === firstName && user.lastName === lastName) return user;
  return directory.updateUser(user.id, { firstName, lastName });
}

/** Refuses pages of other origins, and bodies that a page could send without being asked. */
export function ownPagesOnly(allowedOrigins: readonly string[]) {
  return createMiddleware(async (c, next) => {
    const origin = c.req.header("origin");
    if (origin !== undefined && !allowedOrigins.includes(origin))
      throw new ClerkError(403, "origin_invalid", "Invalid origin", `Pages of ${origin} may not sign people in here.`);
    if (!c.req.header("content-type")?.startsWith("application/json"))
      throw new ClerkError(415, "unsupported_content_type", "The body must be sent as application/json.");
    return next();
  });
}
