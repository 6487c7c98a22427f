import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Answered, Asked, Service } from "./network.ts";

export const MODELS_HOST = "models.test";

/** A picture of one pixel. */
export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
/** As much of a film as tells its type. */
const FILM_BYTES = 700;
/** Longer than one part of an upload. */
const LONG_FILM_BYTES = 5 * 2 ** 20 + 300_000;
/** In a run that has any: they take long to store. */
const SHARE_OF_LONG_FILMS = 0.4;
/** Looks after which a film is done. */
const LOOKS = 2;

interface Film {
  looks: number;
  isLong: boolean;
  fails: boolean;
}

/** An endpoint in the manner of OpenAI: replies, pictures and films. */
export class Models implements Service {
  /** Orders for films that it still has. */
  readonly films = new Map<string, Film>();
  /** How many of its films are so long that they are stored in parts. */
  shareOfLongFilms: number;
  readonly #faults: Faults;
  readonly #chance: Chance;
  readonly #secret: string;
  #ordered = 0;

  constructor({ faults, chance, secret }: { faults: Faults; chance: Chance; secret: string }) {
    this.#faults = faults;
    this.#chance = chance;
    this.#secret = secret;
    this.shareOfLongFilms = faults.isPlanned("partsLeft") ? SHARE_OF_LONG_FILMS : 0;
  }

  /** How many films it still has whose order has reached whoever placed it, since they have asked for them. */
  get knownFilms(): number {
    return [...this.films.values()].filter(({ looks }) => looks > 0).length;
  }

  answer(asked: Asked): Answered | null {
    const { pathname } = asked.url;
    if (this.#faults.strikes("modelEchoes")) return { status: 500, body: Buffer.from(asked.body).toString() };
    if (pathname === "/v1/chat/completions") return this.#reply();
    if (this.#faults.strikes("modelFails")) return this.#chance.happens(0.5) ? null : { status: 503, body: "{}" };
    if (pathname === "/v1/images/generations") return json({ data: [{ b64_json: PNG.toString("base64") }] });
    const answered = this.#film(asked);
    return asked.method === "POST" && this.#faults.strikes("orderLost") ? null : answered;
  }

  #reply(): Answered | null {
    const words = Array.from({ length: this.#chance.whole(1, 6) }, (_, index) => `${this.#secret}-reply-${index} `);
    const said = words.map((content) => ({ afterMs: this.#chance.whole(0, 900), text: chunk({ content }) }));
    const end = [
      { afterMs: 10, text: usage(words.length) },
      { afterMs: 0, text: "data: [DONE]\n\n" },
    ];
    const headers = { "content-type": "text/event-stream" };
    if (!this.#faults.strikes("modelFails")) return { status: 200, headers, stream: [...said, ...end] };
    const how = this.#chance.whole(0, 2);
    if (how === 0) return { status: 503, body: "{}" };
    const ending = { afterMs: how === 1 ? 60_000 : 5, text: how === 1 ? chunk({ content: "late" }) : null };
    return { status: 200, headers, stream: [...said, ending] };
  }

  #film({ method, url }: Asked): Answered {
    const [, , , id = "", verb] = url.pathname.split("/");
    if (method === "POST") return this.#order();
    const film = this.films.get(id);
    if (!film) return { status: 404, body: "{}" };
    if (method === "DELETE") this.films.delete(id);
    if (verb === "content") return { status: 200, body: filmBytes(film.isLong ? LONG_FILM_BYTES : FILM_BYTES) };
    film.looks += 1;
    const status = film.looks < LOOKS ? "in_progress" : film.fails ? "failed" : "completed";
    return json({ id, status, progress: Math.min(100, film.looks * 50) });
  }

  #order(): Answered {
    const id = `film_${++this.#ordered}`;
    this.films.set(id, {
      looks: 0,
      isLong: this.#chance.happens(this.shareOfLongFilms),
      fails: this.#chance.happens(0.1),
    });
    return json({ id, status: "queued", progress: 0 });
  }
}

/** Whether that is a film of this endpoint's, whole. */
export function isFilm(bytes: Uint8Array): boolean {
  return [FILM_BYTES, LONG_FILM_BYTES].some((length) => Buffer.compare(bytes, filmBytes(length)) === 0);
}

function filmBytes(length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32BE(20, 0);
  bytes.write("ftypisom", 4, "latin1");
  return bytes;
}

function chunk(delta: object): string {
  const event = {
    id: "c1",
    object: "chat.completion.chunk",
    model: "m",
    choices: [{ index: 0, delta, finish_reason: null }],
  };
  return `data: ${JSON.stringify(event)}\n\n`;
}

function usage(words: number): string {
  const end = { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
  const counted = { choices: [], usage: { prompt_tokens: 11, completion_tokens: words, total_tokens: 11 + words } };
  const event = { id: "c1", object: "chat.completion.chunk", model: "m" };
  return [end, counted].map((each) => `data: ${JSON.stringify({ ...event, ...each })}\n\n`).join("");
}

function json(body: unknown): Answered {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
