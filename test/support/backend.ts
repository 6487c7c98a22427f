import rateLimiter from "@convex-dev/rate-limiter/test";
import workpool from "@convex-dev/workpool/test";
import { convexTest, type TestConvex } from "convex-test";
import { afterEach, beforeEach, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import schema from "../../convex/schema.ts";

const modules = import.meta.glob("../../convex/**/*.*s");
const ISSUER = "https://issuer.test";

export type Backend = TestConvex<typeof schema>;
/** Calls the backend as one signed-in person. */
export type Person = ReturnType<Backend["withIdentity"]>;

/** The environment of the functions under test: throw-away keys and two models of a provider that is not there. */
const ENV = {
  CRYPTO_KEYRING: JSON.stringify({ k1: Buffer.alloc(32, 7).toString("base64") }),
  CRYPTO_ACTIVE_KID: "k1",
  CRYPTO_ENV_ID: "test",
  ERASURE_KEY: Buffer.alloc(32, 11).toString("base64"),
  CHAT_BASE_URL: "http://127.0.0.1:9/v1",
  CHAT_API_KEY: "test-key",
  CHAT_MODELS: JSON.stringify([{ id: "small", label: "Small" }, { id: "large" }]),
};

/** Sets the functions' environment for each test of a file, and faked timers, so that nothing scheduled runs unasked. */
export function useBackendEnvironment(): void {
  beforeEach(() => {
    for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });
}

/** A backend with Convex's transaction limits and an empty database. */
export function startBackend(): Backend {
  const backend = convexTest({ schema, modules, transactionLimits: true });
  rateLimiter.register(backend);
  workpool.register(backend, "mediaPool");
  return backend;
}

/** A person as the identity provider vouches for them, without an account yet. */
export function visitor(backend: Backend, name = "Ada"): Person {
  const subject = `user_${name.toLowerCase()}`;
  return backend.withIdentity({ issuer: ISSUER, subject, name, email: `${subject}@mail.test` });
}

/** A person who has signed in. */
export async function signedIn(backend: Backend, name = "Ada"): Promise<Person> {
  const person = visitor(backend, name);
  await person.action(api.account.signIn, {});
  return person;
}

/** One page of a chat's messages, newest first. */
export async function readMessages(person: Person, threadId: string, numItems = 50) {
  const { page } = await person.query(api.messages.list, { threadId, paginationOpts: { numItems, cursor: null } });
  return page;
}

/** The `code` of the refusal a call ends with. Throws what is not a refusal, and where nothing was refused. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: { data?: unknown }) => ({ error }),
  );
  if (!("error" in outcome)) throw new Error(`Nothing was refused: ${JSON.stringify(outcome.value)}`);
  const data = typeof outcome.error.data === "string" ? JSON.parse(outcome.error.data) : outcome.error.data;
  if (!data?.code) throw outcome.error;
  return data.code;
}
