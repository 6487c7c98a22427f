/** A port that is open before there is anything to serve on it: requests wait until there is. */
import type { Server } from "node:http";
import { Hono } from "hono";
import { type ListenOptions, listen, type OnNode } from "../listen.ts";
import { errorResponse } from "./http/errors.ts";

export interface Port {
  readonly url: string;
  readonly server: Server;
  /** From now on requests are answered, also those that waited. */
  serve(parts: Hono<OnNode>[]): void;
  close(): Promise<void>;
}

/** Throws `HomeError` when the port cannot be had. */
export async function openPort(options: ListenOptions, log: (line: string) => void): Promise<Port> {
  const routes = Promise.withResolvers<Hono<OnNode>>();
  const app = new Hono<OnNode>();
  app.all("*", async (context) => (await routes.promise).fetch(context.req.raw, context.env));
  const { url, server, close } = await listen(app, options);
  return { url, server, close, serve: (parts) => routes.resolve(joined(parts, log)) };
}

function joined(parts: Hono<OnNode>[], log: (line: string) => void): Hono<OnNode> {
  const routes = new Hono<OnNode>();
  for (const part of parts) routes.route("/", part);
  routes.onError((error) => errorResponse(error, log));
  return routes;
}
