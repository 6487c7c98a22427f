import type { Faults } from "./faults.ts";
import type { Answered, Asked, Service } from "./network.ts";
import { tasks } from "./tasks.ts";

export const IDENTITY_HOST = "identity.test";
const INSTANCE_ID = "ins_simulated";

export interface Identity {
  id: string;
  firstName: string;
  lastName: string;
  updatedAtMs: number;
  isLocked: boolean;
}

/** What the identity provider tells of by webhooks. */
interface Tells {
  onDeleted(id: string): void;
  onUpdated(user: Identity): void;
}

/** The identity provider's API, as far as the functions ask it. Whoever is not among its users is gone there. */
export class IdentityProvider implements Service {
  readonly users = new Map<string, Identity>();
  readonly #faults: Faults;
  /** Those who ask another instance, by a wrong key, for as long as they run. */
  readonly #astray = new WeakSet<object>();
  readonly #tells: Tells;

  constructor(faults: Faults, tells: Tells) {
    this.#faults = faults;
    this.#tells = tells;
  }

  /** Deletes somebody, as a person or an administrator does there. */
  delete(id: string): boolean {
    const isKnown = this.users.delete(id);
    if (isKnown) this.#tells.onDeleted(id);
    return isKnown;
  }

  /** Gives somebody another name, as they do there. */
  rename(id: string): void {
    const user = this.users.get(id);
    if (!user) return;
    user.updatedAtMs += 1;
    user.lastName = `Simulated-${user.updatedAtMs}`;
    this.#tells.onUpdated(user);
  }

  answer(asked: Asked): Answered | null {
    if (this.#faults.strikes("identityBusy")) return { ...problem(429), headers: { "retry-after": "20" } };
    const asker = tasks.getStore() ?? this;
    if (this.#astray.has(asker)) return answerOfAnother(asked);
    if (!this.#faults.strikes("identityFails")) return this.#do(asked);
    if (asked.url.pathname !== "/v1/instance") return asked.method === "GET" ? problem(500) : null;
    this.#astray.add(asker);
    return answerOfAnother(asked);
  }

  #do({ method, url }: Asked): Answered {
    const [, , , id = "", verb] = url.pathname.split("/");
    if (url.pathname === "/v1/instance") return json({ object: "instance", id: INSTANCE_ID });
    if (id === "count") return json({ object: "total_count", total_count: this.users.size });
    if (id === "") return json(this.#found(url).map(userJson));
    const user = this.users.get(id);
    if (!user) return problem(404);
    if (method === "DELETE") this.delete(id);
    if (verb) user.isLocked = verb === "lock";
    return json(method === "DELETE" ? { object: "user", id, deleted: true } : userJson(user));
  }

  #found(url: URL): Identity[] {
    return url.searchParams.getAll("user_id").flatMap((id) => this.users.get(id) ?? []);
  }
}

/** Another instance knows nobody. */
function answerOfAnother({ url }: Asked): Answered {
  if (url.pathname === "/v1/instance") return json({ object: "instance", id: "ins_of_somebody_else" });
  return url.pathname === "/v1/users" ? json([]) : problem(404);
}

/** Somebody as the API and webhooks show them. */
export function userJson({ id, firstName, lastName, updatedAtMs, isLocked }: Identity) {
  return { object: "user", id, first_name: firstName, last_name: lastName, updated_at: updatedAtMs, locked: isLocked };
}

function json(body: unknown): Answered {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function problem(status: number): Answered {
  const errors = [{ code: "simulated", message: "simulated", long_message: "simulated" }];
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ errors }) };
}
