import { eventJson, signed, WEBHOOK_SECRET } from "../support/clerkEvents.ts";
import { userJson } from "./identity.ts";
import { OLD_WEBHOOK_SECRET, type World } from "./world.ts";

const MINUTE_MS = 60_000;
/** Pauses after which a message is sent again that was not taken in. */
const AGAIN_AFTER_MS = [5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, 120 * MINUTE_MS, 300 * MINUTE_MS];
/** How old a message may be that is believed, and longer than that. */
const WITHIN_TIME_MS = 4 * MINUTE_MS;
const AFTER_TIME_MS = 301_000;

interface Event {
  type: string;
  data: object;
  atMs: number;
}

/** Something that the sender has told, and that was taken in at that time. */
export interface Told extends Event {
  takenAtMs: number;
}

interface Letter {
  id: string;
  body: string;
  secret: string;
  event: Event;
}

/** The sender of the identity provider's webhooks: at least once, in any order, and for some never. */
export class Post {
  readonly #world: World;
  /** Nothing gets through before this. */
  #downUntilMs = 0;
  #letters = 0;
  /** What was taken in of what was sent, each once and in that order. */
  readonly taken: Told[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** The sender gives the endpoint up for a while, and what it has to say meanwhile is never said. */
  giveUpFor(ms: number): void {
    this.#world.faults.note("endpointDown");
    this.#downUntilMs = this.#world.timeline.nowMs + ms;
  }

  tellDeleted(id: string): void {
    const { faults } = this.#world;
    const letter = this.#write("user.deleted", { object: "user", id, deleted: true });
    this.#send(letter);
    if (faults.strikes("deletedTwice")) this.#send(letter);
    if (!faults.strikes("updatedAfterDeleted")) return;
    const user = {
      id,
      firstName: "Reborn",
      lastName: "Person",
      updatedAtMs: this.#world.timeline.nowMs,
      isLocked: false,
    };
    this.#send(this.#write("user.updated", userJson(user)), 10 * MINUTE_MS);
  }

  tell(type: string, data: object, lateMs = MINUTE_MS): void {
    this.#send(this.#write(type, data), lateMs);
  }

  /** Delivers something as whoever has that secret would; gives the status. */
  async deliver(type: string, data: object, secret: string): Promise<number> {
    return this.#carry({ ...this.#write(type, data), secret });
  }

  /** Delivers what was signed and then changed. */
  async deliverChanged(type: string, data: object): Promise<number> {
    const letter = this.#write(type, data);
    const init = signed(letter.body, { id: letter.id, secret: letter.secret });
    const response = await this.#world.backend.fetch("/webhooks/clerk", { ...init, body: `${letter.body} ` });
    return response.status;
  }

  #write(type: string, data: object): Letter {
    const { chance, faults, timeline } = this.#world;
    const secret = faults.strikes("secretRotated") && chance.happens(0.5) ? OLD_WEBHOOK_SECRET : WEBHOOK_SECRET;
    const atMs = timeline.nowMs;
    const body = JSON.stringify(eventJson(type, data, atMs));
    return { id: `msg_${++this.#letters}`, body, secret, event: { type, data, atMs } };
  }

  #send(letter: Letter, mostLateMs = MINUTE_MS): void {
    const { chance, faults, timeline } = this.#world;
    if (timeline.nowMs < this.#downUntilMs || faults.strikes("webhookLost")) return;
    timeline.after(chance.whole(0, mostLateMs), () => this.#try(letter, 0));
    if (faults.strikes("replayedSoon")) timeline.after(chance.whole(0, WITHIN_TIME_MS), () => this.#replay(letter));
    if (faults.strikes("replayedLate")) this.#replayLate(letter, timeline.nowMs);
  }

  #try(letter: Letter, tried: number): void {
    const { faults, timeline } = this.#world;
    this.#world.start(`webhook ${letter.id}`, async () => {
      const status = await this.#carry(letter).catch(() => 500);
      const isTaken = status === 200 && !faults.strikes("answerToWebhookLost");
      const pauseMs = AGAIN_AFTER_MS[tried];
      if (!isTaken && pauseMs !== undefined) timeline.after(pauseMs, () => this.#try(letter, tried + 1));
    });
  }

  #replay(letter: Letter): void {
    this.#world.start(`replay ${letter.id}`, async () => void (await this.#carry(letter)));
  }

  /** Somebody who has overheard a message sends it again as it was, when it is too old. */
  #replayLate(letter: Letter, atMs: number): void {
    const init = signed(letter.body, { id: letter.id, secret: letter.secret, atMs });
    this.#world.timeline.after(AFTER_TIME_MS, () =>
      this.#world.start(`late ${letter.id}`, async () => {
        const { status } = await this.#world.backend.fetch("/webhooks/clerk", init);
        if (status !== 401) this.#world.wrong.push(`A webhook that was 301 s old was answered with ${status}`);
      }),
    );
  }

  async #carry({ id, body, secret, event }: Letter): Promise<number> {
    const takenAtMs = this.#world.timeline.nowMs;
    const { status } = await this.#world.backend.fetch("/webhooks/clerk", signed(body, { id, secret }));
    const isFirst = this.taken.every(({ data }) => data !== event.data);
    if (status === 200 && isFirst) this.taken.push({ ...event, takenAtMs });
    return status;
  }
}
