/**
 * One client's conversation: what it has sent, what it has been told, and the messages between.
 *
 * [Note: Received and current versions]
 * The client numbers its query set and its identity. `#received` follows its messages as they arrive;
 * `#current` is where the last transition left the client. Everything in between is answered by the next
 * transition, which may fold several messages into one.
 */
import type { WebSocket } from "ws";
import { type Answer, errorMessage } from "../answers.ts";
import type { Application } from "../application.ts";
import {
  ANONYMOUS,
  type Authenticator,
  assertNotExpired,
  type Caller,
  type Credentials,
  callBy,
} from "../auth/identity.ts";
import { badRequest, RequestError } from "../errors.ts";
import type { FunctionCall } from "../types.ts";
import { type Keepalive, Outbox } from "./outbox.ts";
import {
  type CallResponse,
  type ClientMessage,
  INITIAL_VERSION,
  parseClientMessage,
  type StateVersion,
  supportsChunks,
} from "./protocol.ts";
import { Subscriptions } from "./subscriptions.ts";

/** Mutations waiting, and actions running, for one socket. */
const MAX_PENDING_CALLS = 1_000;

type Of<Type extends ClientMessage["type"]> = Extract<ClientMessage, { type: Type }>;

export interface ConnectionParts {
  application: Application;
  authenticator: Authenticator;
  keepalive: Keepalive;
  log: (line: string) => void;
  /** "1.48.0", from the address; null when it names none. */
  clientVersion: string | null;
  /** What functions learn about the request by `ctx.meta`. */
  peer: { ip?: string; userAgent?: string };
}

export class Connection {
  readonly #application: Application;
  readonly #authenticator: Authenticator;
  readonly #log: (line: string) => void;
  readonly #peer: ConnectionParts["peer"];
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  #sessionId: string | null = null;
  #clientClockSkewMs: number | null = null;
  #caller: Caller = ANONYMOUS;
  #current: StateVersion = INITIAL_VERSION;
  #received = { querySet: 0, identity: 0 };
  /** Messages are handled one after another, since checking a token takes time. */
  #inbox: Promise<void> = Promise.resolve();
  #mutations: Promise<void> = Promise.resolve();
  #pendingMutations = 0;
  #pendingActions = 0;
  #isUpdateWanted = false;
  #isClosed = false;

  constructor(socket: WebSocket, parts: ConnectionParts) {
    this.#application = parts.application;
    this.#authenticator = parts.authenticator;
    this.#log = parts.log;
    this.#peer = parts.peer;
    this.#outbox = new Outbox(socket, {
      canChunk: supportsChunks(parts.clientVersion),
      keepalive: parts.keepalive,
      onDrained: () => this.#updateSoonIfWanted(),
    });
    this.#subscriptions = new Subscriptions(this.#application, () => this.#wantUpdate());
    socket.on("message", (data, isBinary) => this.#receive(data.toString(), isBinary));
    socket.on("close", () => this.#stop());
    socket.on("error", () => socket.terminate());
  }

  get subscriptionCount(): number {
    return this.#subscriptions.count;
  }

  /** Ends the conversation once what is queued is sent; resolves when the socket is closed. */
  close(code: number, reason: string): Promise<void> {
    this.#stop();
    return this.#outbox.close(code, reason);
  }

  #receive(text: string, isBinary: boolean): void {
    this.#inbox = this.#inbox.then(async () => {
      if (this.#isClosed) return;
      try {
        if (isBinary) throw badRequest("WSUnexpectedMessage", "Binary messages are not part of the protocol.");
        await this.#handle(parseClientMessage(text));
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #handle(message: ClientMessage): void | Promise<void> {
    if (this.#sessionId === null && message.type !== "Connect")
      throw badRequest("NotConnected", `The first message must be Connect, not ${message.type}.`);
    switch (message.type) {
      case "Connect":
        return this.#connect(message);
      case "ModifyQuerySet":
        return this.#modifyQuerySet(message);
      case "Mutation":
        return this.#mutate(message);
      case "Action":
        return this.#act(message);
      case "Authenticate":
        return this.#authenticate(message);
      case "Event":
        return;
    }
  }

  /** A client that saw a later timestamp than ours is served all the same: ours never goes backwards. */
  #connect({ sessionId, clientTs }: Of<"Connect">): void {
    this.#sessionId = sessionId;
    if (clientTs !== undefined) this.#clientClockSkewMs = Math.round(clientTs - this.#application.clock.nowMs());
  }

  #modifyQuerySet({ baseVersion, newVersion, modifications }: Of<"ModifyQuerySet">): void {
    if (baseVersion !== this.#received.querySet) throw versionMismatch(baseVersion, this.#received.querySet);
    if (newVersion <= baseVersion)
      throw badRequest("InvalidVersion", `New version ${newVersion} must be greater than ${baseVersion}.`);
    this.#subscriptions.apply(modifications);
    this.#received.querySet = newVersion;
    this.#wantUpdate();
  }

  async #authenticate(message: Of<"Authenticate">): Promise<void> {
    if (message.baseVersion !== this.#received.identity)
      throw versionMismatch(message.baseVersion, this.#received.identity);
    try {
      this.#caller = await this.#authenticator.authenticate(credentialsOf(message));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return this.#failAuthentication(error, true);
    }
    this.#received.identity += 1;
    this.#subscriptions.forgetResults();
    this.#wantUpdate();
  }

  /** Mutations of one socket run strictly one after another, in the order they arrived. */
  #mutate(message: Of<"Mutation">): void {
    if (this.#pendingMutations >= MAX_PENDING_CALLS) throw tooMany("TooManyConcurrentMutations", "mutations");
    const call = this.#callOf(message);
    const session = { sessionId: this.#sessionId ?? "", requestId: message.requestId };
    this.#pendingMutations += 1;
    this.#mutations = this.#mutations.then(async () => {
      try {
        // A client that has gone sends again, under the same request id, what was not started.
        if (this.#isClosed) return;
        const answer = await this.#application.mutation(call, session);
        const ts = answer.ts ?? undefined;
        this.#respond({ type: "MutationResponse", ...responseOf(message.requestId, answer, ts) });
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#pendingMutations -= 1;
      }
    });
  }

  /** Actions run side by side, and to their end even when the client goes away. */
  #act(message: Of<"Action">): void {
    if (this.#pendingActions >= MAX_PENDING_CALLS) throw tooMany("TooManyInflightActionsForSingleClient", "actions");
    const call = this.#callOf(message);
    this.#pendingActions += 1;
    this.#application
      .action(call)
      .then((answer) => this.#respond({ type: "ActionResponse", ...responseOf(message.requestId, answer) }))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#pendingActions -= 1;
      });
  }

  #callOf({ requestId, udfPath, args, componentPath }: Of<"Mutation"> | Of<"Action">): FunctionCall {
    assertNotExpired(this.#caller, this.#application.clock);
    const request = { requestId: `${this.#sessionId?.slice(0, 8)}-${requestId}`, ...this.#peer };
    return callBy(this.#caller, { component: componentPath, path: udfPath, args: args[0] ?? {}, request });
  }

  /** After every response follows a transition, since clients hold a mutation's promise until one covers it. */
  #respond(message: { type: "MutationResponse" | "ActionResponse" } & CallResponse): void {
    this.#outbox.send(message);
    this.#wantUpdate();
  }

  #wantUpdate(): void {
    if (this.#isUpdateWanted) return;
    this.#isUpdateWanted = true;
    this.#updateSoonIfWanted();
  }

  /**
   * The update waits for the end of the turn: a commit invalidates results and then answers its mutation in
   * one turn, and the answer has to leave before the transition that shows its effects.
   */
  #updateSoonIfWanted(): void {
    if (this.#isUpdateWanted && this.#outbox.canTakeTransition) setImmediate(() => this.#update());
  }

  #update(): void {
    if (this.#isClosed || !this.#isUpdateWanted || !this.#outbox.canTakeTransition) return;
    this.#isUpdateWanted = false;
    try {
      assertNotExpired(this.#caller, this.#application.clock);
      const endVersion = { ...this.#received, ts: this.#application.store.latestTs() };
      const modifications = this.#subscriptions.update(this.#caller);
      this.#outbox.send({
        type: "Transition",
        startVersion: this.#current,
        endVersion,
        modifications,
        clientClockSkew: this.#clientClockSkewMs,
        serverTs: this.#application.clock.nowMs() * 1e6,
      });
      this.#current = endVersion;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    if (!(error instanceof RequestError)) {
      this.#log(`A socket was closed by an internal error: ${error instanceof Error ? error.stack : String(error)}`);
      void this.close(1011, "InternalServerError");
      return;
    }
    if (error.kind === "unauthenticated") return this.#failAuthentication(error, false);
    const isRetriable = error.kind === "conflict" || error.kind === "overloaded" || error.kind === "rateLimited";
    if (isRetriable) return void this.close(1013, error.code);
    this.#outbox.send({ type: "FatalError", error: `${error.code}: ${error.message}` });
    void this.close(1000, error.code);
  }

  #failAuthentication(error: RequestError, authUpdateAttempted: boolean): void {
    const baseVersion = this.#current.identity;
    this.#outbox.send({ type: "AuthError", error: error.message, baseVersion, authUpdateAttempted });
    void this.close(1000, error.code);
  }

  #stop(): void {
    this.#isClosed = true;
    this.#subscriptions.close();
  }
}

function credentialsOf({ tokenType, value = "", impersonating, acting_as }: Of<"Authenticate">): Credentials {
  if (tokenType === "None") return { kind: "none" };
  if (tokenType === "User") return { kind: "user", token: value };
  return { kind: "admin", key: value, actingAs: impersonating ?? acting_as ?? null };
}

function responseOf(requestId: number, { outcome, logLines, requestId: logId }: Answer, ts?: bigint): CallResponse {
  if (outcome.ok) return { success: true, requestId, value: outcome.value, logLines, ...(ts !== undefined && { ts }) };
  const failed = { success: false, requestId, errorMessage: errorMessage(outcome.error, logId), logLines } as const;
  return outcome.error.data === undefined ? failed : { ...failed, errorData: outcome.error.data };
}

function versionMismatch(given: number, current: number): RequestError {
  const message = `Base version ${given} passed up doesn't match the current version ${current}`;
  return badRequest("BaseVersionMismatch", message);
}

function tooMany(code: string, what: string): RequestError {
  return new RequestError(
    "rateLimited",
    code,
    `Only up to ${MAX_PENDING_CALLS} pending ${what} are allowed on one socket.`,
  );
}
