/** Runs actions in isolates, in a thread of their own: whatever they compute, queries and mutations go on meanwhile. */
import { parentPort, workerData } from "node:worker_threads";
import { DeveloperError } from "../../errors.ts";
import { IsolateFactory } from "../isolate.ts";
import { LOG_LINES_MAX } from "../logLines.ts";
import { Program } from "../program.ts";
import { SourceMaps } from "../sourceMaps.ts";
import { WaitingExecution } from "../waitingExecution.ts";
import type { IsolateThreadData } from "./isolateThreads.ts";
import type { Answer, CallTarget, FromThread, ToThread } from "./messages.ts";

const { furnish, root, version, loadedAtMs, programs, components } = workerData as IsolateThreadData;
const isolates = IsolateFactory.of(furnish);
const programsByName = new Map(programs.map(({ name, modules }) => [name, new Program(name, modules)]));
const sourceMaps = new SourceMaps(root, programsByName);
const executions = new Map<number, WaitingExecution>();
const asked = new Map<number, (answer: Answer) => void>();
let lastSyscall = 0;
let aheadMs = 0;

interface RegisteredAction {
  invokeAction(requestId: string, args: string): Promise<string>;
}

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}

function ask(callId: number, operation: string, args: string): Promise<string> {
  const id = ++lastSyscall;
  return new Promise((resolve, reject) => {
    asked.set(id, (answer) => {
      if (answer.ok) resolve(answer.text);
      else reject(new DeveloperError(answer.code, answer.message, answer.data as never));
    });
    send({ type: "syscall", id, callId, operation, args });
  });
}

function executionOf(id: number, component: string): WaitingExecution {
  const { program, env } = components[component] as IsolateThreadData["components"][string];
  let lines = 0;
  return new WaitingExecution({
    isolates,
    program: programsByName.get(program) as Program,
    sourceMaps,
    version,
    loadedAtMs,
    nowMs: () => Date.now() + aheadMs,
    env: (name) => env[name],
    ask: (operation, args) => ask(id, operation, args),
    log: (level, message) => {
      // One more than is kept, so that it is seen that there were more.
      if (lines++ <= LOG_LINES_MAX) send({ type: "log", callId: id, level, message });
    },
  });
}

async function run(id: number, { component, modulePath, exportName, requestId, args }: CallTarget): Promise<void> {
  const execution = executionOf(id, component);
  executions.set(id, execution);
  const result = await execution.run((load, begin) => {
    const registered = load(modulePath)[exportName] as RegisteredAction;
    begin();
    return registered.invokeAction(requestId, args);
  });
  execution.end();
  executions.delete(id);
  send({ type: "done", id, result: result.ok ? { ok: true, value: String(result.value) } : result });
}

function receive(message: ToThread): void {
  aheadMs = message.aheadMs;
  if (message.type === "ping") send({ type: "pong" });
  if (message.type === "call") void run(message.id, message);
  if (message.type === "stop") executions.get(message.id)?.stop(message.error);
  if (message.type === "answer") {
    asked.get(message.id)?.(message.answer);
    asked.delete(message.id);
  }
}

parentPort?.on("message", receive);
