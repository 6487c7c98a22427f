/** The part of `console` that Convex offers; everything goes to the function's log lines. */
import { defineGlobal } from "./define.ts";
import type { IsolateHost, LogLevel } from "./host.ts";

/** When `console.time` was called, by label. */
const timers = new Map<string, number>();

export function forgetTimers(): void {
  timers.clear();
}

export function installConsole(host: () => IsolateHost): void {
  const render = (args: unknown[]) => args.map((arg) => host().inspect(arg)).join(" ");
  const writeTo =
    (level: LogLevel) =>
    (...args: unknown[]) =>
      host().log(level, render(args));
  const elapsed = (label: string, args: unknown[]) => {
    const startMs = timers.get(label);
    if (startMs === undefined) return host().log("WARN", `Timer '${label}' does not exist`);
    const tail = args.length > 0 ? ` ${render(args)}` : "";
    host().log("INFO", `${label}: ${Math.round(host().performanceNowMs() - startMs)}ms${tail}`);
  };
  const console = Object.assign(Object.create({}), {
    debug: writeTo("DEBUG"),
    error: writeTo("ERROR"),
    info: writeTo("INFO"),
    log: writeTo("LOG"),
    warn: writeTo("WARN"),
    trace: (...args: unknown[]) => {
      const [, ...frames] = (new Error().stack ?? "").split("\n");
      host().log("LOG", [render(args), ...frames].join("\n"));
    },
    time: (label: unknown = "default") => {
      timers.set(String(label), host().performanceNowMs());
    },
    timeLog: (label: unknown = "default", ...args: unknown[]) => elapsed(String(label), args),
    timeEnd: (label: unknown = "default") => {
      elapsed(String(label), []);
      timers.delete(String(label));
    },
  });
  Object.defineProperty(console, Symbol.toStringTag, { value: "console", configurable: true });
  defineGlobal("console", console);
}
