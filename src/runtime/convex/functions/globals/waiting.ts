/** Timers and `fetch`: what only actions may use, and what modules may never use while they are imported. */
import { defineGlobal, notImplemented } from "./define.ts";
import { localError } from "./errors.ts";
import type { Feature, IsolateHost } from "./host.ts";

export function installTimers(host: () => IsolateHost): void {
  const timer =
    (feature: Feature & ("setTimeout" | "setInterval")) =>
    (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): number => {
      if (typeof callback !== "function") return notImplemented(host(), `code string argument for ${feature}`);
      const refusal = host().refusal(feature);
      if (refusal === null) {
        return host().setTimer(() => callback(...args), Math.max(0, Number(delayMs) || 0), feature === "setInterval");
      }
      // As on Convex, the call itself succeeds and the execution fails, so no `try` around it can hide it.
      host().fail(refusal);
      return 1;
    };
  const clear = (id: number) => host().clearTimer(id);
  defineGlobal("setTimeout", timer("setTimeout"));
  defineGlobal("setInterval", timer("setInterval"));
  defineGlobal("clearTimeout", clear);
  defineGlobal("clearInterval", clear);
}

export function installFetch(host: () => IsolateHost): void {
  async function fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const refusal = host().refusal("fetch()");
    if (refusal !== null) throw new Error(refusal);
    const request = new Request(input, init);
    try {
      const response = await host().fetch(request);
      return Object.setPrototypeOf(response, Response.prototype);
    } catch (error) {
      throw localError(error);
    }
  }
  defineGlobal("fetch", fetch);
}
