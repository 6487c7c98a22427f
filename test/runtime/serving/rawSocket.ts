/** A client that speaks the protocol by hand, to see every message. */
import { WebSocket } from "ws";

// biome-ignore lint/suspicious/noExplicitAny: messages are looked at field by field.
export type Message = any;

export class RawSocket {
  readonly received: Message[] = [];
  /** Resolves when the socket is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      this.received.push(JSON.parse(data.toString()));
      this.#wake();
    });
    this.closed = new Promise((resolve) =>
      socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  static async open(apiUrl: string, { version = "1.48.0" } = {}): Promise<RawSocket> {
    const socket = new WebSocket(`${apiUrl.replace("http", "ws")}/api/${version}/sync`);
    const raw = new RawSocket(socket);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return raw;
  }

  /** Opens and says Connect; resolves to the socket and its session. */
  static async connect(apiUrl: string, sessionId: string = crypto.randomUUID()): Promise<RawSocket> {
    const raw = await RawSocket.open(apiUrl);
    raw.send({
      type: "Connect",
      sessionId,
      connectionCount: 0,
      lastCloseReason: "InitialConnect",
      clientTs: Date.now(),
    });
    return raw;
  }

  send(message: Message): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  /** Takes the next message of the type out of what was received, waiting for it. */
  async next(type: string): Promise<Message> {
    for (;;) {
      const index = this.received.findIndex((message) => message.type === type);
      if (index >= 0) return this.received.splice(index, 1)[0];
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`No ${type} came; got ${JSON.stringify(this.received)}`)),
          10_000,
        );
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Adds one query in a set of its own version. */
  addQuery(
    queryId: number,
    udfPath: string,
    args: object,
    { baseVersion = queryId, journal = null as string | null } = {},
  ): void {
    const modifications = [{ type: "Add", queryId, udfPath, args: [args], journal }];
    this.send({ type: "ModifyQuerySet", baseVersion, newVersion: baseVersion + 1, modifications });
  }

  close(): void {
    this.#socket.terminate();
  }
}
