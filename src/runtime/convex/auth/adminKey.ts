/**
 * The admin key, and acting as somebody with it. Format: `name|hex`; clients may put a deployment type before
 * it (`dev:name|hex`) and, in a header, base64 JSON of an identity to act as after it (`name|hex:eyJ…`).
 */
import { RequestError, unauthenticated } from "../errors.ts";
import type { Identity, Json, UserAttributes } from "../types.ts";

/** Whom Convex pretends to be when an admin impersonates without naming anyone. */
const FAKE_ISSUER = "convex";
const FAKE_SUBJECT = "fake_user";

/** Splits `<key>[:<base64 JSON of identity attributes>]`, the part of the header after `Convex `. */
export function splitAdminCredentials(text: string): { key: string; actingAs: Json | null } {
  const withoutType = text.replace(/^(prod|dev|preview|project|local)(:[^|:]*)?:/, "");
  const colon = withoutType.indexOf(":");
  if (colon < 0) return { key: withoutType, actingAs: null };
  const encoded = withoutType.slice(colon + 1);
  try {
    return {
      key: withoutType.slice(0, colon),
      actingAs: JSON.parse(Buffer.from(encoded, "base64").toString()) as Json,
    };
  } catch {
    throw unauthenticated("InvalidAuthHeader", "The identity to act as is not base64-encoded JSON.");
  }
}

/** The identity an admin acts as: needs `tokenIdentifier` or both `issuer` and `subject`. */
export function impersonated(attributes: Json): Identity {
  if (typeof attributes !== "object" || attributes === null || Array.isArray(attributes)) throw invalidAttributes();
  const { tokenIdentifier, issuer = FAKE_ISSUER, subject = FAKE_SUBJECT } = attributes;
  const identifier = tokenIdentifier ?? `${String(issuer)}|${String(subject)}`;
  if (tokenIdentifier === undefined && "issuer" in attributes !== "subject" in attributes) throw invalidAttributes();
  const complete = { ...attributes, tokenIdentifier: identifier, issuer, subject } as UserAttributes;
  return { kind: "user", attributes: complete, expiresAtMs: Number.POSITIVE_INFINITY };
}

function invalidAttributes(): RequestError {
  const message = "The identity to act as needs `tokenIdentifier`, or both `issuer` and `subject`.";
  return unauthenticated("InvalidIdentityAttributes", message);
}
