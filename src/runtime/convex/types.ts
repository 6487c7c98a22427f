/**
 * The seams of the embedded Convex runtime: what `store/`, `functions/` and the serving side
 * (`application.ts`, `sync/`, `http/`, `scheduler/`) expect of one another, and nothing else.
 *
 * [Note: Queries and mutations are synchronous]
 * A query or mutation can wait for nothing but the database and cryptography, and both are answered
 * synchronously here (`node:sqlite`, `node:crypto`). Its `node:vm` context has a microtask queue of its
 * own that is drained inside one `runInContext` call, so a whole execution, with its nested calls, is one
 * host function call: no interleaving, a real user-time limit, and an exact answer to "this promise can
 * never settle". Only actions and commits are asynchronous.
 *
 * [Note: JSON text]
 * Documents, arguments and results travel as Convex-encoded JSON text (`convexToJson`): SQLite hands a
 * document to the isolate without parsing it on the way.
 */

/** Convex-encoded JSON text. */
export type JsonText = string;

/** JSON as `convexToJson` makes it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Instance names joined by "/"; "" is the app itself. Every component instance is a namespace of tables. */
export type ComponentPath = string;

// ---------------------------------------------------------------------------------------------------
// store/

export interface Store {
  readonly catalog: Catalog;
  /** Timestamp of the newest durable commit, nanoseconds since the epoch; never goes backwards, not even across restarts. */
  latestTs(): bigint;
  /**
   * A transaction over the snapshot at `latestTs()`, or over that of an earlier timestamp while another
   * transaction still holds it open. Must be ended by `commit` or `tx.close()`.
   */
  begin(atTs?: bigint): Transaction;
  /**
   * Validates the read set against everything committed since the transaction began and makes its writes
   * durable. Commits that arrive in one turn of the event loop share one SQLite transaction and one fsync.
   * Resolves to the commit timestamp; rejects with `ConflictError` when the read set was invalidated.
   * A transaction without writes resolves at once to its begin timestamp.
   */
  commit(tx: Transaction): Promise<bigint>;
  /** Called once after each durable group of commits, in order, with the group's newest timestamp. */
  onCommit(listener: (commit: Commit) => void): () => void;
  close(): void;
}

export interface Commit {
  readonly ts: bigint;
  /** The indexes of which it added or removed keys; a read set of other indexes is not touched. */
  readonly indexIds: Iterable<number>;
  /** Whether any index key this commit added or removed lies in the read set. */
  touches(reads: ReadSet): boolean;
}

/** Index key intervals a transaction has read. Opaque outside `store/`. */
export interface ReadSet {
  readonly intervalCount: number;
  /** The indexes that the intervals are of. */
  readonly indexIds: Iterable<number>;
}

/** Which tables and indexes each namespace has. */
export interface Catalog {
  /**
   * Brings a namespace to `schema` (the parsed output of `schema.export()`; null: no schema): creates tables
   * and indexes, backfills new indexes, drops those gone. Throws `SchemaError` naming table and document id
   * when an existing document does not fit, and then changes nothing.
   */
  applySchema(namespace: ComponentPath, schema: SchemaJson | null): void;
  /** Throws as `applySchema` would, and changes nothing. */
  checkSchema(namespace: ComponentPath, schema: SchemaJson | null): void;
  tableNames(namespace: ComponentPath): string[];
  /** Documents in a table, from a maintained counter. */
  count(namespace: ComponentPath, table: string): number;
  /** The table an id belongs to, or null when the id is malformed or its table is unknown in the namespace. */
  tableOfId(namespace: ComponentPath, id: string): string | null;
  /** The name of the table with this number in the namespace (ids carry table numbers), or null. */
  tableNameOf(namespace: ComponentPath, tableNumber: number): string | null;
}

/** Parsed output of `defineSchema(...).export()`. */
export interface SchemaJson {
  tables: TableJson[];
  schemaValidation: boolean;
}
export interface TableJson {
  tableName: string;
  indexes: { indexDescriptor: string; fields: string[] }[];
  stagedDbIndexes?: { indexDescriptor: string; fields: string[] }[];
  searchIndexes?: { indexDescriptor: string }[];
  stagedSearchIndexes?: { indexDescriptor: string }[];
  vectorIndexes?: { indexDescriptor: string }[];
  stagedVectorIndexes?: { indexDescriptor: string }[];
  documentType?: ValidatorJson | null;
}

export type ValidatorJson =
  | { type: "null" | "number" | "bigint" | "boolean" | "string" | "bytes" | "any" }
  | { type: "literal"; value: Json }
  | { type: "id"; tableName: string }
  | { type: "array"; value: ValidatorJson }
  | { type: "object"; value: Record<string, { fieldType: ValidatorJson; optional: boolean }> }
  | { type: "record"; keys: ValidatorJson; values: { fieldType: ValidatorJson; optional: false } }
  | { type: "union"; value: ValidatorJson[] };

/**
 * Snapshot reads plus buffered writes (own writes are visible to own reads). All methods are synchronous.
 * Developer mistakes and exceeded limits throw `DeveloperError`, which the function may catch.
 */
export interface Transaction {
  readonly beginTs: bigint;
  readonly reads: ReadSet;
  readonly usage: Readonly<TransactionUsage>;
  /** The most that `usage` may come to. */
  readonly limits: Readonly<TransactionUsage>;
  readonly hasWrites: boolean;

  /** The document's JSON text, or null. A `table` that does not match the id throws; an undecodable id throws. */
  get(namespace: ComponentPath, id: string, table?: string): JsonText | null;
  /** Streams the documents a query AST selects (facts §4.4), lazily: only what is pulled enters the read set. */
  query(namespace: ComponentPath, query: QueryJson): DocumentStream;
  /** One page (facts §4.5). */
  page(namespace: ComponentPath, request: PageRequest): PageResult;
  count(namespace: ComponentPath, table: string): number;
  /** Returns the new id. `_creationTime` derives from the transaction's time, unique and rising within it. */
  insert(namespace: ComponentPath, table: string, value: Json): string;
  /** Top-level merge; `{"$undefined":null}` removes a field. Returns the new document's JSON text. */
  patch(namespace: ComponentPath, id: string, value: Json, table?: string): JsonText;
  replace(namespace: ComponentPath, id: string, value: Json, table?: string): JsonText;
  /** Returns the removed document's JSON text; throws when it does not exist. */
  remove(namespace: ComponentPath, id: string, table?: string): JsonText;
  /** `{ id }` when the string is an id of this table, else `{ id: null }`. */
  normalizeId(namespace: ComponentPath, table: string, id: string): string | null;

  /** Counts one more scheduled function. */
  recordSchedule(argsBytes: number): void;
  /** Allows at most `budget` on top of what was used so far; the result takes that back. */
  tighten(budget: Partial<TransactionUsage>): () => void;
  /** A transaction of its own over the same snapshot: it sees none of this one's writes, and its reads are its own. */
  asBegun(): Transaction;

  /** Marks a point; `rollback` undoes the writes since (reads stay), `release` keeps them. Strictly nested. */
  savepoint(): Savepoint;
  /** Ends the transaction without committing; safe to call twice. */
  close(): void;
}

export interface Savepoint {
  rollback(): void;
  release(): void;
}

export interface DocumentStream {
  next(): JsonText | null;
  /** Ends the stream; safe to call twice. */
  close(): void;
}

export interface TransactionUsage {
  documentsRead: number;
  bytesRead: number;
  documentsWritten: number;
  bytesWritten: number;
  databaseQueries: number;
  functionsScheduled: number;
  scheduledFunctionArgsBytes: number;
}

export interface QueryJson {
  source:
    | { type: "FullTableScan"; tableName: string; order: "asc" | "desc" | null }
    | { type: "IndexRange"; indexName: string; range: RangeJson[]; order: "asc" | "desc" | null }
    | { type: "Search"; indexName: string; filters: Json[] };
  operators: ({ filter: Json } | { limit: number })[];
}
export interface RangeJson {
  type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  fieldPath: string;
  value: Json;
}
export interface PageRequest {
  query: QueryJson;
  cursor: string | null;
  endCursor?: string | null;
  /** End cursor remembered by the query's journal; used when no `endCursor` is given. */
  journalEndCursor?: string | null;
  pageSize: number;
  maximumRowsRead?: number | null;
  maximumBytesRead?: number | null;
}
export interface PageResult {
  page: JsonText[];
  isDone: boolean;
  continueCursor: string;
  splitCursor: string | null;
  pageStatus: "SplitRecommended" | "SplitRequired" | null;
}

// ---------------------------------------------------------------------------------------------------
// functions/

/** Whom a call is made for. `unknown`: a token was given but not accepted (HTTP actions only). */
export type Identity =
  | { kind: "none" }
  | { kind: "unknown" }
  | { kind: "admin" }
  | { kind: "user"; attributes: UserAttributes; expiresAtMs: number };

/** As `ctx.auth.getUserIdentity()` returns it (facts §8). */
export type UserAttributes = { tokenIdentifier: string; subject: string; issuer: string } & Record<string, Json>;

export type FunctionKind = "query" | "mutation" | "action";

export interface FunctionCall {
  component: ComponentPath;
  /** Canonical "dir/module:export". */
  path: string;
  /** The single arguments object, encoded. */
  args: Json;
  identity: Identity;
  /** `public`: internal functions look missing; `any`: the scheduler, function handles, the admin. */
  visibility: "public" | "any";
  /** HTTP metadata for `ctx.meta`, and the job that all this runs for when the scheduler called. */
  request?: { requestId: string; ip?: string; userAgent?: string; job?: JobAddress };
}

/** A row of `_scheduled_functions`. */
export interface JobAddress {
  component: ComponentPath;
  id: string;
}

/** What one execution of a query or mutation came to. */
export interface Execution {
  outcome: Outcome;
  logLines: string[];
  /** The end cursor of the execution's paginated query, for the journal; null when it paginated nothing. */
  journal: string | null;
  /** Whether the result depends on who asked, or on the time of day (for caching). */
  readIdentity: boolean;
  readTime: boolean;
  userTimeMs: number;
}

export type Outcome = { ok: true; value: JsonText } | { ok: false; error: FunctionError };

/** A failure of user code, ready for the wire. `data` is set for a ConvexError only. */
export interface FunctionError {
  /** First line: what happened; then the mapped stack, file and line. Shown to developers, not in production. */
  message: string;
  data?: Json;
  /** Limits, timeouts, conflicts: a stable short name. */
  code?: string;
}

/** Runs user code. Never commits: `application.ts` owns transactions, retries and commits. */
export interface FunctionRunner {
  /** What is deployed now. */
  readonly deployment: Deployment;
  /** Runs a query in `tx`. `journal` is the remembered end cursor, if any. */
  runQuery(tx: Transaction, call: FunctionCall, journal?: string | null): Execution;
  /**
   * Runs a mutation in `tx`, leaving its writes there; on failure the caller closes the transaction. Those asked for
   * at once run one after another, which costs less than each by itself.
   */
  runMutation(tx: Transaction, call: FunctionCall): Promise<Execution>;
  runAction(call: FunctionCall, signal?: AbortSignal): Promise<{ outcome: Outcome; logLines: string[] }>;
  /** Routes (exact, prefix, mounted components) and runs an HTTP action; aborting the signal stops it. */
  runHttpAction(request: Request, identity: Identity, signal: AbortSignal): Promise<Response>;
}

/** What actions need from the rest; implemented by `application.ts` and handed to the runner. */
export interface ActionHost {
  query(call: FunctionCall): Promise<Outcome>;
  mutation(call: FunctionCall): Promise<Outcome>;
  action(call: FunctionCall): Promise<Outcome>;
  /** `tsMs`: when to run, milliseconds since the epoch. Returns the id of the `_scheduled_functions` row. */
  schedule(component: ComponentPath, job: ScheduledCall): Promise<string>;
  cancel(component: ComponentPath, jobId: string): Promise<void>;
}

export interface ScheduledCall {
  /** The component whose function runs, and where its row lives. */
  component: ComponentPath;
  path: string;
  args: Json;
  tsMs: number;
  /** The job that schedules it, if it is one that does. */
  parent: JobAddress | undefined;
}

/** The analysed `convex/` folder. */
export interface Deployment {
  /** Changes with every load; part of query cache keys. */
  readonly version: number;
  readonly components: ComponentPath[];
  readonly functions: DeployedFunction[];
  find(component: ComponentPath, path: string): DeployedFunction | null;
  schemaOf(component: ComponentPath): SchemaJson | null;
  readonly crons: DeployedCron[];
  /** Parsed providers of `auth.config.ts`; env already substituted. */
  readonly authProviders: AuthProvider[];
  readonly hasHttp: boolean;
}
export interface DeployedFunction {
  component: ComponentPath;
  path: string;
  kind: FunctionKind;
  visibility: "public" | "internal";
  environment: "isolate" | "node";
  args: ValidatorJson;
  returns: ValidatorJson | null;
}
export interface DeployedCron {
  component: ComponentPath;
  identifier: string;
  path: string;
  args: Json;
  schedule: CronSchedule;
}
export type CronSchedule =
  | { type: "interval"; seconds?: number; minutes?: number; hours?: number }
  | { type: "hourly"; minuteUTC?: number }
  | { type: "daily"; hourUTC: number; minuteUTC?: number }
  | { type: "weekly"; dayOfWeek: string; hourUTC: number; minuteUTC?: number }
  | { type: "monthly"; day: number; hourUTC: number; minuteUTC?: number }
  | { type: "cron"; cron: string };
export type AuthProvider =
  | { kind: "oidc"; domain: string; applicationID: string }
  | { kind: "customJwt"; issuer: string; jwks: string; algorithm: "RS256" | "ES256"; applicationID?: string };

// ---------------------------------------------------------------------------------------------------
// shared

/** The one clock that functions, scheduler, crons, token issuing and token checks share. */
export interface Clock {
  nowMs(): number;
  /** Runs `wake` once `atMs` has come by this clock, also when the clock is advanced. Returns a canceller. */
  at(atMs: number, wake: () => void): () => void;
}
