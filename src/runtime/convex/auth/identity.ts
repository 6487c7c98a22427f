/** Who calls: from an `Authorization` header, or from an `Authenticate` message on a socket. */
import { sameSecret } from "../../sameSecret.ts";
import { RequestError, unauthenticated } from "../errors.ts";
import { canonicalPath } from "../functions/deployment.ts";
import type { Clock, FunctionCall, Identity, Json } from "../types.ts";
import { impersonated, splitAdminCredentials } from "./adminKey.ts";
import type { TokenVerifier } from "./tokens.ts";

export interface Caller {
  identity: Identity;
  /** Holds the admin key: may call internal functions and components, also while acting as somebody. */
  isAdmin: boolean;
}

export const ANONYMOUS: Caller = { identity: { kind: "none" }, isAdmin: false };

export type Credentials =
  | { kind: "none" }
  | { kind: "user"; token: string }
  | { kind: "admin"; key: string; actingAs: Json | null };

export class Authenticator {
  readonly #tokens: TokenVerifier;
  readonly #adminKey: string;

  constructor({ tokens, adminKey }: { tokens: TokenVerifier; adminKey: string }) {
    this.#tokens = tokens;
    this.#adminKey = adminKey;
  }

  /** Throws `RequestError` of kind `unauthenticated` when the credentials are not accepted. */
  async authenticate(credentials: Credentials): Promise<Caller> {
    if (credentials.kind === "none") return ANONYMOUS;
    if (credentials.kind === "user") return { identity: await this.#tokens.verify(credentials.token), isAdmin: false };
    if (!sameSecret(credentials.key, this.#adminKey))
      throw unauthenticated("BadDeployKey", "The provided admin key was invalid for this instance.");
    const { actingAs } = credentials;
    return { identity: actingAs === null ? { kind: "admin" } : impersonated(actingAs), isAdmin: true };
  }
}

/** Reads `Bearer <token>` or `Convex <admin key>[:<attributes>]`; the scheme's case does not matter. */
export function credentialsOf(header: string | null | undefined): Credentials {
  if (!header) return { kind: "none" };
  const scheme = header.slice(0, 7).toLowerCase();
  const value = header.slice(7).trim();
  if (scheme === "bearer ") return { kind: "user", token: value };
  if (scheme === "convex ") return { kind: "admin", ...splitAdminCredentials(value) };
  throw unauthenticated("InvalidAuthHeader", "The Authorization header must begin with `Bearer ` or `Convex `.");
}

/** Throws when the caller's token has expired since it was accepted. */
export function assertNotExpired({ identity }: Caller, clock: Clock): void {
  if (identity.kind === "user" && identity.expiresAtMs <= clock.nowMs())
    throw unauthenticated("TokenExpired", "Convex token identity expired.");
}

/** What a caller may reach: only an admin sees internal functions and components. */
export function callBy(
  { identity, isAdmin }: Caller,
  target: { component?: string; path: string; args: Json; request?: FunctionCall["request"] },
): FunctionCall {
  const component = target.component ?? "";
  if (component !== "" && !isAdmin)
    throw new RequestError(
      "forbidden",
      "ComponentCallForbidden",
      "Only an admin can call functions of components directly.",
    );
  return {
    component,
    path: canonicalPath(target.path),
    args: target.args,
    identity,
    visibility: isAdmin ? "any" : "public",
    ...(target.request && { request: target.request }),
  };
}
