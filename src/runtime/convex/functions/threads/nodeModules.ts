/** The "use node" modules of a deployment, and the threads that run them as ordinary Node code. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { DeployedFunction } from "../../types.ts";
import type { Bundle } from "../bundle.ts";
import { canonicalPath, parseJson } from "../deployment.ts";
import { DeploymentError } from "../deploymentError.ts";
import { MODULE_SCHEME } from "../program.ts";
import { functionFailure } from "../validation.ts";
import type { CallHost } from "./callThread.ts";
import { CallThreads } from "./callThreads.ts";
import type { CallTarget, NodeExport, Result, ThrownInNode } from "./messages.ts";

/** Name of the program that holds these modules' source maps. */
export const NODE_PROGRAM = "node";

/** What Convex gives an action that runs in Node. Here it is for all that run at once. */
const HEAP_MIB_MAX = 512;
/** Small, so that the buffers through which files pass are let go of while there are few of them. */
const YOUNG_HEAP_MIB_MAX = 3;

export class NodeModules {
  readonly #bundle: Bundle["node"];
  readonly #describeFrame: (site: string) => string | null;
  readonly #folder: string;
  readonly #threads: CallThreads;

  constructor(
    bundle: Bundle["node"],
    {
      env,
      describeFrame,
      log,
    }: { env: Record<string, string>; describeFrame: (site: string) => string | null; log: (line: string) => void },
  ) {
    this.#bundle = bundle;
    this.#describeFrame = describeFrame;
    this.#folder = writeBundle(bundle);
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MIB_MAX, maxYoungGenerationSizeMb: YOUNG_HEAP_MIB_MAX };
    this.#threads = new CallThreads({
      file: new URL("./nodeThread.ts", import.meta.url),
      options: { env, workerData: this.#folder, resourceLimits },
      name: '"use node" actions',
      // They see the time of the machine.
      aheadMs: () => 0,
      failureOf: (thrown) => functionFailure(this.#failureOf(thrown)),
      log,
      onUnused: () => this.#remove(),
    });
  }

  /** The actions that the modules export. Throws `DeploymentError` on anything else. */
  async functions(): Promise<Omit<DeployedFunction, "component">[]> {
    const found = await Promise.all(this.#bundle.entryPoints.map((modulePath) => this.#analyse(modulePath)));
    return found.flat();
  }

  /** As `CallThreads.call`. */
  call(target: CallTarget, host: CallHost, signal: AbortSignal): Promise<Result> {
    return this.#threads.call(target, host, signal);
  }

  /** Ends the threads once their calls have ended. */
  retire(): void {
    this.#threads.retire();
  }

  close(): void {
    this.#threads.close();
    this.#remove();
  }

  async #analyse(modulePath: string): Promise<Omit<DeployedFunction, "component">[]> {
    const result = await this.#threads.analyse(modulePath);
    if (!result.ok) throw new DeploymentError(`Failed to analyze ${modulePath}: ${result.error.message}`);
    return (result.value as NodeExport[]).map((each) => deployed(modulePath, each));
  }

  #remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #failureOf({ name, message, stack, data }: ThrownInNode): { message: string; data?: string } {
    const prefix = `${pathToFileURL(this.#folder).href}/`;
    const frames = stack
      .split("\n")
      .filter((line) => line.includes(prefix))
      .map((line) =>
        this.#describeFrame(line.trim().replace("at ", "").replace(prefix, `${MODULE_SCHEME}${NODE_PROGRAM}/`)),
      );
    const first = `Uncaught ${name === "" ? message : `${name}: ${message}`}`;
    return { message: [first, ...frames.map((frame) => `    at ${frame}`)].join("\n"), data };
  }
}

function writeBundle({ modules, packagesDir }: Bundle["node"]): string {
  const folder = mkdtempSync(path.join(tmpdir(), "noruxa-node-"));
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
  if (packagesDir) symlinkSync(packagesDir, path.join(folder, "node_modules"));
  for (const module of modules) {
    const target = path.join(folder, module.path);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, module.code);
  }
  return folder;
}

function deployed(
  modulePath: string,
  { name, kinds, isPublic, args, returns }: NodeExport,
): Omit<DeployedFunction, "component"> {
  const path = canonicalPath(`${modulePath}:${name}`);
  if (kinds.length !== 1 || kinds[0] !== "isAction") {
    throw new DeploymentError(`${path} is not an action. Files with "use node" may hold actions only.`);
  }
  return {
    path,
    kind: "action",
    visibility: isPublic ? "public" : "internal",
    environment: "node",
    args: parseJson(args ?? '{"type":"any"}'),
    returns: parseJson(returns ?? "null"),
  };
}
