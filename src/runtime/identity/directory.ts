/**
 * Who exists: users and sessions in a SQLite file of the stand-in's own. Every change to a user is written
 * together with the webhook that tells of it, so neither can be lost without the other.
 */
import { createHash, randomBytes } from "node:crypto";
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Clock } from "../convex/types.ts";
import { ClerkError, notFound } from "./clerkErrors.ts";
import { newId } from "./ids.ts";
import { deletedUserJson, SESSION_LIFETIME_MS, type Session, statusAt, type User, userJson } from "./users.ts";

const TABLES = `
  CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE COLLATE NOCASE, externalId TEXT UNIQUE,
    createdAtMs INTEGER NOT NULL, json TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, userId TEXT NOT NULL, secretHash TEXT NOT NULL UNIQUE, status TEXT NOT NULL,
    createdAtMs INTEGER NOT NULL, updatedAtMs INTEGER NOT NULL, expiresAtMs INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sessions_by_user ON sessions (userId, createdAtMs);
`;

export type UserEvent = "user.created" | "user.updated" | "user.deleted";
export type UserPatch = Partial<Omit<User, "id" | "email" | "emailId" | "createdAtMs" | "updatedAtMs">>;
export type NewUser = Pick<User, "email"> & UserPatch & { createdAtMs?: number };

export class Directory {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #tell: (event: UserEvent, data: object) => void;

  /** `tell` writes a webhook message; it is called inside the transaction of the change it tells of. */
  constructor(db: DatabaseSync, clock: Clock, tell: (event: UserEvent, data: object) => void) {
    this.#db = db;
    this.#clock = clock;
    this.#tell = tell;
    db.exec(TABLES);
  }

  /** Newest first. */
  users(): User[] {
    return this.#db.prepare("SELECT json FROM users ORDER BY createdAtMs DESC, rowid DESC").all().map(parseUser);
  }

  user(id: string): User {
    const row = this.#db.prepare("SELECT json FROM users WHERE id = ?").get(id);
    if (!row) throw notFound("user", id);
    return parseUser(row);
  }

  userByEmail(email: string): User | null {
    const row = this.#db.prepare("SELECT json FROM users WHERE email = ?").get(email);
    return row ? parseUser(row) : null;
  }

  createUser({ email, ...given }: NewUser): User {
    const nowMs = this.#clock.nowMs();
    const user: User = {
      id: newId("user"),
      email,
      emailId: newId("idn"),
      firstName: null,
      lastName: null,
      externalId: null,
      publicMetadata: {},
      privateMetadata: {},
      unsafeMetadata: {},
      banned: false,
      locked: false,
      createdAtMs: nowMs,
      lastSignInAtMs: null,
      ...given,
      updatedAtMs: nowMs,
    };
    return this.#change("user.created", user);
  }

  updateUser(id: string, patch: UserPatch): User {
    return this.#change("user.updated", { ...this.user(id), ...patch, updatedAtMs: this.#clock.nowMs() });
  }

  deleteUser(id: string): User {
    const user = this.user(id);
    this.#atomically(() => {
      this.#db.prepare("DELETE FROM sessions WHERE userId = ?").run(id);
      this.#db.prepare("DELETE FROM users WHERE id = ?").run(id);
      this.#tell("user.deleted", deletedUserJson(user));
    });
    return user;
  }

  /** Opens a session; its secret is what the browser keeps, and only its hash is stored. */
  openSession(userId: string): { session: Session; secret: string } {
    const user = this.user(userId);
    if (user.banned) throw new ClerkError(403, "user_banned", "User is banned", "This account has been banned.");
    if (user.locked)
      throw new ClerkError(403, "user_locked", "User is locked", "This account is locked. Try again later.");
    const nowMs = this.#clock.nowMs();
    const secret = randomBytes(32).toString("base64url");
    const session: Session = {
      id: newId("sess"),
      userId,
      status: "active",
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      expiresAtMs: nowMs + SESSION_LIFETIME_MS,
    };
    this.#atomically(() => {
      this.#db
        .prepare("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(session.id, userId, hashOf(secret), session.status, nowMs, nowMs, session.expiresAtMs);
      this.#save({ ...user, lastSignInAtMs: nowMs });
    });
    return { session, secret };
  }

  session(id: string): Session {
    const row = this.#db.prepare("SELECT * FROM sessions WHERE id = ?").get(id);
    if (!row) throw notFound("session", id);
    return row as unknown as Session;
  }

  /** The session a browser's secret opens, while it is active; else null. */
  sessionOf(secret: string): Session | null {
    const row = this.#db.prepare("SELECT * FROM sessions WHERE secretHash = ?").get(hashOf(secret));
    const session = row as unknown as Session | undefined;
    return session && statusAt(session, this.#clock.nowMs()) === "active" ? session : null;
  }

  /** Newest first. */
  sessionsOf(userId: string): Session[] {
    const rows = this.#db.prepare("SELECT * FROM sessions WHERE userId = ? ORDER BY createdAtMs DESC, rowid DESC");
    return rows.all(userId) as unknown as Session[];
  }

  endSession(id: string, status: "ended" | "revoked"): Session {
    this.#db
      .prepare("UPDATE sessions SET status = ?, updatedAtMs = ? WHERE id = ?")
      .run(status, this.#clock.nowMs(), id);
    return this.session(id);
  }

  endSessionsOf(userId: string): void {
    for (const session of this.sessionsOf(userId))
      if (session.status === "active") this.endSession(session.id, "revoked");
  }

  #change(event: UserEvent, user: User): User {
    return this.#atomically(() => {
      this.#save(user);
      this.#tell(event, userJson(user));
      return user;
    });
  }

  #save(user: User): void {
    try {
      this.#db
        .prepare(
          `INSERT INTO users (id, email, externalId, createdAtMs, json) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET externalId = excluded.externalId, json = excluded.json`,
        )
        .run(user.id, user.email, user.externalId, user.createdAtMs, JSON.stringify(user));
    } catch (error) {
      throw takenIdentifier(error) ?? error;
    }
  }

  #atomically<T>(work: () => T): T {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }
}

function parseUser(row: Record<string, SQLOutputValue>): User {
  return JSON.parse(row["json"] as string) as User;
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function takenIdentifier(error: unknown): ClerkError | null {
  const column = /UNIQUE constraint failed: users\.(\w+)/.exec((error as Error).message)?.[1];
  if (!column) return null;
  const what =
    column === "email"
      ? { text: "email address", param: "email_address" }
      : { text: "external id", param: "external_id" };
  return new ClerkError(
    422,
    "form_identifier_exists",
    `That ${what.text} is taken. Please try another.`,
    `That ${what.text} is taken. Please try another.`,
    what.param,
  );
}
