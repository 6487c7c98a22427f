import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Answered, Asked, Service } from "./network.ts";
import { tasks } from "./tasks.ts";
import type { Timeline } from "./timeline.ts";

export const OBJECTS_HOST = "objects.test";
export const BUCKET = "media";

const SLOW_MS = 30_000;
/** Bytes on their way may arrive until the action that sent them is over for sure. */
const LATEST_BYTES_MS = 9 * 60_000;

interface Asking {
  asked: Asked;
  key: string;
  query: URLSearchParams;
}

/** The bucket: S3 as far as the functions speak it, and what may be wrong with it. */
export class Objects implements Service {
  readonly contents = new Map<string, Uint8Array>();
  /** Keys of bytes that arrived long after they were sent, when nothing may have named them any more. */
  readonly late = new Set<string>();
  /** Uploads in parts that are open, by id. */
  readonly uploads = new Map<string, { key: string; parts: Map<number, Uint8Array> }>();
  readonly #faults: Faults;
  readonly #chance: Chance;
  readonly #timeline: Timeline;
  #uploadsBegun = 0;

  constructor({ faults, chance, timeline }: { faults: Faults; chance: Chance; timeline: Timeline }) {
    this.#faults = faults;
    this.#chance = chance;
    this.#timeline = timeline;
  }

  /** Whoever waits gives up before, and sends bytes again: those of the first time arrive when they may be forgotten. */
  delayMs(asked: Asked): number {
    if (!this.#faults.strikes("bucketSlow")) return 0;
    if (asked.method === "PUT") this.late.add(keyOf(asked));
    return SLOW_MS;
  }

  answer(asked: Asked): Answered | null {
    if (this.#faults.strikes("bucketFails")) return { status: 500, body: errorXml("InternalError") };
    if (asked.method === "PUT" && this.#faults.strikes("bytesLate")) return this.#storeLate(asked);
    const answered = this.#do(asked);
    return this.#faults.strikes("bucketAnswerLost") ? null : answered;
  }

  #storeLate(asked: Asked): null {
    this.late.add(keyOf(asked));
    this.#timeline.after(this.#chance.whole(1_000, LATEST_BYTES_MS), () => this.#do(asked));
    return null;
  }

  #do(asked: Asked): Answered {
    const query = asked.url.searchParams;
    const asking = { asked, query, key: keyOf(asked) };
    switch (asked.method) {
      case "GET":
        if (query.has("uploads")) return this.#listUploads();
        return query.has("list-type") ? this.#list(query) : this.#get(asking);
      case "HEAD":
        return { status: this.contents.has(asking.key) ? 200 : 404 };
      case "PUT":
        return query.has("partNumber") ? this.#putPart(asking) : this.#put(asking);
      case "DELETE":
        return this.#abort(asking);
      default:
        return this.#post(asking);
    }
  }

  #post(asking: Asking): Answered {
    if (asking.query.has("delete")) return this.#deleteMany(asking.asked);
    return asking.query.has("uploads") ? this.#beginUpload(asking) : this.#completeUpload(asking);
  }

  #put({ asked, key }: Asking): Answered {
    this.contents.set(key, asked.body);
    return { status: 200, headers: { etag: '"1"' } };
  }

  #get({ asked, key }: Asking): Answered {
    const own = this.contents.get(key);
    if (!own) return { status: 404, body: errorXml("NoSuchKey") };
    const bytes = this.#perhapsWrong(own);
    const [, from = "0", to = ""] = /bytes=(\d+)-(\d*)/.exec(asked.headers.get("range") ?? "") ?? [];
    const end = to === "" ? bytes.length : Math.min(Number(to) + 1, bytes.length);
    return { status: 206, body: bytes.slice(Number(from), end) };
  }

  #perhapsWrong(own: Uint8Array): Uint8Array {
    if (this.contents.size > 1 && this.#faults.strikes("bucketSwaps")) {
      return this.#chance.pick([...this.contents.values()].filter((bytes) => bytes !== own));
    }
    if (!this.#faults.strikes("bucketCuts")) return own;
    return this.#chance.happens(0.5)
      ? own.slice(0, -this.#chance.whole(1, 64))
      : Buffer.concat([own, new Uint8Array(16)]);
  }

  #deleteMany({ body }: Asked): Answered {
    const keys = [
      ...Buffer.from(body)
        .toString()
        .matchAll(/<Key>(.*?)<\/Key>/g),
    ].map(([, key]) => key as string);
    const results = keys.map((key) => {
      if (this.#faults.strikes("bucketKeepsSome")) {
        return `<Error><Key>${key}</Key><Code>InternalError</Code><Message>We are sorry</Message></Error>`;
      }
      this.contents.delete(key);
      return `<Deleted><Key>${key}</Key></Deleted>`;
    });
    return xml(`<DeleteResult>${results.join("")}</DeleteResult>`);
  }

  /** A list that is cut short says so honestly: it is truncated, and goes on after its last key. */
  #list(query: URLSearchParams): Answered {
    const after = query.get("start-after") ?? "";
    const keys = [...this.contents.keys()].sort().filter((key) => key > after);
    const most = this.#faults.strikes("bucketListShort") ? this.#chance.whole(1, 3) : 1_000;
    const shown = keys.slice(0, most).map((key) => `<Contents><Key>${key}</Key></Contents>`);
    const isTruncated = keys.length > most;
    return xml(`<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${shown.join("")}</ListBucketResult>`);
  }

  #listUploads(): Answered {
    const open = [...this.uploads].map(
      ([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
    );
    return xml(
      `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${open.join("")}</ListMultipartUploadsResult>`,
    );
  }

  #beginUpload({ key }: Asking): Answered {
    const id = `upload-${++this.#uploadsBegun}`;
    this.uploads.set(id, { key, parts: new Map() });
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }

  #putPart({ asked, query }: Asking): Answered {
    const upload = this.uploads.get(query.get("uploadId") ?? "");
    if (!upload) return { status: 404, body: errorXml("NoSuchUpload") };
    if (this.#faults.strikes("partsLeft")) tasks.getStore()?.die();
    upload.parts.set(Number(query.get("partNumber")), asked.body);
    return { status: 200, headers: { etag: '"1"' } };
  }

  #completeUpload({ key, query }: Asking): Answered {
    const id = query.get("uploadId") ?? "";
    const upload = this.uploads.get(id);
    if (!upload) return { status: 404, body: errorXml("NoSuchUpload") };
    const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    this.contents.set(key, Buffer.concat(parts));
    this.uploads.delete(id);
    return xml(`<CompleteMultipartUploadResult><Key>${key}</Key></CompleteMultipartUploadResult>`);
  }

  #abort({ query }: Asking): Answered {
    const isKnown = this.uploads.delete(query.get("uploadId") ?? "");
    return isKnown ? { status: 204 } : { status: 404, body: errorXml("NoSuchUpload") };
  }
}

function keyOf({ url }: Asked): string {
  return url.pathname.slice(BUCKET.length + 2);
}

function xml(body: string): Answered {
  return { status: 200, headers: { "content-type": "application/xml" }, body: `<?xml version="1.0"?>${body}` };
}

function errorXml(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
}
