/**
 * Verifies tokens against the providers of `convex/auth.config.ts`: OpenID Connect (discovery, then JWKS) and
 * custom JWTs (a JWKS address). Signature checks and key caching are jose's; which provider applies and what
 * it accepts are Convex's rules.
 */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { z } from "zod";
import { unauthenticated } from "../errors.ts";
import type { AuthProvider, Clock, Identity } from "../types.ts";
import { attributesOf } from "./claims.ts";

const FETCH_TIMEOUT_MS = 5_000;
const CUSTOM_JWT_LEEWAY_SECONDS = 5;
const JWKS_CONTENT_TYPE = /^application\/(jwk-set\+)?json(;\s*charset=utf-8)?$/i;
const discoveryDocument = z.object({ issuer: z.string(), jwks_uri: z.url() });

export class TokenVerifier {
  readonly #providers: () => AuthProvider[];
  readonly #clock: Clock;
  /** Key sets by the address they come from; jose refreshes them when a key is unknown. */
  readonly #keySets = new Map<string, Promise<JWTVerifyGetKey>>();

  constructor({ providers, clock }: { providers: () => AuthProvider[]; clock: Clock }) {
    this.#providers = providers;
    this.#clock = clock;
  }

  /** The identity a token stands for. Throws `RequestError` of kind `unauthenticated` for anything else. */
  async verify(token: string): Promise<Identity> {
    const claims = unverifiedClaims(token);
    const provider = this.#providers().find((candidate) => accepts(candidate, claims));
    if (!provider) throw unauthenticated("NoAuthProvider", "No auth provider found matching the given token.");
    const keys = await this.#keySetFor(provider, claims.iss ?? "");
    try {
      const { payload } = await jwtVerify(token, keys, this.#verifyOptions(provider));
      return { kind: "user", attributes: attributesOf(payload, provider.kind), expiresAtMs: (payload.exp ?? 0) * 1000 };
    } catch (error) {
      if (error instanceof errors.JOSEError)
        throw unauthenticated("InvalidAuthHeader", `Could not verify the token: ${error.message}.`);
      throw unauthenticated(
        "AuthProviderUnreachable",
        `Could not fetch the keys of the auth provider: ${describe(error)}.`,
      );
    }
  }

  #verifyOptions(provider: AuthProvider): JWTVerifyOptions {
    return {
      currentDate: new Date(this.#clock.nowMs()),
      algorithms: provider.kind === "oidc" ? ["RS256", "EdDSA"] : [provider.algorithm],
      clockTolerance: provider.kind === "oidc" ? 0 : CUSTOM_JWT_LEEWAY_SECONDS,
      requiredClaims: ["iss", "sub", "exp"],
    };
  }

  async #keySetFor(provider: AuthProvider, issuer: string): Promise<JWTVerifyGetKey> {
    const address = provider.kind === "oidc" ? normalizedIssuer(issuer) : provider.jwks;
    const known = this.#keySets.get(address);
    if (known) return known;
    const keySet = provider.kind === "oidc" ? discoverKeys(address) : keysAt(address);
    this.#keySets.set(address, keySet);
    try {
      return await keySet;
    } catch (error) {
      this.#keySets.delete(address);
      throw unauthenticated(
        "AuthProviderDiscoveryFailed",
        `Auth provider discovery of ${issuer} failed: ${describe(error)}.`,
      );
    }
  }
}

/** The first provider whose issuer and application fit decides; the others are not asked. */
function accepts(provider: AuthProvider, { iss, aud }: JWTPayload): boolean {
  const issuer = provider.kind === "oidc" ? provider.domain : provider.issuer;
  if (iss === undefined || normalizedIssuer(iss) !== normalizedIssuer(issuer)) return false;
  if (provider.applicationID === undefined) return true;
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (provider.kind === "oidc" && audiences.length !== 1) return false;
  return audiences.includes(provider.applicationID);
}

function normalizedIssuer(issuer: string): string {
  const withScheme = /^https?:\/\//.test(issuer) ? issuer : `https://${issuer}`;
  return withScheme.replace(/\/+$/, "");
}

async function discoverKeys(base: string): Promise<JWTVerifyGetKey> {
  const response = await fetch(`${base}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  const document = discoveryDocument.parse(await response.json());
  if (normalizedIssuer(document.issuer) !== base) throw new Error(`it calls itself ${document.issuer}`);
  return remoteKeys(document.jwks_uri);
}

async function keysAt(address: string): Promise<JWTVerifyGetKey> {
  if (!address.startsWith("data:")) return remoteKeys(address);
  const response = await fetch(address);
  return createLocalJWKSet((await response.json()) as JSONWebKeySet);
}

function remoteKeys(address: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(address), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    [customFetch]: fetchKeySet,
  });
}

async function fetchKeySet(address: string, options: RequestInit): Promise<Response> {
  const response = await fetch(address, options);
  const contentType = response.headers.get("content-type") ?? "";
  if (!JWKS_CONTENT_TYPE.test(contentType)) throw new Error(`${address} answered with content type "${contentType}"`);
  return response;
}

function unverifiedClaims(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw unauthenticated("InvalidAuthHeader", "Could not parse the token: it must be a JWT of three base64url parts.");
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
