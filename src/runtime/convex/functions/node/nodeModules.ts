/** The "use node" modules of a deployment and the thread that runs them; another is started when one cannot go on. */
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
import type { NodeExport, ThrownInNode } from "./messages.ts";
import { type NodeCallHost, type NodeResult, NodeWorker } from "./nodeWorker.ts";

/** Name of the program that holds these modules' source maps. */
export const NODE_PROGRAM = "node";

export class NodeModules {
  readonly #bundle: Bundle["node"];
  readonly #env: Record<string, string>;
  readonly #describeFrame: (site: string) => string | null;
  readonly #log: (line: string) => void;
  readonly #folder: string;
  readonly #workers = new Set<NodeWorker>();
  /** Runs the next call. */
  #current: NodeWorker | undefined;
  #isRetired = false;

  constructor(
    bundle: Bundle["node"],
    {
      env,
      describeFrame,
      log,
    }: { env: Record<string, string>; describeFrame: (site: string) => string | null; log: (line: string) => void },
  ) {
    this.#bundle = bundle;
    this.#env = env;
    this.#describeFrame = describeFrame;
    this.#log = log;
    this.#folder = writeBundle(bundle);
  }

  /** The actions that the modules export. Throws `DeploymentError` on anything else. */
  async functions(): Promise<Omit<DeployedFunction, "component">[]> {
    const found = await Promise.all(this.#bundle.entryPoints.map((modulePath) => this.#analyse(modulePath)));
    return found.flat();
  }

  /** Runs an action; aborting `signal` ends the call with the signal's reason, a `FunctionError`. */
  async call(
    target: { modulePath: string; exportName: string; requestId: string; args: string },
    host: NodeCallHost,
    signal: AbortSignal,
  ): Promise<NodeResult> {
    const worker = this.#started();
    const result = await worker.ask((id) => ({ type: "call", id, ...target }), host, signal);
    // It may be in an endless loop, with which nothing else should be in one thread.
    if (signal.aborted) this.#replace(worker);
    return result;
  }

  /** Ends the threads once their calls have ended. */
  retire(): void {
    this.#isRetired = true;
    for (const worker of this.#workers) worker.retire();
    this.#removeUnused();
  }

  close(): void {
    for (const worker of this.#workers) worker.close();
    this.#remove();
  }

  async #analyse(modulePath: string): Promise<Omit<DeployedFunction, "component">[]> {
    const result = await this.#started().ask((id) => ({ type: "analyse", id, modulePath }), null);
    if (!result.ok) throw new DeploymentError(`Failed to analyze ${modulePath}: ${result.error.message}`);
    return (result.value as NodeExport[]).map((each) => deployed(modulePath, each));
  }

  #started(): NodeWorker {
    if (this.#current) return this.#current;
    const worker: NodeWorker = new NodeWorker({
      folder: this.#folder,
      env: this.#env,
      failureOf: (thrown) => functionFailure(this.#failureOf(thrown)),
      onEnd: (why) => this.#ended(worker, why),
    });
    this.#workers.add(worker);
    this.#current = worker;
    return worker;
  }

  #replace(worker: NodeWorker): void {
    if (this.#current === worker) this.#current = undefined;
    worker.retire();
  }

  #ended(worker: NodeWorker, why: string | null): void {
    this.#workers.delete(worker);
    if (this.#current === worker) this.#current = undefined;
    this.#removeUnused();
    if (why === null) return;
    this.#log(`The worker of "use node" actions ended (${why}) and is started again when it is needed.`);
  }

  #removeUnused(): void {
    if (this.#isRetired && this.#workers.size === 0) this.#remove();
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
