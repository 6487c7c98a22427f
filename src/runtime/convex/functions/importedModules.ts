/**
 * Modules evaluated ahead of the executions that need them.
 *
 * [Note: Imported ahead]
 * Every execution has globals as they were furnished and modules of its own, and seeing to that is most of what a small
 * one costs. But nothing of it depends on the call: while modules are imported there is no database, no caller, and only
 * the deployment's own time and randomness. So once a module was asked for, it is evaluated once more when the answer has
 * left, in an isolate as good as new ([Note: Restored contexts]), and the next execution finds that ready.
 *
 * [Note: Kept isolates]
 * A module that exports `experimental_reuseContext = true` asks Convex for less: what its queries and mutations
 * leave behind may be met by those that come after. So its isolate goes from one execution to the next, as on
 * Convex: whichever function of the module it was, for whomever it ran, as long as it ended well, since one that
 * failed may have left promises behind. Who finds the isolate in use gets a new one, and the last to end is kept.
 */
import type { ComponentPath } from "../types.ts";
import type { LoadedDeployment } from "./deployment.ts";
import { HomePool } from "./homePool.ts";
import { type Imported, importModule } from "./importHost.ts";
import { type IsolateFactory, UnhandledPromises } from "./isolate.ts";

/** Isolates that wait for an execution; of those, the ones whose module was asked for last are kept. */
const READY_MAX = 16;
/** Of the event loop, before a module is imported ahead: a mutation commits, answers and updates in one each. */
const TURNS_OF_AN_ANSWER = 3;

export interface ImportedModulesParts {
  isolates: IsolateFactory;
  deployment: LoadedDeployment;
  envOf: (component: ComponentPath) => (name: string) => string | undefined;
}

interface Wanted {
  component: ComponentPath;
  modulePath: string;
}

export class ImportedModules {
  readonly #parts: ImportedModulesParts;
  readonly #homes: HomePool;
  /** By component and path; the least recently asked for first. */
  readonly #ready = new Map<string, Imported>();
  readonly #wanted = new Map<string, Wanted>();
  /** Keys of what has been imported before. */
  readonly #known = new Set<string>();
  #rest: NodeJS.Immediate | undefined;

  constructor(parts: ImportedModulesParts) {
    this.#parts = parts;
    this.#homes = new HomePool(parts.isolates);
  }

  /** Why the module cannot be imported, or null. One that is not known yet is imported to find out. */
  failureOf(component: ComponentPath, modulePath: string): string | null {
    const wanted = { component, modulePath };
    const key = keyOf(wanted);
    if (this.#known.has(key)) return null;
    const imported = this.#import(key, wanted);
    if (imported.failure === null) this.#keep(key, imported);
    return imported.failure;
  }

  /** The module, evaluated in an isolate that is the caller's from now on. */
  take(component: ComponentPath, modulePath: string): Imported {
    const wanted = { component, modulePath };
    const key = keyOf(wanted);
    const ready = this.#ready.get(key);
    this.#ready.delete(key);
    const imported = ready ?? this.#import(key, wanted);
    if (!imported.isKept) this.#importSoon(key, wanted);
    return imported;
  }

  /** Takes back what `take` gave, after an execution that ended well. */
  giveBack(component: ComponentPath, modulePath: string, imported: Imported): void {
    if (!imported.isKept) return this.#reuse(imported);
    // Its promises were looked at when the execution ended, and evaluating it is over.
    this.#keep(keyOf({ component, modulePath }), { ...imported, promises: new UnhandledPromises(), userTimeMs: 0 });
  }

  /** Imports nothing ahead any more, and lets go of what is ready. */
  close(): void {
    clearImmediate(this.#rest);
    this.#ready.clear();
    this.#wanted.clear();
    this.#homes.close();
  }

  #importSoon(key: string, wanted: Wanted): void {
    this.#wanted.set(key, wanted);
    this.#awaitRest();
  }

  #awaitRest(): void {
    this.#rest ??= this.#afterTurns(TURNS_OF_AN_ANSWER);
  }

  #afterTurns(count: number): NodeJS.Immediate {
    const next = () => {
      if (count > 1) this.#rest = this.#afterTurns(count - 1);
      else this.#importNext();
    };
    return setImmediate(next).unref();
  }

  /** One at a time, so that calls that have arrived meanwhile need not wait for several. */
  #importNext(): void {
    this.#rest = undefined;
    const [next] = this.#wanted;
    if (!next) return;
    const [key, wanted] = next;
    this.#wanted.delete(key);
    const imported = this.#import(key, wanted);
    if (imported.failure === null) this.#keep(key, imported);
    if (this.#wanted.size > 0) this.#awaitRest();
  }

  #keep(key: string, imported: Imported): void {
    this.#ready.delete(key);
    this.#ready.set(key, imported);
    const [oldest] = this.#ready;
    if (this.#ready.size <= READY_MAX || !oldest) return;
    this.#ready.delete(oldest[0]);
    this.#reuse(oldest[1]);
  }

  /** Lets others have the isolate, unless something in it may still go on. */
  #reuse({ isKept, home, promises }: Imported): void {
    if (!isKept && promises.areSettled) this.#homes.giveBack(home);
  }

  #import(key: string, { component, modulePath }: Wanted): Imported {
    const { isolates, deployment, envOf } = this.#parts;
    const { sourceMaps, version, loadedAtMs: nowMs } = deployment;
    const { program } = deployment.instance(component);
    const home = this.#homes.take();
    const input = { program, path: modulePath, env: envOf(component), isKnownToEnd: this.#known.has(key), home };
    const imported = importModule({ isolates, sourceMaps, version, nowMs }, input);
    if (imported.failure === null) this.#known.add(key);
    return imported;
  }
}

function keyOf({ component, modulePath }: Wanted): string {
  return `${component}:${modulePath}`;
}
