import type { Chance } from "./chance.ts";

/** Something that goes wrong in the world on purpose. */
interface Fault {
  /** Its number in the list of faults that forgetting must stand, where it has one. */
  number?: number;
  title: string;
  /** How often it strikes where it could, in a run whose plan has it; 0 for what people do themselves. */
  share: number;
}

/** Every fault there is. A run that never reaches one of them proves nothing about it, and fails. */
export const FAULTS = {
  deletedTwice: { number: 1, title: "user.deleted is delivered twice, also at the same moment", share: 0.5 },
  updatedAfterDeleted: { number: 2, title: "user.updated arrives after user.deleted", share: 0.5 },
  deletedBeforeCreated: { number: 3, title: "user.deleted arrives before user.created", share: 0 },
  forged: { number: 4, title: "a webhook is forged, or signed with a leaked secret", share: 0 },
  replayedLate: { number: 5, title: "a genuine webhook is replayed after its time", share: 0.3 },
  replayedSoon: { number: 6, title: "a genuine webhook is replayed within its time", share: 0.3 },
  unknownType: { number: 7, title: "a genuine webhook is of an unknown type or shape", share: 0 },
  webhookLost: { number: 8, title: "a webhook is lost for ever", share: 0.5 },
  answerToWebhookLost: { number: 9, title: "a webhook is taken in and its sender does not learn it", share: 0.3 },
  endpointDown: { number: 10, title: "the sender of webhooks has given the endpoint up for days", share: 0 },
  identityFails: {
    number: 11,
    title: "the identity provider fails, or lists nobody, or is another instance",
    share: 0.3,
  },
  identityBusy: { number: 12, title: "the identity provider answers 429", share: 0.3 },
  secretRotated: { number: 13, title: "the secret of webhooks is rotated, and both are in use", share: 0.5 },
  bucketFails: { number: 14, title: "the bucket answers 500", share: 0.2 },
  bucketAnswerLost: { number: 15, title: "the bucket does what was asked and does not answer", share: 0.2 },
  bucketKeepsSome: { number: 16, title: "the bucket deletes some keys of a request and says so", share: 0.4 },
  bucketSlow: { number: 17, title: "the bucket takes half a minute", share: 0.1 },
  bucketListShort: { number: 18, title: "the bucket lists less than it has", share: 0.4 },
  bucketSwaps: { number: 19, title: "the bucket gives the bytes of another object", share: 0.1 },
  bucketCuts: { number: 20, title: "the bucket gives bytes that are cut off or go on", share: 0.1 },
  killed: { number: 21, title: "an action dies between two calls", share: 0.01 },
  killedAfterEffect: { number: 22, title: "an action dies after the world did what it asked for", share: 0.03 },
  schedulerLate: { number: 23, title: "the scheduler is an hour late, or out of order", share: 0.05 },
  neverRuns: { number: 24, title: "a scheduled action never runs", share: 0.03 },
  cronsOverlap: { number: 25, title: "two runs of a cron overlap", share: 0.3 },
  clockWrong: { number: 26, title: "a clock is up to five minutes wrong", share: 0.2 },
  pinRacesSweep: { number: 28, title: "a pin races the sweep", share: 0 },
  unpinnedLate: { number: 29, title: "a chat is unpinned after its period", share: 0 },
  sendRacesRemoval: { number: 30, title: "a message races the removal of its chat", share: 0 },
  fencedWhileStreaming: { number: 31, title: "a person is fenced while a reply streams", share: 0 },
  bytesLate: { number: 32, title: "bytes reach the bucket long after they were sent", share: 0.2 },
  partsLeft: { number: 33, title: "an upload in parts is never completed", share: 0.5 },
  hintAfterErasure: { number: 34, title: "a provider's webhook comes after the erasure", share: 0 },
  hintForged: { number: 35, title: "a provider's webhook is forged", share: 0 },
  submittedTwice: { number: 36, title: "a request is made twice under one id", share: 0 },
  spentAtOnce: { number: 37, title: "the last credits are spent many times at once", share: 0 },
  billingOutOfOrder: {
    number: 38,
    title: "billing events arrive out of order, and a stop races a settlement",
    share: 0,
  },
  signedInAtOnce: { number: 41, title: "two first sign-ins race, and a message comes before the key", share: 0 },
  keysRotated: { number: 39, title: "the master key is rotated while everything goes on", share: 0 },
  writeLostRace: { number: 44, title: "a write loses its race more often than it is tried again", share: 0.02 },
  held: { number: 45, title: "a legal hold is placed at any time, and lifted later", share: 0 },
  reopened: { number: 47, title: "a closed account is reopened shortly before its end, or after", share: 0 },
  erasedWhileExporting: { number: 48, title: "a person is erased while their archive is written", share: 0 },
  modelFails: { title: "a model fails, falls silent or is cut off", share: 0.3 },
  modelEchoes: { number: 54, title: "a model's error quotes the prompt", share: 0.3 },
  orderLost: { title: "a provider takes an order and its answer is lost", share: 0.5 },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

/** A fault of the list that nothing here can reach. */
interface Elsewhere {
  why: string;
  /** The tests that stand it, by their files and titles; none where there is nothing yet that it could befall. */
  stoodBy: readonly (readonly [file: string, title: string])[];
}

export const FAULTS_ELSEWHERE: Record<number, Elsewhere> = {
  27: {
    why: "months, years and leap days are arithmetic, proven with golden dates",
    stoodBy: [
      ["test/policy/retention.test.ts", "an unpinned chat is kept for sixty days to the millisecond"],
      ["test/policy/notice.test.ts", "keeps billing records of an account that ended at %s until %s"],
    ],
  },
  40: {
    why: "that an old master key is not given up too early is a check of the doctor and of the start",
    stoodBy: [
      ["test/encryption/rotation.test.ts", "refuses a ring without a master key that is in use"],
      ["test/home/rotation.test.ts", "does not leave the ring while it is needed: the home does not start without it"],
    ],
  },
  42: {
    why: "a restore is a matter of whole homes",
    stoodBy: [
      ["test/erasure/replay.test.ts", "does not bring back an account that was erased since"],
      ["test/erasure/replay.test.ts", "leads to no nonce that seals two texts under one key, though revisions go back"],
    ],
  },
  43: {
    why: "very large accounts are measured by npm run bench:forgetting, and what each row costs is counted",
    stoodBy: [["test/erasure/costs.test.ts", "costs as much for each further row, however many there are"]],
  },
  46: { why: "workspaces have one member so far", stoodBy: [] },
  49: {
    why: "tables are those of the schema, which does not change under way; each entry of the registry is taken out in turn",
    stoodBy: [["test/erasure/erasure.test.ts", "is not whole without the registry's entry of %s"]],
  },
  50: { why: "there is no audit log yet", stoodBy: [] },
  51: {
    why: "there are no roles yet that could be revoked; tickets are looked up at each use",
    stoodBy: [["test/media/serving.test.ts", "is void from the moment %s is gone"]],
  },
  52: {
    why: "ranges are arithmetic",
    stoodBy: [
      ["test/media/ranges.test.ts", "a range of an object of 1,000 bytes"],
      ["test/media/ranges.test.ts", "an answer to a range has at most 4 MiB, whatever is asked"],
    ],
  },
  53: { why: "no mail or analytics processor is asked for anything yet", stoodBy: [] },
};

/** How many of the faults a run's plan has: few at a time, so that what one of them hides another run shows. */
const SHARE_OF_FAULTS = 0.3;

/** The faults of one run: which are planned, whether they still strike, and which were reached. */
export class Faults {
  readonly reached = new Map<FaultName, number>();
  readonly #chance: Chance;
  readonly #planned = new Set<FaultName>();
  #strike = false;

  constructor(chance: Chance) {
    this.#chance = chance;
    for (const name of Object.keys(FAULTS) as FaultName[]) {
      if (chance.happens(SHARE_OF_FAULTS)) this.#planned.add(name);
    }
  }

  /** Whether a fault strikes now, where it could. */
  strikes(name: FaultName): boolean {
    if (!this.#strike || !this.#planned.has(name) || !this.#chance.happens(FAULTS[name].share)) return false;
    this.note(name);
    return true;
  }

  /** Whether a run's people do this. */
  isPlanned(name: FaultName): boolean {
    return this.#planned.has(name);
  }

  note(name: FaultName): void {
    this.reached.set(name, (this.reached.get(name) ?? 0) + 1);
  }

  /** From now on things go wrong. */
  begin(): void {
    this.#strike = true;
  }

  /** From now on the world does what it should. */
  end(): void {
    this.#strike = false;
  }
}
