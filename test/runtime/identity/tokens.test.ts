import { verifyToken } from "@clerk/backend";
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { APP_ORIGIN, SECRET_KEY, startTestIdentity, tempFolder } from "./support.ts";

test("a token for a script verifies against discovery and key set, for the convex audience", async () => {
  const { identity, post } = await startTestIdentity();
  const { body } = await post("/dev/token", { email: "ada@example.com", name: "Ada King Lovelace" });
  const discovery = await (await fetch(`${identity.url}/.well-known/openid-configuration`)).json();
  expect(discovery.issuer).toBe(identity.url);

  const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
  const { payload } = await jwtVerify(body.token, keys, { issuer: identity.url, audience: "convex" });
  expect(payload).toMatchObject({
    sub: body.userId,
    sid: body.sessionId,
    name: "Ada King Lovelace",
    given_name: "Ada",
    family_name: "King Lovelace",
    email: "ada@example.com",
    email_verified: true,
  });
  expect(decodeProtectedHeader(body.token)).toMatchObject({ alg: "RS256", typ: "JWT" });
  expect(payload.exp! - payload.iat!).toBe(3600);
  expect(body.expiresAt).toBe(payload.exp! * 1000);
});

test("the same mail address is the same person, whatever its case", async () => {
  const { post } = await startTestIdentity();
  const first = await post("/dev/token", { email: "ada@example.com" });
  const again = await post("/dev/token", { email: "Ada@Example.com" });
  const other = await post("/dev/token", { email: "bob@example.com" });
  expect(again.body.userId).toBe(first.body.userId);
  expect(other.body.userId).not.toBe(first.body.userId);
});

test("tokens are dated by the shared clock", async () => {
  const { clock, post } = await startTestIdentity();
  const before = decodeJwt((await post("/dev/token", { email: "ada@example.com" })).body.token);
  clock.advance(60 * 24 * 3600 * 1000);
  const after = decodeJwt((await post("/dev/token", { email: "ada@example.com" })).body.token);
  expect(after.iat! - before.iat!).toBeGreaterThanOrEqual(60 * 24 * 3600);
});

test("a browser session gives fresh tokens of a minute until it is signed out", async () => {
  const { post } = await startTestIdentity();
  const fromApp = { origin: APP_ORIGIN };
  const signedIn = await post("/dev/sign-in", { email: "ada@example.com", name: "Ada" }, fromApp);
  expect(signedIn.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
  expect(signedIn.body).toMatchObject({
    name: "Ada",
    email: "ada@example.com",
    userId: expect.stringMatching(/^user_/),
  });

  const { session } = signedIn.body;
  const issued = await post("/dev/sessions/token", { session }, fromApp);
  const claims = decodeJwt(issued.body.token);
  expect(claims).toMatchObject({ azp: APP_ORIGIN, aud: "convex", sub: signedIn.body.userId });
  expect(claims.exp! - claims.iat!).toBe(60);

  await post("/dev/sign-out", { session }, fromApp);
  const refused = await post("/dev/sessions/token", { session }, fromApp);
  expect(refused.status).toBe(401);
  expect(refused.body.errors[0].code).toBe("session_not_active");
});

test("a session ends by itself after seven days", async () => {
  const { clock, post } = await startTestIdentity();
  const { session } = (await post("/dev/sign-in", { email: "ada@example.com" })).body;
  clock.advance(7 * 24 * 3600 * 1000);
  expect((await post("/dev/sessions/token", { session })).status).toBe(401);
});

test("the secret of a session is stored as a hash only", async () => {
  const dir = await tempFolder();
  const { identity, post } = await startTestIdentity({ dir });
  const { session } = (await post("/dev/sign-in", { email: "ada@example.com" })).body;
  await identity.close();
  const { readdir, readFile } = await import("node:fs/promises");
  const files = await Promise.all((await readdir(dir)).map((name) => readFile(`${dir}/${name}`, "latin1")));
  expect(files.join("")).toContain("ada@example.com");
  expect(files.join("")).not.toContain(session);
});

test("the key and the people survive a restart", async () => {
  const dir = await tempFolder();
  const first = await startTestIdentity({ dir });
  const before = (await first.post("/dev/token", { email: "ada@example.com" })).body;
  await first.identity.close();
  const second = await startTestIdentity({ dir });
  const keys = createRemoteJWKSet(new URL(`${second.identity.url}/.well-known/jwks.json`));
  await expect(jwtVerify(before.token, keys)).resolves.toBeDefined();
  expect((await second.post("/dev/token", { email: "ada@example.com" })).body.userId).toBe(before.userId);
});

test("a page of another origin can neither sign in nor get past without JSON", async () => {
  const { identity, post } = await startTestIdentity();
  const foreign = await post("/dev/sign-in", { email: "ada@example.com" }, { origin: "http://evil.test" });
  expect([foreign.status, foreign.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  const form = await fetch(`${identity.url}/dev/sign-in`, { method: "POST", body: '{"email":"ada@example.com"}' });
  expect(form.status).toBe(415);
});

test("the app's page may ask, as its browser checks first", async () => {
  const { identity } = await startTestIdentity();
  const preflight = await fetch(`${identity.url}/dev/sign-in`, {
    method: "OPTIONS",
    headers: {
      origin: APP_ORIGIN,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    },
  });
  expect(preflight.ok).toBe(true);
  expect(preflight.headers.get("access-control-allow-origin")).toBe(APP_ORIGIN);
});

test.each([
  ["no mail address", { email: "ada" }, 422, "form_param_format_invalid"],
  ["an unknown field", { email: "ada@example.com", password: "x" }, 422, "form_param_unknown"],
  ["a list", [], 422, "form_param_format_invalid"],
])("%s is refused in Clerk's words", async (_what, body, status, code) => {
  const { post } = await startTestIdentity();
  const refused = await post("/dev/sign-in", body);
  expect([refused.status, refused.body.errors[0].code]).toEqual([status, code]);
});

test("Clerk's own client accepts a bare session token and refuses a tampered one", async () => {
  const { identity, clerk, post } = await startTestIdentity();
  const { sessionId, userId } = (await post("/dev/token", { email: "ada@example.com" })).body;
  const { jwt } = await clerk.sessions.getToken(sessionId);
  const options = { secretKey: SECRET_KEY, apiUrl: identity.url, skipJwksCache: true };
  expect(await verifyToken(jwt, options)).toMatchObject({ sub: userId, sid: sessionId, iss: identity.url });
  const [head, body, signature] = jwt.split(".");
  const claims = { ...decodeJwt(jwt), sub: "user_other" };
  const tampered = [head, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
  expect(body).not.toBe(tampered.split(".")[1]);
  await expect(verifyToken(tampered, options)).rejects.toThrow("signature");
});

test("the page says it stands in for Clerk and makes a token by hand", async () => {
  const { identity } = await startTestIdentity();
  const page = await fetch(`${identity.url}/`);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await page.text()).toContain("This stands in for Clerk");
  const submit = (email: string, origin?: string) =>
    fetch(`${identity.url}/`, {
      method: "POST",
      body: new URLSearchParams({ email, name: "<i>Ada</i>" }),
      headers: origin ? { origin } : {},
    });
  const made = await (await submit("ada@example.com")).text();
  expect(made).toContain("&lt;i&gt;Ada&lt;/i&gt;");
  expect(decodeJwt(/readonly>(.+)<\/textarea>/.exec(made)![1]!)).toMatchObject({ email: "ada@example.com" });
  expect((await submit("ada")).status).toBe(400);
  expect((await submit("ada@example.com", "http://evil.test")).status).toBe(403);
});

test("a body that is too large, or of unknown length, is refused", async () => {
  const { identity, post } = await startTestIdentity();
  expect((await post("/dev/sign-in", { email: "a".repeat(300_000) })).status).toBe(413);
  const body = new Blob(["{}"]).stream();
  const init = { method: "POST", body, duplex: "half", headers: { "content-type": "application/json" } };
  expect((await fetch(`${identity.url}/dev/sign-in`, init as RequestInit)).status).toBe(411);
});
