/** Putting an HTTP application on a port, and taking it off again. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import { HomeError } from "./homeError.ts";

/** Hono's context types for an application that `listen` serves: `c.env` holds Node's own request and response. */
export type OnNode = { Bindings: HttpBindings };

export interface Listener {
  /** Origin to reach it at, such as `http://127.0.0.1:3213`. */
  readonly url: string;
  /** For those that speak more than HTTP on the port. */
  readonly server: Server;
  /** Stops accepting, lets running requests end for a moment, then cuts what is left. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** What the service is called in messages, such as "identity". */
  name: string;
  host: string;
  /** 0: any free port. */
  port: number;
}

/** How long open requests may still run once a service closes. */
const CLOSE_GRACE_MS = 500;

/** Serves `app`; throws `HomeError` when the port cannot be had. */
export async function listen(app: Hono<OnNode>, { name, host, port }: ListenOptions): Promise<Listener> {
  // Replacing the global Request and Response would show in every function that runs in this process.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(portError(error, { name, host, port })));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return { url: originOf(host, address.port), server, close: () => closeServer(server) };
}

/** The origin under which a browser on this machine reaches a service bound to `host`. */
export function originOf(host: string, port: number): string {
  const everywhere = host === "0.0.0.0" || host === "::";
  const name = everywhere ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** An origin and, when it is on the loopback address, the name people type for it. */
export function withLocalhost(origin: string): [string, ...string[]] {
  return origin.includes("//127.0.0.1:") ? [origin, origin.replace("127.0.0.1", "localhost")] : [origin];
}

function portError(error: NodeJS.ErrnoException, { name, host, port }: ListenOptions): Error {
  if (error.code === "EADDRINUSE")
    return new HomeError(
      `Port ${port} (${name}) is taken: stop what listens there, or choose other ports with --port-base N.`,
    );
  if (error.code === "EACCES")
    return new HomeError(
      `Port ${port} (${name}) needs more rights than this user has: choose others with --port-base N.`,
    );
  if (error.code === "EADDRNOTAVAIL")
    return new HomeError(`HOST is ${host}, which is not an address of this machine: set HOST to one that is.`);
  return error;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(cut);
}
