/** What the stand-in received and how it ended, for tests to read back. In memory only, and bounded. */

export type Ending = "running" | "complete" | "aborted" | "failed" | "cut" | "garbage" | "hang";

export interface LoggedRequest {
  id: string;
  model: string;
  stream: boolean;
  receivedAtMs: number;
  /** The body as it was sent. */
  body: unknown;
  /** When each chunk was handed to the socket: milliseconds since the epoch, with fractions. */
  chunkTimesMs: number[];
  ending: Ending;
  endedAtMs: number | null;
}

const LONGEST_LOG = 200;

export class RequestLog {
  #requests: LoggedRequest[] = [];

  begin(request: Pick<LoggedRequest, "id" | "model" | "stream" | "body">): LoggedRequest {
    const logged: LoggedRequest = {
      ...request,
      receivedAtMs: preciseNowMs(),
      chunkTimesMs: [],
      ending: "running",
      endedAtMs: null,
    };
    this.#requests = [...this.#requests, logged].slice(-LONGEST_LOG);
    return logged;
  }

  /** Oldest first. */
  all(): readonly LoggedRequest[] {
    return this.#requests;
  }

  clear(): void {
    this.#requests = [];
  }
}

/** The wall clock with fractions of a millisecond, comparable with other processes of this machine. */
export function preciseNowMs(): number {
  return performance.timeOrigin + performance.now();
}
