/** A TCP proxy in front of the runtime that can cut every connection, and can hold back what the server says. */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

export interface FlakyProxy {
  url: string;
  /** From now on nothing the server says arrives, until the next `cut`. */
  muteServer(): void;
  /** Ends every connection; new ones work. */
  cut(): void;
  close(): Promise<void>;
}

export async function startFlakyProxy(targetUrl: string): Promise<FlakyProxy> {
  const target = new URL(targetUrl);
  const open = new Set<Socket>();
  let isMuted = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => open.delete(socket));
    }
    client.pipe(upstream);
    upstream.on("data", (data) => {
      if (!isMuted) client.write(data);
    });
    upstream.on("end", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of open) socket.destroy();
    isMuted = false;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    muteServer: () => {
      isMuted = true;
    },
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
