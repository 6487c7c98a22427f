/**
 * Signs tokens as Clerk does: RS256, short-lived, in the shape of its "convex" JWT template. The key is made
 * once and kept in the data folder, so that tokens and the key set survive a restart.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import type { Clock } from "../convex/types.ts";
import { readIfThere, writePrivately } from "../dataFolder.ts";
import { fullName, type Session, type User } from "./users.ts";

/** Clerk's own default for tokens made for a session. */
export const SESSION_TOKEN_LIFETIME_S = 60;

/** Clerk dates `nbf` a little back, for checkers whose clock is behind. */
const NOT_BEFORE_SLACK_S = 10;

const ALGORITHM = "RS256";

export interface SigningKey {
  privateKey: CryptoKey;
  publicJwk: JWK;
  /** Key id and instance id in one, as at Clerk. */
  kid: string;
}

/** Reads the signing key of the folder, making it on first use. */
export async function loadSigningKey(dir: string): Promise<SigningKey> {
  const file = path.join(dir, "signing-key.json");
  const kept = readIfThere(file);
  const jwk = kept ? (JSON.parse(kept) as JWK) : await newPrivateJwk();
  if (!kept) writePrivately(file, JSON.stringify(jwk));
  const kid = `ins_${createHash("sha256").update(jwk.n!).digest("hex").slice(0, 27)}`;
  const publicJwk: JWK = { kty: jwk.kty!, n: jwk.n!, e: jwk.e!, kid, alg: ALGORITHM, use: "sig" };
  return { privateKey: (await importJWK(jwk, ALGORITHM)) as CryptoKey, publicJwk, kid };
}

export interface TokenRequest {
  user: User;
  session: Session;
  /** "convex": with audience and profile; null: a bare session token. */
  template: "convex" | null;
  lifetimeS: number;
  /** The web origin the token is for, if a browser asks. */
  origin?: string | undefined;
}

/** A signed token and when it ends, in milliseconds. */
export interface IssuedToken {
  token: string;
  expiresAt: number;
}

export class TokenIssuer {
  readonly #key: SigningKey;
  readonly #clock: Clock;
  readonly #issuer: () => string;

  /** `issuer`: the stand-in's own origin, known once it listens. */
  constructor(key: SigningKey, clock: Clock, issuer: () => string) {
    this.#key = key;
    this.#clock = clock;
    this.#issuer = issuer;
  }

  async issue({ user, session, template, lifetimeS, origin }: TokenRequest): Promise<IssuedToken> {
    const nowS = Math.floor(this.#clock.nowMs() / 1000);
    const claims = { sid: session.id, ...(origin ? { azp: origin } : {}), ...(template ? convexClaims(user) : {}) };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#key.kid, typ: "JWT" })
      .setIssuer(this.#issuer())
      .setSubject(user.id)
      .setIssuedAt(nowS)
      .setNotBefore(nowS - NOT_BEFORE_SLACK_S)
      .setExpirationTime(nowS + lifetimeS)
      .sign(this.#key.privateKey);
    return { token, expiresAt: (nowS + lifetimeS) * 1000 };
  }

  /** The id of this instance. */
  get instanceId(): string {
    return this.#key.kid;
  }

  keySet(): { keys: JWK[] } {
    return { keys: [this.#key.publicJwk] };
  }

  discovery() {
    const issuer = this.#issuer();
    return {
      issuer,
      authorization_endpoint: `${issuer}/`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [ALGORITHM],
    };
  }
}

function convexClaims(user: User) {
  return {
    aud: "convex",
    name: fullName(user),
    given_name: user.firstName ?? undefined,
    family_name: user.lastName ?? undefined,
    email: user.email,
    email_verified: true,
  };
}

async function newPrivateJwk(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return exportJWK(privateKey);
}
