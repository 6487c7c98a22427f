/** The real functions on convex-test, each call of an action a crossing at which it can be overtaken or die. */
import { AsyncLocalStorage } from "node:async_hooks";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type FunctionReference, getFunctionName } from "convex/server";
import { convexTest, type TestConvex } from "convex-test";
import type schema from "../../convex/schema.ts";
import { scheduling } from "./globals.ts";
import { RaceLost, tasks } from "./tasks.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const COMPONENTS = [
  { name: "rateLimiter", from: "rate-limiter" },
  { name: "rateLimiter/batchWorker", from: "batch-worker" },
  { name: "mediaPool", from: "workpool" },
  { name: "mediaPool/batchWorker", from: "batch-worker" },
] as const;

export type Backend = TestConvex<typeof schema>;

type Module = Record<string, unknown>;
export type Modules = Record<string, () => Promise<Module>>;
type Handler = (ctx: Record<string, unknown>, args: unknown) => Promise<unknown>;
type Wrapped = ((...args: unknown[]) => unknown) & { _handler: Handler } & Record<string, unknown>;

/** What a run is told of its functions. */
export interface Watch {
  /** How wrong the clock is of a transaction that begins. */
  drawSkewMs(): number;
  /** Has a write fail that would have lost its race too often. */
  losesRace(): boolean;
  /** A transaction has ended that used so large a share of one of the limits. */
  onTransaction(name: string, share: number): void;
}

/** After this Convex ends an action. */
const LONGEST_ACTION_MS = 10 * 60_000;

/** How wrong the clock is of the transaction that is running. */
export const skews = new AsyncLocalStorage<number>();

let watching: Watch | null = null;

/** The modules of a folder, by their paths in it. `addressOf` tells one evaluation of them from another. */
async function loadModules(dir: string, addressOf = (url: string) => url): Promise<Modules> {
  const files = (await readdir(dir, { recursive: true })).filter(isModule);
  const modules = await Promise.all(files.map((file) => import(addressOf(pathToFileURL(path.join(dir, file)).href))));
  return Object.fromEntries(files.map((file, index) => [`./${file}`, async () => modules[index] as Module]));
}

/** The modules of `convex/`, their functions gated. */
export async function loadGatedModules(addressOf?: (url: string) => string): Promise<Modules> {
  const loaded = await loadModules(path.join(ROOT, "convex"), addressOf);
  const gated = await Promise.all(
    Object.entries(loaded).map(async ([file, load]) => [file, gatedModule(file.slice(2, -3), await load())] as const),
  );
  return Object.fromEntries(gated.map(([file, module]) => [file, async () => module]));
}

let components: { schema: never; modules: Modules }[] | null = null;

async function loadComponents() {
  components ??= await Promise.all(
    COMPONENTS.map(async ({ from }) => {
      const modules = await loadModules(path.join(ROOT, "node_modules/@convex-dev", from, "dist/component"));
      return { schema: await schemaOf(modules, "./schema.js"), modules };
    }),
  );
  return components;
}

async function schemaOf(modules: Modules, file: string): Promise<never> {
  const module = await modules[file]?.();
  if (!module) throw new Error(`There is no ${file}`);
  return module.default as never;
}

/** A backend of these modules, with an empty database. */
export async function startBackend(modules: Modules, watch: Watch): Promise<Backend> {
  const schema = await schemaOf(modules, "./schema.ts");
  const backend = convexTest({ schema, modules, transactionLimits: true }) as unknown as Backend;
  for (const [index, { schema, modules }] of (await loadComponents()).entries()) {
    backend.registerComponent(COMPONENTS[index]?.name ?? "", schema, modules);
  }
  watching = watch;
  nameWhatIsScheduled();
  return backend;
}

function isModule(file: string): boolean {
  return /\.[jt]s$/.test(file) && !/\.d\.ts$|convex\.config/.test(file);
}

function gatedModule(file: string, module: Module): Module {
  return Object.fromEntries(
    Object.entries(module).map(([name, value]) => {
      const label = name === "default" ? file : `${file}:${name}`;
      if (file === "http" && name === "default") return [name, gatedRouter(value as Router)];
      return [name, isFunction(value) ? gatedFunction(label, value) : value];
    }),
  );
}

function isFunction(value: unknown): value is Wrapped {
  return typeof value === "function" && "_handler" in value;
}

function gatedFunction(name: string, original: Wrapped): Wrapped {
  const gate = original.isAction || original.isHttp ? gatedAction : watchedTransaction;
  const copy = Object.assign((...args: unknown[]) => original(...args), original);
  copy._handler = gate(name, original._handler);
  return copy;
}

interface Router {
  lookup(path: string, method: string): [Wrapped, ...unknown[]] | null;
}

function gatedRouter(router: Router): Router {
  return {
    lookup(path, method) {
      const found = router.lookup(path, method);
      return found && ([gatedFunction(`${method} ${path}`, found[0]), ...found.slice(1)] as never);
    },
  };
}

/** An action that runs outside of a task is asked for by the simulation itself, and left alone. */
function gatedAction(name: string, handler: Handler): Handler {
  return async (ctx, args) => {
    const task = tasks.getStore();
    if (!task) return handler(ctx, args);
    await task.cross(`begin ${name}`, async () => undefined);
    const late = setTimeout(() => task.die(), LONGEST_ACTION_MS);
    return handler(gatedContext(ctx), args).finally(() => clearTimeout(late));
  };
}

function gatedContext(ctx: Record<string, unknown>): Record<string, unknown> {
  const run = ctx as Record<"runQuery" | "runMutation" | "runAction", (...args: unknown[]) => Promise<unknown>>;
  const scheduler = ctx.scheduler as Record<string, (...args: unknown[]) => Promise<unknown>> | undefined;
  return {
    ...ctx,
    runQuery: crossing((...args) => run.runQuery(...args)),
    runMutation: crossing((...args) => {
      if (watching?.losesRace()) throw new RaceLost();
      return run.runMutation(...args);
    }),
    runAction: crossing((...args) => run.runAction(...args)),
    scheduler: scheduler && {
      runAfter: crossing((...args) => scheduler.runAfter?.(...args) as Promise<unknown>, 1),
      runAt: crossing((...args) => scheduler.runAt?.(...args) as Promise<unknown>, 1),
      cancel: crossing((...args) => scheduler.cancel?.(...args) as Promise<unknown>),
    },
  };
}

function crossing(call: (...args: unknown[]) => Promise<unknown>, named = 0) {
  return async (...args: unknown[]) => {
    const task = tasks.getStore();
    const act = async () => call(...args);
    return task ? task.cross(nameOf(args[named]), act) : act();
  };
}

/** A function's name; of what is not the app's own, that it is a component's. */
function nameOf(reference: unknown): string {
  try {
    return getFunctionName(reference as FunctionReference<"query">);
  } catch {
    return "component";
  }
}

function watchedTransaction(name: string, handler: Handler): Handler {
  return (ctx, args) =>
    skews.run(skews.getStore() ?? watching?.drawSkewMs() ?? 0, async () => {
      const result = await handler(ctx, args);
      const metrics = JSON.parse(await syscalls().asyncSyscall("1.0/getTransactionMetrics", "{}")) as Metrics;
      watching?.onTransaction(name, shareOfLimits(metrics));
      return result;
    });
}

type Metrics = Record<string, { used: number; remaining: number }>;

function shareOfLimits(metrics: Metrics): number {
  return Math.max(...Object.values(metrics).map(({ used, remaining }) => used / (used + remaining)));
}

interface Syscalls {
  syscall: unknown;
  asyncSyscall(op: string, args: string): Promise<string>;
  jsSyscall: unknown;
}

function syscalls(): Syscalls {
  return (globalThis as unknown as { Convex: Syscalls }).Convex;
}

let isNaming = false;

/** Has timers know which function they are for. */
function nameWhatIsScheduled(): void {
  if (isNaming) return;
  isNaming = true;
  const original = syscalls();
  const asyncSyscall = (op: string, args: string) => {
    if (op !== "1.0/schedule" && op !== "1.0/actions/schedule") return original.asyncSyscall(op, args);
    const { name } = JSON.parse(args) as { name?: string };
    return scheduling.run(name ?? "component", () => original.asyncSyscall(op, args));
  };
  const named = {
    get syscall() {
      return original.syscall;
    },
    asyncSyscall,
    get jsSyscall() {
      return original.jsSyscall;
    },
  };
  Object.assign(globalThis, { Convex: named });
}
