/**
 * Stands in for Cloudflare R2 where no account is wanted: one private bucket behind the part of the S3 API that
 * Noruxa uses. Bytes rest on disk, metadata in SQLite. Every request must be signed (AWS Signature 4, checked
 * against the wall clock); what is unsigned, wrongly signed or expired is refused as S3 refuses it.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { type Listener, listen, type OnNode } from "../listen.ts";
import { Blobs } from "./blobs.ts";
import type { Answer, Store } from "./call.ts";
import { Catalogue } from "./catalogue.ts";
import { admit, type Credentials } from "./gate.ts";
import { operationFor } from "./operations.ts";
import { errorDocument, S3Error } from "./s3Errors.ts";
import { readRequest } from "./s3Request.ts";
import { type LogEntry, Trouble } from "./trouble.ts";

/** R2 aborts uploads in parts that were left alone for a week. */
const ABANDONED_UPLOAD_MS = 7 * 24 * 60 * 60 * 1000;

/** What a browser may read of an answer, beside what it always may. */
const EXPOSED_HEADERS = [
  "ETag",
  "Content-Length",
  "Content-Range",
  "Accept-Ranges",
  "x-amz-request-id",
  "x-amz-version-id",
];

export interface ObjectsOptions extends Credentials {
  /** Folder of its own, made when missing; one process at a time. */
  dataDir: string;
  host: string;
  /** 0: any free port. */
  port: number;
  /** Name of the one bucket, which is there from the start. */
  bucket: string;
  /** Web origins whose pages may use presigned URLs. */
  allowedOrigins: readonly string[];
  /** Guards `/_control`. */
  adminKey: string;
  /** Takes lines for whoever runs the home. */
  log: (line: string) => void;
}

export interface Objects extends Listener {
  readonly port: number;
}

/** Opens the folder, puts away what a crash left behind, and serves. Throws `HomeError` when the port cannot be had. */
export async function startObjects(options: ObjectsOptions): Promise<Objects> {
  const store = await openStore(options);
  const listener = await listen(objectsApp(store, options), { ...options, name: "objects" });
  return {
    ...listener,
    port: Number(new URL(listener.url).port),
    close: async () => {
      await listener.close();
      store.catalogue.close();
    },
  };
}

async function openStore({ dataDir, bucket, log }: ObjectsOptions): Promise<Store> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const blobs = await Blobs.open(dataDir);
  const catalogue = new Catalogue(path.join(dataDir, "objects.sqlite"));
  for (const upload of catalogue.uploadsBefore(Date.now() - ABANDONED_UPLOAD_MS)) catalogue.removeUpload(upload);
  const swept = await blobs.sweep((blobId) => catalogue.names(blobId));
  if (swept > 0) log(`objects: removed ${swept} files that belong to no object`);
  return { bucket, catalogue, blobs, nowMs: Date.now };
}

function objectsApp(store: Store, options: ObjectsOptions): Hono<OnNode> {
  const app = new Hono<OnNode>();
  const trouble = new Trouble();
  const { accessKeyId, secretAccessKey, log } = options;
  const serving = { store, trouble, credentials: { accessKeyId, secretAccessKey }, log };
  app.route("/_control", trouble.routes(options.adminKey));
  app.use(cors({ origin: [...options.allowedOrigins], exposeHeaders: EXPOSED_HEADERS, maxAge: 3600 }));
  app.all("*", async (c) => {
    const entry = trouble.record(store.nowMs());
    const answer = await answerTo(c, entry, serving);
    if (answer === "lost") return cut(c);
    entry.status = answer.status;
    return toResponse(answer, entry, trouble);
  });
  return app;
}

interface Serving {
  store: Store;
  trouble: Trouble;
  credentials: Credentials;
  log: (line: string) => void;
}

/** The answer to a request, be it a refusal; "lost" when the client shall not get it. */
async function answerTo(c: Context<OnNode>, entry: LogEntry, serving: Serving): Promise<Answer | "lost"> {
  const requestId = randomBytes(8).toString("hex").toUpperCase();
  try {
    const answer = await perform(c, entry, serving);
    return answer === "lost" ? answer : { ...answer, headers: { ...answer.headers, "x-amz-request-id": requestId } };
  } catch (error) {
    const refusal = refusalFor(error, c, serving.log);
    entry.errorCode = refusal.code;
    const body = errorDocument(refusal, { resource: c.req.path, requestId });
    return {
      status: refusal.status,
      headers: { "content-type": "application/xml", "x-amz-request-id": requestId },
      body,
    };
  }
}

async function perform(c: Context<OnNode>, entry: LogEntry, serving: Serving): Promise<Answer | "lost"> {
  const { store, trouble, credentials } = serving;
  const { method = "", url: target = "", rawHeaders } = c.env.incoming;
  const request = readRequest({ method, target, rawHeaders }, store.bucket);
  entry.key = request.key;
  const payload = admit(request, credentials, store.nowMs());
  const { name, run } = operationFor(request);
  entry.operation = name;
  refuseOtherBucket(request.bucket, name, store.bucket);
  await trouble.before(name);
  // Giving up half-way must not destroy the socket: the refusal still has to go out on it.
  const wire = c.env.incoming.iterator({ destroyOnReturn: false });
  const answer = await run({ request, payload, wire, store, plan: trouble.plan });
  if (!trouble.losesAnswer(name)) return answer;
  if (typeof answer.body === "object") await answer.body.return?.();
  return "lost";
}

function refuseOtherBucket(bucket: string | null, operation: string, ours: string): void {
  if (bucket === ours) return;
  if (operation === "CreateBucket") throw new S3Error("TooManyBuckets", `This store has one bucket, ${ours}.`);
  throw new S3Error("NoSuchBucket", "The specified bucket does not exist", { BucketName: bucket ?? "" });
}

/** What a client is told about an error. Its own going away is no trouble of ours and is not logged. */
function refusalFor(error: unknown, c: Context<OnNode>, log: (line: string) => void): S3Error {
  if (error instanceof S3Error) return error;
  if (c.env.incoming.errored) return new S3Error("IncompleteBody", "The connection ended before the request body did.");
  log(`objects: ${c.req.method} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return new S3Error("InternalError", "We encountered an internal error. Please try again.");
}

function toResponse({ status, headers, body }: Answer, entry: LogEntry, trouble: Trouble): Response {
  const content = body === undefined || typeof body === "string" ? body : streamOf(body, entry, trouble);
  return new Response(content ?? null, { status, headers });
}

/** Bytes of an object, read only when the client has room for them and let go of when it leaves. */
function streamOf(body: AsyncIterableIterator<Buffer>, entry: LogEntry, trouble: Trouble): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await body.next();
        if (done) return controller.close();
        await trouble.pace(value.length);
        entry.sentBytes += value.length;
        controller.enqueue(value);
      },
      cancel: async () => void (await body.return?.()),
    },
    { highWaterMark: 0 },
  );
}

/** Ends the connection without an answer, as a network that fails after the fact does. */
function cut(c: Context<OnNode>): Response {
  c.env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}
