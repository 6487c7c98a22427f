/** Which identity a verified token's claims make, as `ctx.auth.getUserIdentity()` returns it. */
import type { JWTPayload } from "jose";
import type { AuthProvider, Json, UserAttributes } from "../types.ts";

/** OpenID Connect's standard claims and the names Convex gives them. */
const PROFILE_FIELDS: Record<string, string> = {
  name: "name",
  given_name: "givenName",
  family_name: "familyName",
  nickname: "nickname",
  preferred_username: "preferredUsername",
  profile: "profileUrl",
  picture: "pictureUrl",
  website: "websiteUrl",
  email: "email",
  email_verified: "emailVerified",
  gender: "gender",
  birthdate: "birthday",
  zoneinfo: "timezone",
  locale: "language",
  phone_number: "phoneNumber",
  phone_number_verified: "phoneNumberVerified",
};

/** Housekeeping of the token, which would make each refresh look like another identity. */
const DROPPED_CLAIMS = new Set(["iss", "sub", "aud", "iat", "exp", "jti", "nbf", "fva"]);

/** `payload` must carry `iss` and `sub`. */
export function attributesOf(payload: JWTPayload, kind: AuthProvider["kind"]): UserAttributes {
  const issuer = payload.iss ?? "";
  const subject = payload.sub ?? "";
  const claims = kind === "oidc" ? oidcAttributes(payload) : customAttributes(payload);
  return { ...claims, tokenIdentifier: `${issuer}|${subject}`, issuer, subject };
}

function oidcAttributes(payload: JWTPayload): Record<string, Json> {
  const attributes: Record<string, Json> = {};
  for (const [claim, value] of Object.entries(payload) as [string, Json][]) {
    if (DROPPED_CLAIMS.has(claim)) continue;
    if (claim === "updated_at") attributes.updatedAt = typeof value === "number" ? isoOfSeconds(value) : value;
    else if (claim === "address") attributes.address = formattedAddress(value);
    else attributes[PROFILE_FIELDS[claim] ?? claim] = value;
  }
  return attributes;
}

/** Custom tokens fill no profile fields, and nested objects become dotted names. */
function customAttributes(payload: JWTPayload): Record<string, Json> {
  const attributes: Record<string, Json> = {};
  for (const [claim, value] of Object.entries(payload) as [string, Json][])
    if (!DROPPED_CLAIMS.has(claim)) flattenInto(attributes, claim, value);
  return attributes;
}

function flattenInto(attributes: Record<string, Json>, name: string, value: Json): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) attributes[name] = value;
  else for (const [key, inner] of Object.entries(value)) flattenInto(attributes, `${name}.${key}`, inner);
}

function formattedAddress(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return value.formatted ?? null;
}

function isoOfSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
