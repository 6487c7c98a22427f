/** People who use a home: signed in at its identity stand-in, connected by the official clients. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import type { FunctionReturnType } from "convex/server";
import { api } from "../../convex/_generated/api.js";
import type { RuntimeMetrics } from "../../src/runtime/convex/metrics.ts";
import type { Plan } from "../../src/runtime/models/plans.ts";
import type { LoggedRequest } from "../../src/runtime/models/requestLog.ts";
import { DELTAS_PER_PAGE } from "../../src/shared/limits.ts";
import type { Home } from "./home.ts";

/** Longer than any home is down in a test, shorter than a test waits. */
const UNREACHABLE_LIMIT_MS = 30_000;

export interface Person {
  readonly email: string;
  /** A fresh token for this person, as the page gets one. */
  token(): Promise<string>;
  /** A tab: a live connection of its own. Closed by `leave`. */
  openTab(): ConvexClient;
  /** A client without live queries. */
  http(): Promise<ConvexHttpClient>;
  /** Closes every tab that is still open. */
  leave(): Promise<void>;
}

/** Signs somebody in, makes their account and returns them without an open tab. */
export async function signIn(home: Home, email: string): Promise<Person> {
  const tabs = new Set<ConvexClient>();
  const person: Person = {
    email,
    token: () => demoToken(home, email),
    openTab: () => {
      const tab = new ConvexClient(home.urls.api, { unsavedChangesWarning: false, logger: false });
      tab.setAuth(() => tokenOnceReachable(home, email));
      tabs.add(tab);
      return tab;
    },
    http: async () => httpClient(home, await demoToken(home, email)),
    leave: async () => {
      await Promise.all([...tabs].map((tab) => tab.close()));
      tabs.clear();
    },
  };
  const client = await person.http();
  await client.action(api.account.signIn, {});
  return person;
}

/** A client without live queries that shows this token, or none. */
export function httpClient(home: Home, token?: string): ConvexHttpClient {
  const client = new ConvexHttpClient(home.urls.api, { logger: false });
  if (token) client.setAuth(token);
  return client;
}

/** A token of the identity stand-in, with which anyone can be anyone. */
export async function demoToken(home: Home, email: string, expiresInSeconds?: number): Promise<string> {
  const { token } = await postJson<{ token: string }>(`${home.urls.identity}/dev/token`, { email, expiresInSeconds });
  return token;
}

/** A tab outlives a home that is killed: it asks again until the home is back, or gives up as signed out. */
async function tokenOnceReachable(home: Home, email: string): Promise<string | null> {
  for (const deadlineMs = performance.now() + UNREACHABLE_LIMIT_MS; performance.now() < deadlineMs; await sleep(200)) {
    const token = await demoToken(home, email).catch(() => null);
    if (token) return token;
  }
  return null;
}

export type Sent = FunctionReturnType<typeof api.messages.send>;
export type Message = FunctionReturnType<typeof api.messages.list>["page"][number];

/** Stores a message and its empty reply. */
export function send(
  tab: ConvexClient,
  message: { text: string; threadId?: string; model?: string; requestId?: string },
): Promise<Sent> {
  return tab.mutation(api.messages.send, { requestId: randomUUID(), ...message });
}

/** The newest messages of a thread, newest first. */
export async function listMessages(tab: ConvexClient, threadId: string): Promise<Message[]> {
  const { page } = await tab.query(api.messages.list, { threadId, paginationOpts: { numItems: 20, cursor: null } });
  return page;
}

/** Resolves to the reply once it has ended, however it ends; rejects after `limitMs`. */
export function replyEnded(
  tab: ConvexClient,
  { threadId, replyId }: { threadId: string; replyId: string },
  limitMs = 40_000,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(late);
      stop();
      act();
    };
    const late = setTimeout(
      () => settle(() => reject(new Error(`The reply did not end within ${limitMs} ms`))),
      limitMs,
    );
    const stop = tab.onUpdate(
      api.messages.list,
      { threadId, paginationOpts: { numItems: 20, cursor: null } },
      ({ page }) => {
        const reply = page.find(({ _id }) => _id === replyId);
        if (reply && reply.state !== "streaming") settle(() => resolve(reply));
      },
      (error) => settle(() => reject(error)),
    );
  });
}

export interface FollowedReply {
  /** The text that has arrived. */
  text(): string;
  /** Resolves once that many characters have arrived or the reply has ended. */
  grownTo(characters: number): Promise<void>;
  stop(): void;
}

/** Follows a reply in progress as every tab does: page after page of its pieces, one subscription at a time. */
export function followReply(tab: ConvexClient, replyId: string): FollowedReply {
  const pages = new Map<number, string>();
  const waiting = new Set<{ characters: number; resolve: () => void }>();
  let ended = false;
  let unsubscribe = () => {};
  const text = () =>
    [...pages.entries()]
      .sort(([a], [b]) => a - b)
      .map(([, piece]) => piece)
      .join("");
  const wake = () => {
    for (const waiter of waiting) {
      if (!ended && text().length < waiter.characters) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
  };
  const follow = (page: number) => {
    unsubscribe = tab.onUpdate(api.messages.deltas, { replyId, page }, ({ deltas, done }) => {
      ended ||= done;
      // A finished reply has no pieces any more; what was seen of them stays seen.
      if (deltas.length > 0) pages.set(page, deltas.map((delta) => delta.text).join(""));
      wake();
      if (done || deltas.length < DELTAS_PER_PAGE) return;
      unsubscribe();
      follow(page + 1);
    });
  };
  follow(0);
  return {
    text,
    grownTo: (characters) =>
      new Promise((resolve) => {
        waiting.add({ characters, resolve });
        wake();
      }),
    stop: () => unsubscribe(),
  };
}

/** How the stand-in models are to answer from now on; see `src/runtime/models/plans.ts`. */
export function planReplies(home: Home, plan: Partial<Plan> & { reset?: boolean }): Promise<ModelsState> {
  return postJson(`${home.urls.models}/_control`, plan, home.adminKey);
}

export interface ModelsState {
  requests: LoggedRequest[];
}

/** What the stand-in models have received. */
export async function readModels(home: Home): Promise<ModelsState> {
  const response = await fetch(`${home.urls.models}/_control`, { headers: adminHeaders(home.adminKey) });
  return (await response.json()) as ModelsState;
}

/** The runtime's own counters; `reset` starts them anew after they were read. */
export async function readMetrics(home: Home, { reset = false } = {}): Promise<RuntimeMetrics> {
  const response = await fetch(`${home.urls.api}/_runtime/metrics${reset ? "?reset=1" : ""}`, {
    headers: adminHeaders(home.adminKey),
  });
  if (!response.ok) throw new Error(`The metrics answer ${response.status}`);
  return (await response.json()) as RuntimeMetrics;
}

/** Moves the clock that functions, scheduler and tokens share. */
export async function advanceClock(home: Home, advanceMs: number): Promise<void> {
  await postJson(`${home.urls.api}/_runtime/clock`, { advanceMs }, home.adminKey);
}

/** Posts JSON and reads the JSON answer; throws an Error that quotes any other answer. */
export async function postJson<T>(url: string, body: unknown, adminKey?: string): Promise<T> {
  const headers = { "content-type": "application/json", ...(adminKey ? adminHeaders(adminKey) : {}) };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

function adminHeaders(adminKey: string): Record<string, string> {
  return { authorization: `Convex ${adminKey}` };
}
