/** The web's classes, refined where Convex's differ from the lent ones ([Note: Lent classes]). */
import { defineGlobal, defineLazyGlobal, notImplemented } from "./define.ts";
import type { IsolateHost } from "./host.ts";

const MISSING_URL_SETTERS = ["host", "username", "password"];
const MISSING_REQUEST_GETTERS = "destination referrer mode credentials cache redirect integrity keepalive duplex".split(
  " ",
);

const STREAM_CLASSES = [
  ...["ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader", "ReadableStreamDefaultController"],
  ...["ReadableByteStreamController", "ReadableStreamBYOBRequest", "WritableStream", "WritableStreamDefaultWriter"],
  ...["WritableStreamDefaultController", "TransformStream", "TransformStreamDefaultController"],
  ...["ByteLengthQueuingStrategy", "CountQueuingStrategy", "TextEncoderStream", "TextDecoderStream"],
] as const;

/** Where the host lends no streams, nothing may wait for it. */
export function installWeb(host: () => IsolateHost): void {
  defineGlobal("URL", refinedUrl(host));
  if ("ReadableStream" in globalThis) {
    defineGlobal("Request", refinedRequest(host));
    defineGlobal("Response", refinedResponse());
  } else {
    defineGlobal("AbortSignal", signalWithoutTimers(host));
    installOwnBodies(host);
    installSynchronousWebAssembly();
  }
}

/** See [Note: Streams of one's own]. What is required here is bundled as functions, called when it is asked for. */
function installOwnBodies(host: () => IsolateHost): void {
  const { Blob: LentBlob, Request: LentRequest, Response: LentResponse } = globalThis;
  const streams = () => require("./streams.ts") as typeof import("./streams.ts");
  const bodies = () => require("./bodies.ts") as typeof import("./bodies.ts");
  for (const name of STREAM_CLASSES) defineLazyGlobal(name, () => streams()[name]);
  defineLazyGlobal("Blob", () => bodies().ownBlob(LentBlob));
  defineLazyGlobal("File", () => bodies().ownFile(Blob));
  defineLazyGlobal("Request", () => bodies().ownRequest(refinedRequest(host, LentRequest)));
  defineLazyGlobal("Response", () => bodies().ownResponse(LentResponse));
}

/** V8 compiles in threads of the host's, unless it is asked to do it at once. */
function installSynchronousWebAssembly(): void {
  const { Module, Instance } = WebAssembly;
  const compile = async (bytes: BufferSource) => new Module(bytes);
  const instantiate = async (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) => {
    if (source instanceof Module) return new Instance(source, imports);
    const module = new Module(source);
    return { module, instance: new Instance(module, imports) };
  };
  Object.assign(WebAssembly, { compile, instantiate });
}

/** `AbortSignal.timeout` is a timer like any other, and would call back when the execution has long ended. */
function signalWithoutTimers(host: () => IsolateHost): typeof AbortSignal {
  const Lent = AbortSignal;
  return class AbortSignal extends Lent {
    static override timeout(): globalThis.AbortSignal {
      host().fail(host().refusal("setTimeout") ?? "");
      return new AbortController().signal;
    }
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof Lent;
    }
  };
}

function refinedUrl(host: () => IsolateHost): typeof URL {
  const Lent = URL;
  const Refined = class URL extends Lent {};
  for (const name of MISSING_URL_SETTERS) {
    const get = Object.getOwnPropertyDescriptor(Lent.prototype, name)?.get;
    const set = () => notImplemented(host(), `set ${name} for URL`);
    Object.defineProperty(Refined.prototype, name, { get, set, configurable: true });
  }
  return Refined;
}

function refinedRequest(host: () => IsolateHost, Lent = Request): typeof Request {
  const Refined = class Request extends Lent {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      // Node wants `duplex` said for a streamed body; elsewhere it goes without saying.
      super(input, init?.body instanceof ReadableStream ? ({ duplex: "half", ...init } as RequestInit) : init);
    }
    override clone(): Request {
      return Object.setPrototypeOf(super.clone(), Request.prototype);
    }
    override async json(): Promise<unknown> {
      return JSON.parse(await super.text());
    }
  };
  for (const name of MISSING_REQUEST_GETTERS) {
    Object.defineProperty(Refined.prototype, name, {
      get: () => notImplemented(host(), `get ${name} for Request`),
      configurable: true,
    });
  }
  return Refined;
}

function refinedResponse(): typeof Response {
  const Lent = Response;
  return class Response extends Lent {
    static override json(data: unknown, init?: ResponseInit): Response {
      return Object.setPrototypeOf(Lent.json(data, init), Response.prototype);
    }
    static override redirect(url: string | URL, status?: number): Response {
      return Object.setPrototypeOf(Lent.redirect(url, status), Response.prototype);
    }
    static override error(): Response {
      return Object.setPrototypeOf(Lent.error(), Response.prototype);
    }
    override clone(): Response {
      return Object.setPrototypeOf(super.clone(), Response.prototype);
    }
    // Parsed here, so that the objects have the isolate's own prototypes.
    override async json(): Promise<unknown> {
      return JSON.parse(await super.text());
    }
  };
}
