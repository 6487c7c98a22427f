/**
 * The classes that have bodies, where nothing may wait for the host.
 *
 * [Note: Streams of one's own]
 * While a query or mutation runs, so do its isolate's own microtasks and nothing else: a promise of the host's would not
 * settle before the execution has ended. So there the stream classes are not lent but evaluated in the isolate, and
 * blobs, requests and responses keep their content themselves. All of it when it is first asked for, since few
 * functions do.
 */
import { bytesIn, Content, joined, streamOf } from "./content.ts";

const blobBytes = new WeakMap<object, Uint8Array<ArrayBuffer>>();

export function ownBlob(Lent: typeof Blob): typeof Blob {
  return class Blob extends Lent {
    constructor(parts: readonly unknown[] = [], options?: BlobPropertyBag) {
      const bytes = joined(parts.map(bytesOfPart));
      super([bytes], options);
      blobBytes.set(this, bytes);
    }
    override async text(): Promise<string> {
      return new TextDecoder().decode(bytesOf(this));
    }
    override async arrayBuffer(): Promise<ArrayBuffer> {
      return bytesOf(this).buffer;
    }
    override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
      return bytesOf(this);
    }
    override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
      return streamOf(bytesOf(this));
    }
    override slice(start?: number, end?: number, type = ""): globalThis.Blob {
      return new Blob([bytesOf(this).slice(start, end)], { type });
    }
  };
}

export function ownFile(OwnBlob: typeof Blob): typeof File {
  return class File extends OwnBlob implements globalThis.File {
    readonly name: string;
    readonly lastModified: number;
    readonly webkitRelativePath = "";

    constructor(parts: BlobPart[], name: string, options: FilePropertyBag = {}) {
      super(parts, options);
      this.name = String(name);
      this.lastModified = options.lastModified ?? Date.now();
    }
  };
}

/** A copy of a blob's bytes. */
function bytesOf(blob: object): Uint8Array<ArrayBuffer> {
  return (blobBytes.get(blob) ?? new Uint8Array(0)).slice();
}

function bytesOfPart(part: unknown): Uint8Array<ArrayBuffer> {
  return part instanceof Blob ? bytesOf(part) : (bytesIn(part) ?? new TextEncoder().encode(String(part)));
}

/** Of requests and responses; those without a body have none. */
const contents = new WeakMap<object, Content>();

/** Tells a lent class that there is a body, which it need not know. */
const SOME_BODY = new Uint8Array(0);

export function ownResponse(Lent: typeof Response): typeof Response {
  return class Response extends withContent(Lent) {
    constructor(body?: unknown, init?: ResponseInit) {
      const given = body == null ? null : contentOf(body);
      super(given && SOME_BODY, init);
      if (given) keep(this, given);
    }
    static override json(data: unknown, init: ResponseInit = {}): globalThis.Response {
      const headers = new Headers(init.headers);
      if (!headers.has("content-type")) headers.set("content-type", "application/json");
      return new this(JSON.stringify(data), { ...init, headers });
    }
    override clone(): globalThis.Response {
      return cloned(this, super.clone());
    }
  };
}

export function ownRequest(Lent: typeof Request): typeof Request {
  return class Request extends withContent(Lent) {
    constructor(input: RequestInfo | URL, init: RequestInit = {}) {
      const given = init.body == null ? null : contentOf(init.body);
      super(input, given ? { ...init, body: SOME_BODY } : init);
      const inherited = typeof input === "object" && init.body === undefined ? contents.get(input) : undefined;
      if (given) keep(this, given);
      else if (inherited) contents.set(this, inherited.takenOver());
    }
    override clone(): globalThis.Request {
      return cloned(this, super.clone());
    }
  };
}

// biome-ignore lint/suspicious/noExplicitAny: TypeScript asks it of a class whose base is a parameter.
type BodyClass = new (...args: any[]) => Body;

/** The class with a body that is kept here. */
function withContent<Lent extends BodyClass>(lent: Lent): Lent {
  return class extends lent {
    override get body() {
      return contents.get(this)?.stream ?? null;
    }
    override get bodyUsed() {
      return contents.get(this)?.isUsed ?? false;
    }
    override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
      return (await contents.get(this)?.bytes()) ?? new Uint8Array(0);
    }
    override async arrayBuffer(): Promise<ArrayBuffer> {
      return (await this.bytes()).buffer;
    }
    override async text(): Promise<string> {
      return new TextDecoder().decode(await this.bytes());
    }
    override async json(): Promise<unknown> {
      return JSON.parse(await this.text());
    }
    override async blob(): Promise<Blob> {
      const { headers } = this as unknown as Request | Response;
      return new Blob([await this.bytes()], { type: headers.get("content-type") ?? "" });
    }
    override async formData(): Promise<never> {
      throw new TypeError("Can't parse form data in queries and mutations. Please consider using an action.");
    }
  };
}

interface Given {
  content: Content;
  /** The media type that comes with content of its kind, null when none does. */
  type: string | null;
}

function contentOf(body: unknown): Given {
  if (body instanceof ReadableStream) return { content: new Content(body), type: null };
  if (body instanceof Blob) return { content: new Content(bytesOf(body)), type: body.type || null };
  if (body instanceof FormData) throw new TypeError("A FormData cannot be a body in queries and mutations.");
  const bytes = bytesIn(body);
  if (bytes) return { content: new Content(bytes), type: null };
  const kind = body instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "text/plain";
  return { content: new Content(new TextEncoder().encode(String(body))), type: `${kind};charset=UTF-8` };
}

function keep(owner: Request | Response, { content, type }: Given): void {
  contents.set(owner, content);
  if (type !== null && !owner.headers.has("content-type")) owner.headers.set("content-type", type);
}

/** `copy`: made by the lent class, which knows of everything but the content. */
function cloned<T extends Request | Response>(original: T, copy: Request | Response): T {
  const content = contents.get(original)?.clone();
  if (content) contents.set(copy, content);
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(original));
}
