/**
 * A queue of videos in the format of OpenAI's API reference: `POST /v1/videos`, then `GET /v1/videos/:id` with state and
 * progress, `GET …/content` with the MP4, and `DELETE`. Orders live in memory and end with the process.
 */
import { randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { encodeFilm } from "./film.ts";
import { LONGEST_VIDEO_SECONDS, VIDEO_MODEL } from "./mediaPlans.ts";
import type { Plan } from "./plans.ts";

export const videoBody = z.looseObject({
  model: z.literal(VIDEO_MODEL.id),
  prompt: z.string().min(1),
  size: z.enum(["1280x720", "720x1280"]).nullish(),
  seconds: z.coerce.number().int().min(1).max(LONGEST_VIDEO_SECONDS).nullish(),
  seed: z.number().int().nullish(),
});

export type VideoRequest = z.infer<typeof videoBody>;

/** Smaller than asked for, in the same proportions: what matters is that it plays. */
const CANVASES = { "1280x720": { width: 480, height: 270 }, "720x1280": { width: 270, height: 480 } };
const DEFAULT_SECONDS = 4;
/** Orders that have ended are kept this long, unless they are deleted before. */
const KEPT_MS = 60 * 60_000;
const WEBHOOK_TIMEOUT_MS = 10_000;
const PAGE = new TextEncoder().encode("<!doctype html><title>Not a video</title>");

interface Film {
  id: string;
  request: VideoRequest;
  plan: Plan;
  startedAtMs: number;
  workMs: number;
  state: "in_progress" | "completed" | "failed";
  content: Uint8Array | null;
  /** Ends the work. */
  abort: AbortController;
}

export interface FilmQueueOptions {
  /** `whsec_…`; signs the webhooks. */
  webhookSecret: string;
}

export class FilmQueue {
  readonly #films = new Map<string, Film>();
  readonly #signer: Webhook;
  #endpoint: string | null = null;

  constructor({ webhookSecret }: FilmQueueOptions) {
    this.#signer = new Webhook(webhookSecret);
  }

  /** From now on webhooks go to `endpoint`. */
  deliverWebhooksTo(endpoint: string): void {
    this.#endpoint = endpoint;
  }

  /** Takes an order and begins to work on it. */
  add(request: VideoRequest, plan: Plan, onEnd: (ending: "complete" | "failed" | "aborted") => void): object {
    const id = `video_${randomUUID()}`;
    const film: Film = {
      id,
      request,
      plan,
      startedAtMs: Date.now(),
      workMs: plan.workMs ?? VIDEO_MODEL.workMs,
      state: "in_progress",
      content: null,
      abort: new AbortController(),
    };
    this.#forgetOld();
    this.#films.set(id, film);
    this.#work(film).then(
      () => onEnd(film.state === "completed" ? "complete" : "failed"),
      (error) => {
        if (film.abort.signal.aborted) return onEnd("aborted");
        console.error(error);
        film.state = "failed";
        onEnd("failed");
      },
    );
    return jsonOf(film);
  }

  /** How an order stands, or null where there is none. */
  show(id: string): object | null {
    const film = this.#films.get(id);
    return film ? jsonOf(film) : null;
  }

  /** What was made, or null where it is not there (yet). */
  content(id: string): { bytes: Uint8Array; plan: Plan } | null {
    const film = this.#films.get(id);
    return film?.content ? { bytes: film.content, plan: film.plan } : null;
  }

  /** Deletes an order, which ends the work on it; false where there is none. */
  remove(id: string): boolean {
    this.#films.get(id)?.abort.abort();
    return this.#films.delete(id);
  }

  /** Ids of the orders that are kept, for tests that want them gone. */
  ids(): string[] {
    return [...this.#films.keys()];
  }

  /** Deletes all orders. */
  clear(): void {
    for (const id of this.ids()) this.remove(id);
  }

  async #work(film: Film): Promise<void> {
    const { request, plan, abort, workMs } = film;
    const { prompt, seed, seconds, size } = request;
    const scene = {
      prompt,
      seed: seed ?? 0,
      seconds: seconds ?? DEFAULT_SECONDS,
      canvas: CANVASES[size ?? "1280x720"],
    };
    const isFake = plan.fail || plan.html || plan.resultUrl !== undefined;
    const made = isFake ? Promise.resolve(PAGE) : encodeFilm(scene, abort.signal);
    const [content] = await Promise.all([made, wait(workMs, abort.signal)]);
    film.content = plan.fail ? null : atLeast(content, plan.resultBytes ?? 0);
    film.state = plan.fail ? "failed" : "completed";
    await this.#tell(film);
  }

  /** Sends one webhook, as Standard Webhooks has it. Nobody learns whether it arrived: the queue can be asked. */
  async #tell({ id, plan, state }: Film): Promise<void> {
    if (!this.#endpoint || plan.webhooks === "none") return;
    const signer = plan.webhooks === "forged" ? new Webhook(`whsec_${btoa("another key of 24 bytes.")}`) : this.#signer;
    const payload = JSON.stringify({
      id: `evt_${randomUUID()}`,
      object: "event",
      type: `video.${state}`,
      data: { id },
    });
    const messageId = `wh_${randomUUID()}`;
    const now = new Date();
    await fetch(this.#endpoint, {
      method: "POST",
      body: payload,
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
      headers: {
        "content-type": "application/json",
        "webhook-id": messageId,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": signer.sign(messageId, now, payload),
      },
    }).catch(() => undefined);
  }

  #forgetOld(): void {
    for (const { id, startedAtMs } of this.#films.values()) {
      if (Date.now() - startedAtMs > KEPT_MS) this.remove(id);
    }
  }
}

function jsonOf({ id, request, plan, state, startedAtMs, workMs }: Film): object {
  const share = workMs === 0 ? 1 : (Date.now() - startedAtMs) / workMs;
  const progress = state === "in_progress" ? Math.min(99, Math.floor(share * 100)) : 100;
  const error = state === "failed" ? failureOf(plan) : null;
  const { model, size = null, seconds = null } = request;
  return { id, object: "video", model, status: state, progress, size, seconds, error };
}

function failureOf(plan: Plan) {
  if (plan.refuse) return { code: "moderation_blocked", message: "Refusing as POST /_control asked." };
  return { code: "video_generation_failed", message: "Failing as POST /_control asked." };
}

function atLeast(bytes: Uint8Array, leastBytes: number): Uint8Array {
  if (bytes.length >= leastBytes) return bytes;
  const longer = new Uint8Array(leastBytes);
  longer.set(bytes);
  return longer;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("The order was deleted"));
    });
  });
}
