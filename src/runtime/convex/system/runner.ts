/** A function runner that answers Convex's own queries beside the app's. */
import type { Execution, FunctionCall, FunctionRunner, Outcome, Transaction } from "../types.ts";
import { SYSTEM_QUERIES, type SystemAnswer, type SystemSources } from "./queries.ts";

/** Whether the path names one of Convex's own queries; apps have no folder that begins with an underscore. */
export function isSystemPath(path: string): boolean {
  return path.startsWith("_system/");
}

export function withSystemQueries(runner: FunctionRunner, sources: SystemSources): FunctionRunner {
  return {
    get deployment() {
      return runner.deployment;
    },
    runQuery: (tx, call, journal = null) =>
      isSystemPath(call.path) ? runSystemQuery(sources, tx, call, journal) : runner.runQuery(tx, call, journal),
    runMutation: (tx, call) => runner.runMutation(tx, call),
    runAction: (call, signal) => runner.runAction(call, signal),
    runHttpAction: (request, identity, signal) => runner.runHttpAction(request, identity, signal),
  };
}

function runSystemQuery(
  sources: SystemSources,
  tx: Transaction,
  call: FunctionCall,
  journal: string | null,
): Execution {
  const answer = answerOf(sources, tx, call, journal);
  const outcome: Outcome =
    "problem" in answer ? { ok: false, error: { message: answer.problem } } : { ok: true, value: answer.value };
  return {
    outcome,
    logLines: [],
    journal: "journal" in answer ? (answer.journal ?? null) : null,
    readIdentity: false,
    readTime: false,
    userTimeMs: 0,
  };
}

function answerOf(
  sources: SystemSources,
  tx: Transaction,
  { component, path, args, visibility }: FunctionCall,
  journal: string | null,
): SystemAnswer | { problem: string } {
  const query = visibility === "any" ? SYSTEM_QUERIES[path] : undefined;
  if (!query) return { problem: `Could not find function for '${path}'.` };
  try {
    return query({ tx, component, args, journal }, sources);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
