/** What runs programs: convex-test, and the embedded runtime asked by the official client over its socket. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConvexClient } from "convex/browser";
import { type ApiFromModules, anyApi, type FunctionReference } from "convex/server";
import { convexTest, type TestConvexRoot } from "convex-test";
import type { SchemaJson } from "../../../src/runtime/convex/types.ts";
import { startRuntime, type TestRuntime } from "../serving/support.ts";
import * as differences from "./fixtures/convex/differences.ts";
import * as programs from "./fixtures/convex/programs.ts";
import { type SchemaPlan, schemaOf, TABLES } from "./program.ts";

export const api = anyApi as unknown as ApiFromModules<{
  differences: typeof differences;
  programs: typeof programs;
}>;

export interface Engine {
  readonly name: string;
  /** Begins with empty tables. */
  begin(schema: SchemaPlan, options: { withIndexes: boolean }): Promise<void>;
  /** Fills the indexes from what is there. */
  index(schema: SchemaPlan): Promise<void>;
  query(fn: FunctionReference<"query">, args: object): Promise<unknown>;
  mutation(fn: FunctionReference<"mutation">, args: object): Promise<unknown>;
  /** Resolves once the jobs that were due have ended. */
  settle(jobs: string[]): Promise<void>;
  close(): Promise<void>;
}

/** convex-test keeps no indexes, so it may know of them from the start. */
export class ConvexTestEngine implements Engine {
  readonly name = "convex-test";
  // biome-ignore lint/suspicious/noExplicitAny: every program brings its own data model.
  #backend!: TestConvexRoot<any>;

  async begin(plan: SchemaPlan): Promise<void> {
    const modules = {
      "./differences.ts": async () => differences,
      "./programs.ts": async () => programs,
      "./_generated/api.js": async () => ({}),
    };
    this.#backend = convexTest({ schema: schemaOf(plan, { withIndexes: true }), modules });
  }

  async index(): Promise<void> {}

  query(fn: FunctionReference<"query">, args: object): Promise<unknown> {
    return this.#backend.query(fn, args);
  }

  mutation(fn: FunctionReference<"mutation">, args: object): Promise<unknown> {
    return this.#backend.mutation(fn, args);
  }

  settle(): Promise<void> {
    return this.#backend.finishAllScheduledFunctions(() => {});
  }

  async close(): Promise<void> {}
}

export class RuntimeEngine implements Engine {
  readonly name = "embedded runtime";
  readonly #runtime: TestRuntime;
  readonly #client: ConvexClient;

  private constructor(runtime: TestRuntime) {
    this.#runtime = runtime;
    this.#client = runtime.client();
  }

  static async start(): Promise<RuntimeEngine> {
    const convexDir = path.join(import.meta.dirname, "fixtures/convex");
    return new RuntimeEngine(await startRuntime({ convexDir, env: {} }));
  }

  async begin(plan: SchemaPlan, { withIndexes }: { withIndexes: boolean }): Promise<void> {
    await this.#client.mutation(api.programs.clear, { tables: [...TABLES] });
    this.#apply(plan, withIndexes);
  }

  async index(plan: SchemaPlan): Promise<void> {
    this.#apply(plan, true);
  }

  query(fn: FunctionReference<"query">, args: object): Promise<unknown> {
    return this.#client.query(fn, args);
  }

  mutation(fn: FunctionReference<"mutation">, args: object): Promise<unknown> {
    return this.#client.mutation(fn, args);
  }

  async settle(jobs: string[]): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      // The number makes each question a new one.
      const states = await this.#client.query(api.programs.jobStates, { program: -turn, jobs });
      if (!states.some((state) => state === "pending" || state === "inProgress")) return;
      await sleep(1);
    }
  }

  close(): Promise<void> {
    return this.#runtime.close();
  }

  #apply(plan: SchemaPlan, withIndexes: boolean): void {
    // `export` is the SDK's own way to hand a schema to a backend.
    const exported = (schemaOf(plan, { withIndexes }) as unknown as { export(): string }).export();
    this.#runtime.store.catalog.applySchema("", JSON.parse(exported) as SchemaJson);
  }
}
