/** Accepts WebSockets at `/api/<client version>/sync` and `/api/sync`, and closes them all at the end. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { Connection, type ConnectionParts } from "./connection.ts";
import { KEEPALIVE, type Keepalive } from "./outbox.ts";

const SYNC_PATH = /^\/+api\/(?:([^/]+)\/)?sync$/;
/** Room for arguments of 16 MiB in encoded form. */
const CLOSE_GRACE_MS = 500;
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

export class Sockets {
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  readonly #connections = new Set<Connection>();
  readonly #parts: Pick<ConnectionParts, "application" | "authenticator" | "log">;
  readonly #keepalive: Keepalive;

  constructor(parts: Pick<ConnectionParts, "application" | "authenticator" | "log">, keepalive = KEEPALIVE) {
    this.#parts = parts;
    this.#keepalive = keepalive;
  }

  get count(): number {
    return this.#connections.size;
  }

  get subscriptionCount(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.subscriptionCount, 0);
  }

  attach(server: Server): void {
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Clients reconnect by themselves after a close like this; those that do not answer are cut off. */
  async closeAll(reason: string): Promise<void> {
    const closed = [...this.#connections].map((connection) => connection.close(1012, reason));
    const cut = setTimeout(() => this.#server.clients.forEach((client) => client.terminate()), CLOSE_GRACE_MS);
    await Promise.all(closed);
    clearTimeout(cut);
    this.#server.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const match = SYNC_PATH.exec(pathname);
    if (!match) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const peer = { ip: request.socket.remoteAddress, userAgent: request.headers["user-agent"] };
      const clientVersion = match[1] ?? null;
      const connection = new Connection(webSocket, { ...this.#parts, keepalive: this.#keepalive, clientVersion, peer });
      this.#connections.add(connection);
      webSocket.on("close", () => this.#connections.delete(connection));
    });
  }
}
