/**
 * Tables the runtime keeps for itself. They are ordinary tables written through ordinary transactions, so a
 * mutation's scheduled jobs and its request record commit with its own writes or not at all. User code cannot
 * write to them: the layer that answers its database calls refuses names that start with an underscore.
 */
import type { ComponentPath } from "../types.ts";

interface SystemTable {
  readonly name: string;
  readonly number: number;
  readonly indexes: readonly { name: string; fields: readonly string[]; staged: false }[];
}

/** As in Convex, numbers below belong to system tables; ids of 128 to 16,383 are 32 characters long. */
export const FIRST_USER_TABLE_NUMBER = 10_001;

/** Jobs to run: `ctx.scheduler` writes them, the scheduler runs and removes them. */
const SCHEDULED_FUNCTIONS: SystemTable = {
  name: "_scheduled_functions",
  number: 501,
  indexes: [
    index("by_state_and_scheduled_time", ["state.kind", "scheduledTime"]),
    index("by_completed_time", ["completedTime"]),
  ],
};

/** Results of mutations by client session and request, so that a repeated request is answered, not run again. */
const SESSION_REQUESTS: SystemTable = {
  name: "_session_requests",
  number: 502,
  indexes: [index("by_session_and_request", ["sessionId", "requestId"])],
};

/** One row per deployed cron job: when it runs next. */
const CRON_JOBS: SystemTable = {
  name: "_cron_jobs",
  number: 503,
  indexes: [index("by_component_and_identifier", ["component", "identifier"])],
};

/** The last runs of each cron job. */
const CRON_JOB_LOGS: SystemTable = {
  name: "_cron_job_logs",
  number: 504,
  indexes: [index("by_cron_and_ts", ["cronId", "ts"])],
};

/** What `npx convex env set` was told. */
const ENVIRONMENT_VARIABLES: SystemTable = {
  name: "_environment_variables",
  number: 505,
  indexes: [index("by_name", ["name"])],
};

/** How far each export asked for by `npx convex export` is. */
const EXPORTS: SystemTable = { name: "_exports", number: 506, indexes: [] };

/** How far each import asked for by `npx convex import` is. */
const SNAPSHOT_IMPORTS: SystemTable = { name: "_snapshot_imports", number: 507, indexes: [] };

/** Every namespace schedules its own jobs; the rest is the app's. */
export function systemTablesOf(namespace: ComponentPath): readonly SystemTable[] {
  if (namespace !== "") return [SCHEDULED_FUNCTIONS];
  const ofCli = [ENVIRONMENT_VARIABLES, EXPORTS, SNAPSHOT_IMPORTS];
  return [SCHEDULED_FUNCTIONS, SESSION_REQUESTS, CRON_JOBS, CRON_JOB_LOGS, ...ofCli];
}

function index(name: string, fields: readonly string[]): SystemTable["indexes"][number] {
  return { name, fields: [...fields, "_creationTime"], staged: false };
}
