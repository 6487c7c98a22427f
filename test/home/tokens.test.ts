/** Tokens that are no proof of anything. */
import { createHmac, generateKeyPairSync } from "node:crypto";
import path from "node:path";
import { ConvexClient } from "convex/browser";
import { ConvexError } from "convex/values";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { loadSigningKey, type SigningKey } from "../../src/runtime/identity/tokens.ts";
import { type Home, startHome } from "../support/home.ts";
import { advanceClock, demoToken, httpClient, signIn } from "../support/people.ts";

interface Forgery {
  audience?: string;
  issuer?: string;
  subject?: string;
  expiresInS?: number;
}

let home: Home;
let signing: SigningKey;
let adasSubject: string;

beforeAll(async () => {
  home = await startHome();
  await signIn(home, "ada@example.com");
  signing = await loadSigningKey(path.join(home.dataDir, "identity"));
  adasSubject = claimsOf(await demoToken(home, "ada@example.com")).sub;
});
afterAll(() => home?.dispose());

/** A token for Ada, right in all that is not said otherwise. */
function forge({ audience = "convex", issuer, subject, expiresInS = 60 }: Forgery, key = signing.privateKey) {
  const nowS = Math.floor(Date.now() / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: "RS256", kid: signing.kid, typ: "JWT" })
    .setIssuer(issuer ?? home.urls.identity)
    .setAudience(audience)
    .setSubject(subject ?? adasSubject)
    .setIssuedAt(nowS - 120)
    .setExpirationTime(nowS + expiresInS)
    .sign(key);
}

function claimsOf(token: string): { sub: string } {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sub: string };
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

const forgeries: [string, () => Promise<string>][] = [
  ["no token at all, but text", async () => "let me in"],
  ["three parts that are no JSON", async () => "a.b.c"],
  ["expired", () => forge({ expiresInS: -30 })],
  ["of a foreign issuer", () => forge({ issuer: "https://accounts.example.com" })],
  ["of a wrong audience", () => forge({ audience: "another-app" })],
  ["signed by another key", async () => forge({}, (await otherKey()) as never)],
  ["unsigned (alg: none)", async () => `${part({ alg: "none", typ: "JWT" })}.${(await forge({})).split(".")[1]}.`],
  [
    "changed after it was signed",
    async () => {
      const [header, , signature] = (await forge({})).split(".");
      const [, body] = (await forge({ subject: "user_somebody_else" })).split(".");
      return `${header}.${body}.${signature}`;
    },
  ],
  [
    "signed with the public key as a shared secret (HS256)",
    async () => {
      const signed = `${part({ alg: "HS256", kid: signing.kid, typ: "JWT" })}.${(await forge({})).split(".")[1]}`;
      return `${signed}.${createHmac("sha256", JSON.stringify(signing.publicJwk)).update(signed).digest("base64url")}`;
    },
  ],
];

async function otherKey() {
  return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
}

describe("a token", () => {
  test("that is right in every respect lets its person in, which shows that the others fail for their fault alone", async () => {
    expect(await httpClient(home, await forge({})).query(api.account.me, {})).toMatchObject({ state: "live" });
  });

  test.each(forgeries)("[A18] %s is refused over HTTP as unauthenticated", async (_what, token) => {
    const response = await fetch(`${home.urls.api}/api/query`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${await token()}` },
      body: JSON.stringify({ path: "account:me", args: [{}], format: "json" }),
    });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toMatch(/\bat .*\.ts:/);
  });

  test.each(forgeries)("[A18] %s leaves a socket signed out", async (_what, token) => {
    const tab = new ConvexClient(home.urls.api, { unsavedChangesWarning: false, logger: false });
    try {
      const refused = new Promise((resolve) => tab.setAuth(token, (isSignedIn) => !isSignedIn && resolve(true)));
      await refused;
      const failure = await tab.query(api.models.list, {}).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConvexError);
      expect((failure as ConvexError<{ code: string }>).data).toMatchObject({ code: "unauthenticated" });
    } finally {
      await tab.close();
    }
  });

  test("[A18] that was right is refused once its time is over, by the clock all share", async () => {
    const token = await demoToken(home, "ada@example.com", 120);
    expect(await httpClient(home, token).query(api.account.me, {})).toMatchObject({ state: "live" });
    await advanceClock(home, 180_000);
    await expect(httpClient(home, token).query(api.account.me, {})).rejects.toThrow(/token/i);
  });
});
