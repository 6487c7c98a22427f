/** Syscalls of queries and mutations (`Convex.syscall`, `Convex.asyncSyscall`), answered from a transaction. */
import { DeveloperError } from "../errors.ts";
import { cancelJob, insertJob, JOBS_TABLE, readJob } from "../scheduler/jobRows.ts";
import type {
  Catalog,
  ComponentPath,
  DocumentStream,
  FunctionCall,
  Json,
  PageRequest,
  QueryJson,
  Transaction,
  TransactionUsage,
} from "../types.ts";
import { encodeInt64 } from "../values/encoded.ts";
import { SCHEDULED_ARGS_BYTES_MAX } from "../values/limits.ts";
import { sizeOfValue } from "../values/size.ts";
import { type Address, handleOf, resolveAddress } from "./address.ts";
import { type LoadedDeployment, parseJson } from "./deployment.ts";
import { fileStorageIsMissing, unavailableFeature } from "./unavailable.ts";

export interface SyscallScope {
  tx: Transaction;
  catalog: Catalog;
  deployment: LoadedDeployment;
  kind: "query" | "mutation";
  call: FunctionCall;
  deploymentName: string;
  /** The frozen time of the execution. */
  nowMs: number;
  /** End cursor of the previous run, for the journal. */
  journalEndCursor: string | null;
}

/** As Convex: at most five years away. */
const FARTHEST_SCHEDULE_MS = 5 * 366 * 24 * 3600 * 1000;

const PAGE_SIZE_MAX = 32_000;
const STORAGE_TABLE = "_storage";

interface IdArgs {
  id: string;
  table?: string;
  isSystem?: boolean;
  value?: Json;
}

export class DatabaseSyscalls {
  /** End cursor of the page that was read, for the journal. */
  journal: string | null = null;
  readIdentity = false;
  readonly #scope: SyscallScope;
  readonly #streams = new Map<number, DocumentStream>();
  #lastQueryId = 0;

  constructor(scope: SyscallScope) {
    this.#scope = scope;
  }

  /** Answers a synchronous syscall with JSON text. */
  answer(operation: string, argsText: string): string {
    const args = parseJson<never>(argsText);
    switch (operation) {
      case "1.0/queryStream":
        return JSON.stringify({ queryId: this.#openQuery(args) });
      case "1.0/queryCleanup":
        return JSON.stringify(this.#closeQuery(args));
      case "1.0/db/normalizeId":
        return JSON.stringify({ id: this.#normalizeId(args) });
      case "1.0/getSnapshotTs":
        return JSON.stringify(encodeInt64(this.#scope.tx.beginTs));
      case "1.0/componentArgument":
        return "{}";
      default:
        throw unavailableFeature(operation) ?? new DeveloperError("UnknownOperation", `Unknown operation ${operation}`);
    }
  }

  /** Answers an asynchronous syscall with JSON text; `1.0/runUdf` is the caller's. */
  answerAsync(operation: string, argsText: string): string {
    const args = parseJson<never>(argsText);
    const read = this.#read(operation, args);
    if (read !== undefined) return read;
    const write = this.#write(operation, args);
    if (write !== undefined) return write;
    const other = this.#other(operation, args);
    if (other !== undefined) return other;
    throw (
      unavailableFeature(operation) ??
      new DeveloperError("UnknownAsyncOperation", `Unknown async operation ${operation}`)
    );
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
  }

  #read(operation: string, args: never): string | undefined {
    switch (operation) {
      case "1.0/get":
        return this.#get(args);
      case "1.0/queryStreamNext":
        return this.#nextOf(args);
      case "1.0/queryPage":
        return this.#page(args);
      case "1.0/count":
        return JSON.stringify(this.#count(args));
      default:
        return undefined;
    }
  }

  #write(operation: string, args: never): string | undefined {
    switch (operation) {
      case "1.0/insert":
        return this.#insert(args);
      case "1.0/shallowMerge":
        return this.#change(args, (id, table, value) => this.#scope.tx.patch(this.#namespace, id, value, table));
      case "1.0/replace":
        return this.#change(args, (id, table, value) => this.#scope.tx.replace(this.#namespace, id, value, table));
      case "1.0/remove":
        return this.#change(args, (id, table) => this.#scope.tx.remove(this.#namespace, id, table));
      case "1.0/schedule":
        return JSON.stringify(this.#schedule(args));
      case "1.0/cancel_job":
        return this.#cancel(args);
      default:
        return undefined;
    }
  }

  #other(operation: string, args: never): string | undefined {
    switch (operation) {
      case "1.0/getUserIdentity":
        this.readIdentity = true;
        return JSON.stringify(identityOf(this.#scope.call));
      case "1.0/createFunctionHandle":
        return JSON.stringify(handleOf(resolveAddress(this.#scope.deployment, this.#namespace, args)));
      case "1.0/getTransactionMetrics":
        return JSON.stringify(this.#metrics());
      case "1.0/getFunctionMetadata":
        return JSON.stringify({ name: this.#scope.call.path, componentPath: this.#namespace });
      case "1.0/getDeploymentMetadata":
        return JSON.stringify({ name: this.#scope.deploymentName, region: null, class: "s16" });
      case "1.0/getRequestMetadata":
        return JSON.stringify(this.#requestMetadata());
      default:
        return undefined;
    }
  }

  get #namespace(): ComponentPath {
    return this.#scope.call.component;
  }

  #openQuery({ query }: { query: QueryJson }): number {
    checkReadable(tableOf(query));
    this.#lastQueryId += 1;
    this.#streams.set(this.#lastQueryId, this.#scope.tx.query(this.#namespace, query));
    return this.#lastQueryId;
  }

  #closeQuery({ queryId }: { queryId: number }): boolean {
    this.#streams.get(queryId)?.close();
    return this.#streams.delete(queryId);
  }

  #nextOf({ queryId }: { queryId: number }): string {
    const stream = this.#streams.get(queryId);
    if (!stream) throw new DeveloperError("QueryNotFound", "in-progress query not found");
    const document = stream.next();
    return document === null ? '{"value":null,"done":true}' : `{"value":${document},"done":false}`;
  }

  #normalizeId({ table, idString }: { table: string; idString: string }): string | null {
    return this.#scope.tx.normalizeId(this.#namespace, table, idString);
  }

  #get({ id, table, isSystem }: IdArgs): string {
    const { tx, catalog } = this.#scope;
    const found = catalog.tableOfId(this.#namespace, id);
    if (found?.startsWith("_") && !isSystem) {
      throw new DeveloperError("SystemTableError", "System tables can only be accessed with db.system.");
    }
    if (found && !found.startsWith("_") && isSystem) {
      throw new DeveloperError("SystemTableError", "User tables cannot be accessed with db.system.");
    }
    if (found) checkReadable(found);
    return tx.get(this.#namespace, id, table) ?? "null";
  }

  #count({ table }: { table: string }): number {
    checkReadable(table);
    return this.#scope.tx.count(this.#namespace, table);
  }

  #page(args: PageRequest): string {
    checkReadable(tableOf(args.query));
    if (this.#namespace !== "") {
      throw new DeveloperError("PaginationUnsupportedInComponents", "paginate() is only supported in the app.");
    }
    if (this.journal !== null) {
      const message =
        "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated query in each function.";
      throw new DeveloperError("MultiplePaginatedDatabaseQueries", message);
    }
    checkPageSize(args);
    const { journalEndCursor, tx } = this.#scope;
    const { page, ...rest } = tx.page(this.#namespace, { ...args, journalEndCursor });
    this.journal = rest.continueCursor;
    return `{"page":[${page.join(",")}],${JSON.stringify(rest).slice(1)}`;
  }

  #insert({ table, value }: { table: string; value: Json }): string {
    this.#checkMutation("insert");
    checkWritable(table);
    return JSON.stringify({ _id: this.#scope.tx.insert(this.#namespace, table, value) });
  }

  #change(args: IdArgs, change: (id: string, table: string | undefined, value: Json) => string): string {
    this.#checkMutation("write");
    checkWritable(this.#scope.catalog.tableOfId(this.#namespace, args.id) ?? "");
    return change(args.id, args.table, args.value ?? null);
  }

  #checkMutation(what: string): void {
    if (this.#scope.kind === "mutation") return;
    throw new DeveloperError("NoWritesInQueries", `Can't ${what} in a query. Use a mutation.`);
  }

  #schedule({ ts, args, ...address }: { ts: number; args: Json } & Address): string {
    this.#checkMutation("schedule");
    const { call, deployment, tx, nowMs } = this.#scope;
    const target = resolveAddress(deployment, this.#namespace, address);
    const tsMs = ts * 1000;
    checkScheduleTime(tsMs, nowMs);
    tx.recordSchedule(checkedArgsBytes(args));
    const { component, path } = target;
    return insertJob(tx, component, { component, path, args, tsMs, parent: call.request?.job });
  }

  #cancel({ id }: { id: string }): string {
    this.#checkMutation("cancel a scheduled function");
    const { tx, call, nowMs } = this.#scope;
    if (id === call.request?.job?.id) {
      throw new DeveloperError("ScheduledFunctionCancelingItself", "A mutation cannot cancel itself");
    }
    const namespace = this.#namespaceOfJob(id);
    if (namespace !== undefined) cancelJob(tx, namespace, id, nowMs);
    return "null";
  }

  /** A job's row lives with the function it runs, which may be of a component installed below this one. */
  #namespaceOfJob(id: string): ComponentPath | undefined {
    const { tx, catalog, deployment } = this.#scope;
    if (catalog.tableOfId(this.#namespace, id) !== JOBS_TABLE) {
      throw new DeveloperError(
        "InvalidArgument",
        "Invalid argument `id` for `db.cancel_job`: not the id of a scheduled function.",
      );
    }
    return namespacesFrom(deployment, this.#namespace).find((each) => readJob(tx, each, id) !== null);
  }

  #requestMetadata(): Json {
    if (this.#scope.kind === "query") {
      throw new DeveloperError("RequestMetadataNotAllowed", "Cannot get request metadata in a query");
    }
    return requestMetadataOf(this.#scope.call);
  }

  #metrics(): Json {
    const { usage, limits } = this.#scope.tx;
    const names = Object.keys(limits) as (keyof TransactionUsage)[];
    const used = names.map((name) => [name, { used: usage[name], remaining: limits[name] - usage[name] }]);
    return Object.fromEntries(used);
  }
}

/** What `ctx.auth.getUserIdentity()` answers; components never learn who the user is. */
export function identityOf({ component, identity }: FunctionCall): Json {
  return component === "" && identity.kind === "user" ? identity.attributes : null;
}

export function requestMetadataOf({ request }: FunctionCall): Json {
  return {
    ip: request?.ip ?? null,
    userAgent: request?.userAgent ?? null,
    requestId: request?.requestId ?? "",
    scheduledFunctionId: request?.job?.id ?? null,
    authToken: null,
  };
}

/** Throws unless a job may be scheduled for `tsMs`. */
export function checkScheduleTime(tsMs: number, nowMs: number): void {
  if (Math.abs(tsMs - nowMs) <= FARTHEST_SCHEDULE_MS) return;
  throw new DeveloperError("InvalidScheduledFunctionDelay", "Functions can be scheduled at most five years from now.");
}

/** The size of a scheduled function's arguments; throws when no function can be scheduled with them. */
export function checkedArgsBytes(args: Json): number {
  const bytes = sizeOfValue([args]);
  if (bytes <= SCHEDULED_ARGS_BYTES_MAX) return bytes;
  const message = `The arguments of a scheduled function are too large (${bytes} bytes, limit: ${SCHEDULED_ARGS_BYTES_MAX} bytes)`;
  throw new DeveloperError("ScheduledFunctionsArgumentsTooLarge", message);
}

/** `component` and everything installed below it, nearest first. */
export function namespacesFrom(deployment: LoadedDeployment, component: ComponentPath): ComponentPath[] {
  const children = [...deployment.instance(component).children.values()];
  return [component, ...children.flatMap((child) => namespacesFrom(deployment, child))];
}

function tableOf({ source }: QueryJson): string {
  return source.type === "FullTableScan" ? source.tableName : (source.indexName.split(".")[0] ?? "");
}

/** The runtime's own tables are hidden, except the one that `db.system` documents. */
function checkReadable(table: string): void {
  if (table === STORAGE_TABLE) throw fileStorageIsMissing();
  if (table.startsWith("_") && table !== JOBS_TABLE) {
    throw new DeveloperError("SystemTableError", `System table ${table} cannot be read.`);
  }
}

function checkWritable(table: string): void {
  if (table.startsWith("_"))
    throw new DeveloperError("SystemTableError", `System table ${table} cannot be written to.`);
}

function checkPageSize({ pageSize, maximumRowsRead, maximumBytesRead }: PageRequest): void {
  if (!(pageSize > 0)) {
    throw new DeveloperError("NoDocumentsForPagination", "Must request at least 1 document while paginating");
  }
  if (pageSize > PAGE_SIZE_MAX) throw new DeveloperError("PageSizeTooLarge", `Requested too many items: ${pageSize}`);
  if (maximumRowsRead === 0 || maximumBytesRead === 0) {
    const message = "maximumRowsRead and maximumBytesRead must be greater than 0";
    throw new DeveloperError("InvalidPaginationLimit", message);
  }
}
