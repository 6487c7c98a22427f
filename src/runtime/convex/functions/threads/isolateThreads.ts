/** What the threads of isolates need of a deployment. */
import type { ComponentPath } from "../../types.ts";
import type { ModuleSource } from "../bundle.ts";
import type { LoadedDeployment } from "../deployment.ts";
import type { IsolateFactory } from "../isolate.ts";
import { CallThreads } from "./callThreads.ts";

/** Everything a thread is started with. */
export interface IsolateThreadData {
  /** The script that furnishes isolates. */
  furnish: string;
  /** The folder that holds the Convex folder. */
  root: string;
  version: number;
  loadedAtMs: number;
  programs: { name: string; modules: ModuleSource[] }[];
  /** By path: the program of each, by its name, and what `process.env` answers to it. */
  components: Record<ComponentPath, { program: string; env: Record<string, string> }>;
}

export interface IsolateThreadsInput {
  deployment: LoadedDeployment;
  isolates: IsolateFactory;
  /** By component: what `process.env` answers. */
  variables: ReadonlyMap<ComponentPath, Record<string, string>>;
  aheadMs: () => number;
  log: (line: string) => void;
}

/** Threads for the actions of a deployment; the first is started with the first call. */
export function isolateThreads({ deployment, isolates, variables, aheadMs, log }: IsolateThreadsInput): CallThreads {
  const instances = [...deployment.instances.values()];
  const programs = [...new Set(instances.map(({ program }) => program))];
  const components = instances.map(({ path, program }) => [path, { program: program.name, env: variables.get(path) }]);
  const { version, loadedAtMs, sourceMaps } = deployment;
  const workerData: IsolateThreadData = {
    furnish: isolates.source,
    root: sourceMaps.root,
    version,
    loadedAtMs,
    programs: programs.map(({ name, modules }) => ({ name, modules })),
    components: Object.fromEntries(components),
  };
  return new CallThreads({
    file: new URL("./isolateThread.ts", import.meta.url),
    options: { workerData },
    name: "actions in isolates",
    aheadMs,
    failureOf: ({ message }) => ({ message }),
    log,
  });
}
