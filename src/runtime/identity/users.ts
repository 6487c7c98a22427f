/** People and sessions of the identity stand-in, and how Clerk's Backend API shows them. */

export type Metadata = Record<string, unknown>;

export interface User {
  id: string;
  email: string;
  emailId: string;
  firstName: string | null;
  lastName: string | null;
  externalId: string | null;
  publicMetadata: Metadata;
  privateMetadata: Metadata;
  unsafeMetadata: Metadata;
  banned: boolean;
  locked: boolean;
  createdAtMs: number;
  updatedAtMs: number;
  lastSignInAtMs: number | null;
}

export type SessionStatus = "active" | "ended" | "expired" | "revoked";

export interface Session {
  id: string;
  userId: string;
  status: SessionStatus;
  createdAtMs: number;
  updatedAtMs: number;
  expiresAtMs: number;
}

/** Sessions live seven days, as Clerk's do unless told otherwise. */
export const SESSION_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

/** What a session is at a moment: time ends it without anybody writing that down. */
export function statusAt(session: Session, nowMs: number): SessionStatus {
  return session.status === "active" && session.expiresAtMs <= nowMs ? "expired" : session.status;
}

export function fullName(user: User): string {
  return [user.firstName, user.lastName].filter(Boolean).join(" ") || nameFromEmail(user.email);
}

/** Splits "Ada Lovelace" into first and last name; without a name, takes what stands before the @. */
export function splitName(name: string | undefined, email: string): Pick<User, "firstName" | "lastName"> {
  const [firstName, ...rest] = (name?.trim() || nameFromEmail(email)).split(/\s+/);
  return { firstName: firstName!, lastName: rest.join(" ") || null };
}

function nameFromEmail(email: string): string {
  const local = email.split("@")[0]!;
  return local.charAt(0).toUpperCase() + local.slice(1);
}

/** Merges metadata as Clerk does: nested objects merge, `null` removes a key at any level. */
export function mergeMetadata(into: Metadata, from: Metadata): Metadata {
  const merged = { ...into };
  for (const [key, value] of Object.entries(from)) {
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) ? mergeMetadata(isObject(merged[key]) ? merged[key] : {}, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Metadata {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A user as `GET /v1/users/{id}` answers and webhooks carry it. */
export function userJson(user: User) {
  return {
    object: "user",
    id: user.id,
    username: null,
    first_name: user.firstName,
    last_name: user.lastName,
    image_url: "",
    has_image: false,
    primary_email_address_id: user.emailId,
    primary_phone_number_id: null,
    primary_web3_wallet_id: null,
    password_enabled: false,
    two_factor_enabled: false,
    totp_enabled: false,
    backup_code_enabled: false,
    email_addresses: [emailJson(user)],
    phone_numbers: [],
    web3_wallets: [],
    organization_memberships: null,
    external_accounts: [],
    enterprise_accounts: [],
    password_last_updated_at: null,
    public_metadata: user.publicMetadata,
    private_metadata: user.privateMetadata,
    unsafe_metadata: user.unsafeMetadata,
    external_id: user.externalId,
    last_sign_in_at: user.lastSignInAtMs,
    banned: user.banned,
    locked: user.locked,
    deprovisioned: false,
    lockout_expires_in_seconds: null,
    verification_attempts_remaining: null,
    created_at: user.createdAtMs,
    updated_at: user.updatedAtMs,
    last_active_at: user.lastSignInAtMs,
    create_organization_enabled: false,
    create_organizations_limit: null,
    delete_self_enabled: true,
    legal_accepted_at: null,
    locale: null,
    timezone: null,
  };
}

/** What is left of a user in the answer to its deletion and in `user.deleted`. */
export function deletedUserJson(user: User) {
  return { object: "user", id: user.id, external_id: user.externalId, deleted: true };
}

export function sessionJson(session: Session, nowMs: number) {
  return {
    object: "session",
    id: session.id,
    client_id: session.id.replace("sess_", "client_"),
    user_id: session.userId,
    status: statusAt(session, nowMs),
    actor: null,
    last_active_at: session.updatedAtMs,
    expire_at: session.expiresAtMs,
    abandon_at: session.expiresAtMs,
    created_at: session.createdAtMs,
    updated_at: session.updatedAtMs,
  };
}

function emailJson(user: User) {
  return {
    object: "email_address",
    id: user.emailId,
    email_address: user.email,
    verification: {
      object: "verification_admin",
      status: "verified",
      strategy: "admin",
      attempts: null,
      expire_at: null,
    },
    linked_to: [],
  };
}
