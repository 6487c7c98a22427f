/**
 * Runs "use node" modules as ordinary Node code, in a worker thread whose environment is the deployment's.
 * Module state lives as long as the worker, as it does on Convex. `workerData` is the folder of the bundle.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import type { Answer, FromThread, NodeExport, ThrownInNode, ToThread } from "./messages.ts";

const folder = workerData as string;
const callIds = new AsyncLocalStorage<number>();
const waiting = new Map<number, { resolve: (text: string) => void; reject: (error: Error) => void }>();
let lastSyscall = 0;

type Registered = Record<string, unknown> & { invokeAction(requestId: string, args: string): Promise<string> };

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}

async function load(modulePath: string): Promise<Record<string, Registered>> {
  return import(pathToFileURL(path.join(folder, modulePath)).href);
}

async function analyse(modulePath: string): Promise<NodeExport[]> {
  const module = await load(modulePath);
  return Object.entries(module).flatMap(([name, registered]) => {
    const kinds = ["isQuery", "isMutation", "isAction", "isHttp"].filter((flag) => registered?.[flag] === true);
    return kinds.length === 0 ? [] : [describe(name, kinds, registered)];
  });
}

function describe(name: string, kinds: string[], registered: Registered): NodeExport {
  const text = (method: unknown) => (typeof method === "function" ? String(method()) : null);
  return {
    name,
    kinds,
    isPublic: registered.isPublic === true,
    args: text(registered.exportArgs),
    returns: text(registered.exportReturns),
  };
}

/** Asks the runtime, which answers with a message of the same id. */
function asyncSyscall(operation: string, args: string): Promise<string> {
  const callId = callIds.getStore();
  if (callId === undefined) return Promise.reject(new Error(`${operation} unsupported at import time`));
  const id = ++lastSyscall;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    send({ type: "syscall", id, callId, operation, args });
  });
}

function unknownOperation(operation: string): never {
  throw new Error(`${operation} is not available in actions that run in Node.`);
}

function thrownOf(thrown: unknown): ThrownInNode {
  if (!(thrown instanceof Error)) return { name: "", message: String(thrown), stack: "" };
  const { name, message, stack = "" } = thrown;
  const isConvexError = "ConvexErrorSymbol" in thrown && "data" in thrown && typeof thrown.data === "string";
  return isConvexError ? { name, message, stack, data: thrown.data as string } : { name, message, stack };
}

async function perform(id: number, work: () => Promise<unknown>): Promise<void> {
  try {
    send({ type: "done", id, result: { ok: true, value: await callIds.run(id, work) } });
  } catch (error) {
    send({ type: "done", id, result: { ok: false, thrown: thrownOf(error) } });
  }
}

function receive(message: ToThread): void {
  if (message.type === "ping") send({ type: "pong" });
  if (message.type === "analyse") {
    const work = () => analyse(message.modulePath);
    void perform(message.id, () => callIds.exit(work));
  }
  if (message.type === "call") {
    void perform(message.id, async () => {
      const registered = (await load(message.modulePath))[message.exportName];
      return registered?.invokeAction(message.requestId, message.args);
    });
  }
  if (message.type === "answer") settle(message.id, message.answer);
}

function settle(id: number, answer: Answer): void {
  const { resolve, reject } = waiting.get(id) ?? {};
  waiting.delete(id);
  if (answer.ok) resolve?.(answer.text);
  else reject?.(Object.assign(new Error(answer.message), { data: answer.data }));
}

function sendLogLines(): void {
  const levels = { debug: "DEBUG", error: "ERROR", info: "INFO", log: "LOG", warn: "WARN" } as const;
  for (const [method, level] of Object.entries(levels)) {
    const write = (...args: unknown[]) => {
      const callId = callIds.getStore();
      if (callId === undefined) return;
      const message = args.map((arg) => inspect(arg, { depth: 8 })).join(" ");
      send({ type: "log", callId, level, message });
    };
    Object.assign(console, { [method]: write });
  }
}

sendLogLines();
Object.assign(globalThis, {
  Convex: { syscall: unknownOperation, asyncSyscall, jsSyscall: unknownOperation },
  // Bundled CommonJS packages still require Node's own modules by name.
  require: createRequire(path.join(folder, "index.js")),
});
process.on("unhandledRejection", (reason) => {
  const callId = callIds.getStore();
  if (callId === undefined) throw reason;
  send({ type: "done", id: callId, result: { ok: false, thrown: thrownOf(reason) } });
});
parentPort?.on("message", receive);
