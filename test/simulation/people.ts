import { type FunctionReference, getFunctionName } from "convex/server";
import { ConvexError } from "convex/values";
import { TEMPORARY_THREAD_MS, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import type { Backend } from "./backend.ts";
import { userJson } from "./identity.ts";
import { Killed } from "./tasks.ts";
import type { World } from "./world.ts";

const ISSUER = "https://issuer.test";
/** How long somebody waits for the network and for themselves before each call. */
const CALL_MS = 80;

/** Refusals that a person may get for what they do here. Any other error is a bug. */
const REFUSALS = [
  "unauthenticated",
  "not_found",
  "limit_exceeded",
  "insufficient_credits",
  "restricted",
  "closing",
  "conflict",
  "unavailable",
];

/** A chat as its owner knows it: what was answered to them. */
export interface Chat {
  id: string;
  isTemporary: boolean;
  /** What they have said on its trunk and was taken in. */
  texts: string[];
  messageIds: string[];
  replyIds: string[];
  pinned: boolean;
  /** What retention counts from. */
  clockMs: number;
  isRemoved: boolean;
  /** Whether it was removed and brought back: an archive of that time does not have it. */
  wasAway: boolean;
  /** Whether only the trunk is shown, so that all texts are to be seen. */
  isPlain: boolean;
}

/** When a chat ends, if nothing happens. */
export function endsAtMs({ isTemporary, pinned, clockMs }: Chat): number {
  if (isTemporary) return clockMs + TEMPORARY_THREAD_MS;
  return pinned ? Infinity : clockMs + UNPINNED_THREAD_MS;
}

/** Somebody who uses the product, and what they know of their account. */
export class Person {
  readonly name: string;
  readonly identityId: string;
  readonly world: World;
  readonly chats: Chat[] = [];
  readonly jobIds: string[] = [];
  /** Media that they have put into their library. */
  readonly keptMediaIds = new Set<string>();
  /** When they said what. */
  readonly saidAtMs = new Map<string, number>();
  userId: string | null = null;
  /** Since when they know that they have an account. */
  signedInAtMs = Infinity;
  /** Since when they have known their account to be closed. */
  closedAtMs: number | null = null;
  /** Since when their data may only be stored and shown. */
  restrictedSinceMs: number | null = null;
  /** Whether they have asked to be erased, here or at the identity provider, and perhaps heard nothing of it. */
  askedToBeErased = false;
  /** Whether they were told that their account is erased: nothing may be served to them any more. */
  isErased = false;
  #said = 0;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.identityId = `user_${name.toLowerCase()}`;
    const user = { id: this.identityId, firstName: name, lastName: "Simulated", updatedAtMs: 1, isLocked: false };
    world.identity.users.set(user.id, user);
    world.post.tell("user.created", userJson(user));
  }

  get client(): ReturnType<Backend["withIdentity"]> {
    return this.world.backend.withIdentity({
      issuer: ISSUER,
      subject: this.identityId,
      name: `${this.name} Simulated`,
    });
  }

  noteSignIn(userId: string): void {
    this.userId = userId;
    this.signedInAtMs = Math.min(this.signedInAtMs, this.world.timeline.nowMs);
  }

  /** Something that was never said before. */
  words(canary: string): string {
    const words = `${canary} ${this.name} ${++this.#said}`;
    this.saidAtMs.set(words, this.world.timeline.nowMs);
    return words;
  }

  newRequestId(): string {
    return crypto.randomUUID();
  }

  /** What a query gives; undefined where it is refused. */
  query<Query extends FunctionReference<"query">>(
    query: Query,
    args: Query["_args"],
  ): Promise<Query["_returnType"] | undefined> {
    return this.#attempt(query, () => this.client.query(query, ...([args] as never)));
  }

  /** What a mutation gives; undefined where it is refused. */
  mutation<Mutation extends FunctionReference<"mutation">>(
    mutation: Mutation,
    args: Mutation["_args"],
  ): Promise<Mutation["_returnType"] | undefined> {
    return this.#attempt(mutation, () => this.client.mutation(mutation, ...([args] as never)));
  }

  /** What an action gives; undefined where it is refused. */
  action<Action extends FunctionReference<"action">>(
    action: Action,
    args: Action["_args"],
  ): Promise<Action["_returnType"] | undefined> {
    return this.#attempt(action, () => this.client.action(action, ...([args] as never)));
  }

  /** Whether there are keys to open what they wrote, though nobody holds them. */
  async hasKeys(): Promise<boolean> {
    return this.world.backend.run(async (ctx) => {
      const held = await ctx.db.query("legalHolds").collect();
      const keys = await ctx.db.query("userKeys").collect();
      const isOwn = ({ ownerId }: { ownerId: string }) => ownerId === this.userId;
      return keys.some(isOwn) && !held.some(isOwn);
    });
  }

  /** Whether there is a key to open a chat, though the law does not want it kept. */
  async hasKeyOf({ id }: Chat): Promise<boolean> {
    return this.world.backend.run(async (ctx) => {
      const held = await ctx.db.query("legalHolds").collect();
      const keys = await ctx.db.query("threadKeys").collect();
      return keys.some(({ threadId }) => threadId === id) && !held.some(({ ownerId }) => ownerId === this.userId);
    });
  }

  /** The answer of a route of the HTTP API. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    await this.#pause();
    const wasErased = this.isErased;
    const headers = { Authorization: "Bearer simulated", ...init.headers };
    const response = await this.client.fetch(path, { ...init, headers });
    if (wasErased && response.ok) this.#wasServed(path);
    return response;
  }

  async #attempt<Result>(
    reference: FunctionReference<"query" | "mutation" | "action">,
    call: () => Promise<Result>,
  ): Promise<Result | undefined> {
    await this.#pause();
    const name = getFunctionName(reference);
    const wasErased = this.isErased;
    try {
      const result = await call();
      if (wasErased && result !== null) this.#wasServed(name);
      this.world.note(`${this.name}: ${name}`);
      return result;
    } catch (error) {
      const code = refusalCode(error);
      if (!code && isBroken(error)) throw new Killed();
      if (!code) throw error;
      this.world.note(`${this.name}: ${name} is refused as ${code}`);
      return undefined;
    }
  }

  #wasServed(what: string): void {
    this.world.wrong.push(`I10 ${this.name} was served ${what} after the erasure`);
  }

  #pause(): Promise<void> {
    return this.world.timeline.pause(this.world.chance.whole(1, CALL_MS));
  }
}

function refusalCode(error: unknown): string | null {
  if (!(error instanceof ConvexError)) return null;
  const data = typeof error.data === "string" ? JSON.parse(error.data) : error.data;
  return REFUSALS.includes(data?.code) ? data.code : null;
}

/** Whether an action has failed because of what the bucket gave it, as it should. */
function isBroken(error: unknown): boolean {
  return error instanceof Error && /does not open|The bucket failed/.test(error.message);
}
