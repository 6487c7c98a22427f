/** The "use node" modules of a deployment and the worker thread that runs them; started anew after a crash. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { DeveloperError } from "../../errors.ts";
import type { DeployedFunction, FunctionError } from "../../types.ts";
import type { Bundle } from "../bundle.ts";
import { canonicalPath, parseJson } from "../deployment.ts";
import { DeploymentError } from "../deploymentError.ts";
import type { LogLevel } from "../globals/host.ts";
import { MODULE_SCHEME } from "../program.ts";
import { functionFailure } from "../validation.ts";
import type { FromWorker, NodeExport, ThrownInNode, ToWorker } from "./messages.ts";

/** Name of the program that holds these modules' source maps. */
export const NODE_PROGRAM = "node";

/** What a call needs from the runtime while it runs. */
export interface NodeCallHost {
  asyncSyscall(operation: string, args: string): Promise<string>;
  log(level: LogLevel, message: string): void;
}

export type NodeResult = { ok: true; value: unknown } | { ok: false; error: FunctionError };

interface Pending {
  host: NodeCallHost | null;
  settle: (result: NodeResult) => void;
}

const NO_HOST_MESSAGE = "The call has ended.";

export class NodeModules {
  readonly #bundle: Bundle["node"];
  readonly #env: Record<string, string>;
  readonly #describeFrame: (site: string) => string | null;
  readonly #log: (line: string) => void;
  readonly #folder: string;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;
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

  call(
    target: { modulePath: string; exportName: string; requestId: string; args: string },
    host: NodeCallHost,
  ): Promise<NodeResult> {
    return this.#ask((id) => ({ type: "call", id, ...target }), host);
  }

  /** Ends the worker once its calls have ended. */
  retire(): void {
    this.#isRetired = true;
    if (this.#pending.size === 0) this.close();
  }

  close(): void {
    this.#isRetired = true;
    void this.#worker?.terminate();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #analyse(modulePath: string): Promise<Omit<DeployedFunction, "component">[]> {
    const result = await this.#ask((id) => ({ type: "analyse", id, modulePath }), null);
    if (!result.ok) throw new DeploymentError(`Failed to analyze ${modulePath}: ${result.error.message}`);
    return (result.value as NodeExport[]).map((each) => deployed(modulePath, each));
  }

  #ask(message: (id: number) => ToWorker, host: NodeCallHost | null): Promise<NodeResult> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#pending.set(id, { host, settle: resolve });
      const worker = this.#started();
      // A worker holds the process only while somebody waits for it.
      worker.ref();
      worker.postMessage(message(id));
    });
  }

  #started(): Worker {
    if (this.#worker) return this.#worker;
    const file = new URL("./worker.ts", import.meta.url);
    const worker = new Worker(file, { env: this.#env, workerData: this.#folder, execArgv: ["--no-warnings"] });
    worker.on("message", (message: FromWorker) => this.#receive(message));
    worker.on("error", (error) => this.#crashed(worker, error.message));
    worker.on("exit", (code) => this.#crashed(worker, `exit code ${code}`));
    this.#worker = worker;
    return worker;
  }

  /** The calls it was running fail; the next one starts another worker. */
  #crashed(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    if (this.#isRetired) return;
    this.#log(`The worker of "use node" actions ended (${why}) and is started again when it is needed.`);
    for (const id of [...this.#pending.keys()]) {
      this.#settle(id, { ok: false, error: { message: `The Node.js process of the action ended: ${why}` } });
    }
  }

  #receive(message: FromWorker): void {
    if (message.type === "done") return this.#settle(message.id, this.#resultOf(message.result));
    const host = this.#pending.get(message.callId)?.host;
    if (message.type === "log") return host?.log(message.level, message.message);
    void this.#answer(message, host ?? null);
  }

  async #answer(
    { id, operation, args }: Extract<FromWorker, { type: "syscall" }>,
    host: NodeCallHost | null,
  ): Promise<void> {
    try {
      if (!host) throw new DeveloperError("CallEnded", NO_HOST_MESSAGE);
      const text = await host.asyncSyscall(operation, args);
      this.#worker?.postMessage({ type: "answer", id, result: { ok: true, text } } satisfies ToWorker);
    } catch (error) {
      const { message, data } = error as DeveloperError;
      this.#worker?.postMessage({ type: "answer", id, result: { ok: false, message, data } } satisfies ToWorker);
    }
  }

  #settle(id: number, result: NodeResult): void {
    this.#pending.get(id)?.settle(result);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker?.unref();
    if (this.#isRetired && this.#pending.size === 0) this.close();
  }

  #resultOf(result: Extract<FromWorker, { type: "done" }>["result"]): NodeResult {
    return result.ok ? result : { ok: false, error: functionFailure(this.#failureOf(result.thrown)) };
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
