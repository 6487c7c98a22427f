/** A promise that the service makes to the people whose data it holds. */
export interface Promised {
  /** What people read. */
  text: string;
  /** The modules that keep it. */
  keptBy: readonly string[];
}

/**
 * The promises of the chat, image and video service, by id. Tests that prove one begin their title with the id: `[A6] …`.
 * `npm run promises` puts both side by side.
 */
export const PROMISES = {
  A1: {
    text: "Of sign-in and billing, only the provider's user id, your name and billing metadata (plan, status, period) are stored.",
    keptBy: ["convex/account/schema.ts", "convex/billing/schema.ts", "convex/webhooks/fields.ts"],
  },
  A2: {
    text: "Chats, encrypted message content, media jobs and usage events are stored in one database.",
    keptBy: ["convex/schema.ts", "convex/encryption/sealing.ts"],
  },
  A3: {
    text: "Uploaded and generated files lie in a private bucket and are reached only through their records.",
    keptBy: ["convex/media/reservations.ts", "convex/media/strays.ts", "convex/media/missing.ts"],
  },
  A4: {
    text: "Usage records hold times, kinds, models, amounts and credits, and never content.",
    keptBy: ["convex/usage/schema.ts"],
  },
  A5: {
    text: "Sign-in and payment belong to their provider: the service never sees a password or a card.",
    keptBy: ["convex/account/schema.ts", "convex/webhooks/fields.ts", "src/shared/cardNumbers.ts"],
  },
  A6: {
    text: "A chat that is not pinned is deleted 60 days after its last message, with the files stored for it.",
    keptBy: ["convex/threads/expiry.ts", "convex/threads/removal.ts", "src/policy/retention.ts"],
  },
  A7: {
    text: "A pinned chat is kept until you unpin or delete it.",
    keptBy: ["convex/threads/expiry.ts", "src/policy/retention.ts"],
  },
  A8: {
    text: "Each kind of data has a legal basis; where that is consent, it is asked and recorded.",
    keptBy: ["src/policy/dataClasses.ts", "convex/privacy/choices.ts"],
  },
  A9: { text: "You can see all data held about you.", keptBy: ["src/policy/registry.ts", "convex/privacy.ts"] },
  A10: {
    text: "You can correct it: your name, titles and messages here, your profile at the sign-in provider.",
    keptBy: ["convex/account.ts", "convex/account/profile.ts", "convex/threads.ts"],
  },
  A11: {
    text: "Deleting your account at the sign-in provider deletes everything the account holds here.",
    keptBy: ["convex/webhooks/inbox.ts", "convex/erasure/beginning.ts", "convex/erasure/cascade.ts"],
  },
  A12: {
    text: "You can restrict or object to processing without losing data.",
    keptBy: ["convex/privacy/restriction.ts", "convex/privacy/choices.ts", "convex/lib/functions.ts"],
  },
  A13: {
    text: "You can take a machine-readable copy of everything you provided with you.",
    keptBy: [
      "convex/exports/steps.ts",
      "convex/exports/building.ts",
      "convex/exports/pages.ts",
      "scripts/ops/importing.ts",
    ],
  },
  A14: {
    text: "A request that arrives by mail is recorded, verified and answered in time.",
    keptBy: ["convex/privacy/register.ts", "scripts/ops/privacyRequest.ts"],
  },
  A15: {
    text: "In California: what is collected is disclosed on request, by category.",
    keptBy: ["src/policy/dataClasses.ts", "convex/privacy.ts"],
  },
  A16: { text: "In California: it is deleted on request.", keptBy: ["convex/erasure/cascade.ts"] },
  A17: {
    text: "Nothing is sold, or shared for advertising: the page calls no third party.",
    keptBy: ["src/runtime/contentPolicy.ts"],
  },
  A18: {
    text: "No one reads or changes the data of another account.",
    keptBy: ["convex/lib/functions.ts", "convex/lib/scope.ts"],
  },
  A19: {
    text: "Chat content and private media are encrypted at rest.",
    keptBy: ["convex/encryption/sealing.ts", "convex/media/objectSeal.ts"],
  },
  A20: {
    text: "Private media is served through authenticated routes only.",
    keptBy: ["convex/routes/media.ts", "convex/media/tickets.ts"],
  },
  A21: {
    text: "Deleting your account removes your content and records about you, except what the law requires to keep.",
    keptBy: [
      "src/policy/registry.ts",
      "convex/erasure/leftovers.ts",
      "convex/erasure/receipts.ts",
      "convex/erasure/ledger.ts",
      "convex/legalHolds/holding.ts",
    ],
  },
  A22: {
    text: "Every page says how to reach whoever runs the service.",
    keptBy: ["src/web/app/Contact.tsx", "src/policy/notice.ts"],
  },
} as const satisfies Record<string, Promised>;

export type PromiseId = keyof typeof PROMISES;

/** Promises that no test proves yet. Any other that is unproven fails the checks. */
export const BACKLOG: readonly PromiseId[] = [];
