import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MovableClock } from "../../../src/runtime/clock.ts";
import { TokenVerifier } from "../../../src/runtime/convex/auth/tokens.ts";
import type { AuthProvider } from "../../../src/runtime/convex/types.ts";

let server: Server;
let issuer: string;
let rsaKey: CryptoKey;
let foreignKey: CryptoKey;
let ecKey: CryptoKey;
let jwksType = "application/json";
const clock = new MovableClock();
const fetched: string[] = [];

beforeAll(async () => {
  const rsa = await generateKeyPair("RS256");
  const ec = await generateKeyPair("ES256");
  rsaKey = rsa.privateKey;
  ecKey = ec.privateKey;
  foreignKey = (await generateKeyPair("RS256")).privateKey;
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: "rsa", alg: "RS256" },
    { ...(await exportJWK(ec.publicKey)), kid: "ec", alg: "ES256" },
  ];
  server = createServer((request, response) => {
    fetched.push(request.url ?? "");
    const discovery = { issuer, jwks_uri: `${issuer}/jwks` };
    const body = request.url === "/.well-known/openid-configuration" ? discovery : { keys };
    response.setHeader("content-type", request.url === "/jwks" ? jwksType : "application/json");
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

function verifier(...providers: AuthProvider[]): TokenVerifier {
  return new TokenVerifier({ providers: () => providers, clock });
}

const oidc = (): AuthProvider => ({ kind: "oidc", domain: issuer, applicationID: "convex" });
const custom = (): AuthProvider => ({ kind: "customJwt", issuer, jwks: `${issuer}/jwks`, algorithm: "ES256" });

interface TokenOptions {
  claims?: JWTPayload;
  key?: CryptoKey;
  algorithm?: string;
  kid?: string;
}

function token({ claims, key, algorithm = "RS256", kid = "rsa" }: TokenOptions = {}): Promise<string> {
  const nowSeconds = Math.floor(clock.nowMs() / 1000);
  const standard = { iss: issuer, sub: "user_1", aud: "convex", iat: nowSeconds, exp: nowSeconds + 60 };
  return new SignJWT({ ...standard, ...claims }).setProtectedHeader({ alg: algorithm, kid }).sign(key ?? rsaKey);
}

describe("OpenID Connect tokens", () => {
  test("become an identity with Convex's field names, without the token's housekeeping", async () => {
    const profile = { name: "Ada", email: "ada@example.test", email_verified: true, picture: "p", org: "o", jti: "x" };
    const identity = await verifier(oidc()).verify(await token({ claims: profile }));
    expect(identity).toMatchObject({ kind: "user", expiresAtMs: expect.any(Number) });
    expect(identity.kind === "user" && identity.attributes).toEqual({
      tokenIdentifier: `${issuer}|user_1`,
      subject: "user_1",
      issuer,
      name: "Ada",
      email: "ada@example.test",
      emailVerified: true,
      pictureUrl: "p",
      org: "o",
    });
  });

  test("keys are fetched once, not for every token", async () => {
    const tokens = verifier(oidc());
    fetched.length = 0;
    for (let i = 0; i < 3; i += 1) await tokens.verify(await token());
    expect(fetched).toEqual(["/.well-known/openid-configuration", "/jwks"]);
  });

  test("a slash at the end of the issuer makes no difference", async () => {
    const provider = { kind: "oidc", domain: `${issuer}/`, applicationID: "convex" } as const;
    await expect(verifier(provider).verify(await token())).resolves.toMatchObject({ kind: "user" });
  });

  test.each<[string, () => Promise<string> | string]>([
    ["garbage", () => "garbage"],
    ["a foreign issuer", () => token({ claims: { iss: "http://127.0.0.1:1" } })],
    ["another audience", () => token({ claims: { aud: "other" } })],
    ["several audiences", () => token({ claims: { aud: ["convex", "other"] } })],
    ["no audience", () => token({ claims: { aud: undefined } })],
    ["a foreign signature", () => token({ key: foreignKey })],
    ["an unknown key", () => token({ kid: "nobody" })],
    ["an algorithm that is not allowed", () => token({ key: ecKey, algorithm: "ES256", kid: "ec" })],
    ["an expiry in the past", () => token({ claims: { exp: Math.floor(clock.nowMs() / 1000) - 1 } })],
    ["no expiry", () => token({ claims: { exp: undefined } })],
    ["no subject", () => token({ claims: { sub: undefined } })],
  ])("with %s are refused", async (_what, make) => {
    await expect(verifier(oidc()).verify(await make())).rejects.toMatchObject({ kind: "unauthenticated" });
  });

  test("without a signature (alg: none) are refused", async () => {
    const claims = { iss: issuer, sub: "user_1", aud: "convex" };
    const unsigned = new UnsecuredJWT(claims).setExpirationTime("1h").encode();
    await expect(verifier(oidc()).verify(unsigned)).rejects.toMatchObject({ kind: "unauthenticated" });
  });

  test("expire by the shared clock", async () => {
    const movable = new MovableClock();
    const tokens = new TokenVerifier({ providers: () => [oidc()], clock: movable });
    const text = await token();
    await expect(tokens.verify(text)).resolves.toMatchObject({ kind: "user" });
    movable.advance(61_000);
    await expect(tokens.verify(text)).rejects.toMatchObject({ kind: "unauthenticated" });
  });

  test("are refused, and tried again later, while the provider cannot be reached", async () => {
    const provider = { kind: "oidc", domain: "http://127.0.0.1:9", applicationID: "convex" } as const;
    const text = await token({ claims: { iss: "http://127.0.0.1:9" } });
    await expect(verifier(provider).verify(text)).rejects.toMatchObject({ code: "AuthProviderDiscoveryFailed" });
  });
});

describe("custom tokens", () => {
  const signed = (claims?: JWTPayload) => token({ claims, key: ecKey, algorithm: "ES256", kid: "ec" });

  test("keep their claims' own names and flatten nested ones", async () => {
    const text = await signed({ email_verified: true, org: { id: "o1", role: { name: "owner" } } });
    const identity = await verifier(custom()).verify(text);
    expect(identity.kind === "user" && identity.attributes).toEqual({
      tokenIdentifier: `${issuer}|user_1`,
      subject: "user_1",
      issuer,
      email_verified: true,
      "org.id": "o1",
      "org.role.name": "owner",
    });
  });

  test("are accepted with several audiences when one fits", async () => {
    const provider: AuthProvider = { ...custom(), applicationID: "convex" } as AuthProvider;
    const text = await signed({ aud: ["other", "convex"] });
    await expect(verifier(provider).verify(text)).resolves.toMatchObject({ kind: "user" });
  });

  test("are accepted up to 5 seconds after they expired, and no longer", async () => {
    const nowSeconds = Math.floor(clock.nowMs() / 1000);
    const tokens = verifier(custom());
    await expect(tokens.verify(await signed({ exp: nowSeconds - 2 }))).resolves.toMatchObject({ kind: "user" });
    await expect(tokens.verify(await signed({ exp: nowSeconds - 10 }))).rejects.toMatchObject({
      kind: "unauthenticated",
    });
  });

  test("of another algorithm than the one configured are refused", async () => {
    await expect(verifier(custom()).verify(await token())).rejects.toMatchObject({ kind: "unauthenticated" });
  });

  test("are refused when the keys are not served as JSON", async () => {
    jwksType = "text/html";
    await expect(verifier(custom()).verify(await signed())).rejects.toMatchObject({ kind: "unauthenticated" });
    jwksType = "application/json";
  });

  test("are checked against keys in a data: address", async () => {
    const pair = await generateKeyPair("ES256");
    const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "inline", alg: "ES256" }] };
    const jwks = `data:application/json;base64,${Buffer.from(JSON.stringify(keys)).toString("base64")}`;
    const provider: AuthProvider = { kind: "customJwt", issuer, jwks, algorithm: "ES256" };
    const text = await token({ key: pair.privateKey, algorithm: "ES256", kid: "inline" });
    await expect(verifier(provider).verify(text)).resolves.toMatchObject({ kind: "user" });
  });
});
