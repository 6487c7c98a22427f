/**
 * Runs code that may never end.
 *
 * [Note: One limit for many]
 * `node:vm` keeps a time limit by a thread that it makes for that one run, which takes longer than a small mutation.
 * So a limit is not that of one isolate: it holds for whatever the host does within it, several executions one after
 * another included. When the time is up, the code that runs is cut off with everything that called it, up to here, and
 * no `finally` of these runs; it is on the caller to know how far it had come. Promises and isolates stay usable.
 */
import vm from "node:vm";
import { UnhandledPromises } from "./isolate.ts";
import { keepingOwner } from "./strayErrors.ts";

const context = vm.createContext(vm.constants.DONT_CONTEXTIFY) as { work?: () => void };
const script = new vm.Script("work()", { filename: "node:limit" });

/** Runs `work`; false when it took longer than `timeoutMs` and was cut off. Not to be called within itself. */
export function withinTime(timeoutMs: number, work: () => void): boolean {
  context.work = work;
  try {
    keepingOwner(() => script.runInContext(context, { timeout: Math.max(1, Math.ceil(timeoutMs)) }));
    return true;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    UnhandledPromises.watchNone();
    return false;
  } finally {
    context.work = undefined;
  }
}
