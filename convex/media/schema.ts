import { defineTable } from "convex/server";
import { v } from "convex/values";
import { MEDIA_JOB_ERRORS, MEDIA_KINDS, type MediaJobErrorCode, type MediaKind } from "../../src/shared/media.ts";
import { MEDIA_PROVIDERS } from "../../src/shared/mediaModels.ts";

export const vMediaKind = v.union(...(Object.keys(MEDIA_KINDS) as MediaKind[]).map((kind) => v.literal(kind)));

/** Which form of a medium an object holds. */
export const vObjectRole = v.union(v.literal("original"), v.literal("thumbnail"));

/** Where the sealed bytes of something are, what opens them and what is in them. */
export const storedObjectFields = {
  /** Name in the bucket: random, tells neither person nor type. */
  key: v.string(),
  /** The object's own key, sealed under the key of its chat, or of the person where it is in none. */
  sealedKey: v.bytes(),
  /** The first bytes of the object, kept here so that a range is read in one request. */
  header: v.bytes(),
  /** Ties key, type and length together: see [Note: Sealed objects]. */
  commitment: v.bytes(),
  mime: v.string(),
  contentBytes: v.number(),
};

/** A stored object and whose it is, as reading it takes. */
export const vOwnedObject = v.object({ ownerId: v.id("users"), ...storedObjectFields });

export const vMediaJobState = v.union(
  v.literal("queued"),
  v.literal("running"),
  v.literal("storing"),
  v.literal("done"),
  v.literal("failed"),
  v.literal("cancelled"),
);

export const vMediaJobErrorCode = v.union(
  ...(Object.keys(MEDIA_JOB_ERRORS) as MediaJobErrorCode[]).map((code) => v.literal(code)),
);

/** What can be made to order. */
export const vMadeKind = v.union(v.literal("image"), v.literal("video"));

export const vMediaProvider = v.union(...MEDIA_PROVIDERS.map((name) => v.literal(name)));

/** How a picture or a video is to be made, as far as its model can be told. */
export const vMediaOptions = v.object({
  /** Width and height, as "16:9". */
  aspectRatio: v.optional(v.string()),
  /** Width and height in pixels, as "1024x768". */
  size: v.optional(v.string()),
  /** Length of a video. */
  seconds: v.optional(v.number()),
  seed: v.optional(v.number()),
});

/** What a provider needs to find an order again. */
export const vOperation = v.record(v.string(), v.string());

export const mediaTables = {
  // A picture, video or file of a person's. Written when its bytes are stored, by an upload or a job; read by the
  // library, by messages and by serving. With a `threadId` it lives and ends with that chat and is sealed under its key;
  // without one, or once `media:keep` has moved it, it is the library's, sealed under the person's key, until its owner
  // removes it. Erasure deletes the keys
  // first, then the objects by way of `objectDeletes`, then this row.
  media: defineTable({
    workspaceId: v.id("workspaces"),
    ownerId: v.id("users"),
    threadId: v.optional(v.id("threads")),
    /** The row's name in keys and envelopes. */
    recordId: v.string(),
    kind: vMediaKind,
    mime: v.string(),
    contentBytes: v.number(),
    width: v.optional(v.number()),
    height: v.optional(v.number()),
    sealedName: v.optional(v.bytes()),
    origin: v.union(v.literal("upload"), v.literal("job")),
    /** `loose`: an upload that no message has taken up, removed after a day. */
    state: v.union(v.literal("loose"), v.literal("kept")),
    /** `due` until the small picture was made; `none` where there is nothing to picture or it cannot be made. */
    thumbnail: v.union(v.literal("due"), v.literal("made"), v.literal("none")),
    createdAt: v.number(),
  })
    .index("by_time", ["workspaceId", "state", "createdAt"])
    .index("by_kind", ["workspaceId", "state", "kind", "createdAt"])
    .index("by_thread", ["threadId"])
    .index("by_record", ["recordId"])
    .index("by_state", ["state", "createdAt"])
    .index("by_thumbnail", ["thumbnail", "createdAt"]),

  // The sealed bytes of a medium, one row a role. Written with the medium or when its thumbnail was made, read by
  // serving; never changed, but for the flag of the sweep. Ends with its medium: the transaction that deletes the last
  // row of a bucket key notes the key in `objectDeletes`. Several rows may share a key, each with a wrap of its own: so a
  // copy of a medium costs no bytes, and outlives the one it was made from.
  objects: defineTable({
    workspaceId: v.id("workspaces"),
    ownerId: v.id("users"),
    mediaId: v.id("media"),
    role: vObjectRole,
    ...storedObjectFields,
    /** Since when the bucket has been without the object, where a sweep found that. */
    missingSinceAt: v.optional(v.number()),
  })
    .index("by_media", ["mediaId", "role"])
    .index("by_owner", ["ownerId"])
    .index("by_key", ["key"])
    .index("by_missing", ["missingSinceAt"]),

  // A bucket key that bytes may be on their way to, written before the first byte is and deleted in the transaction that
  // makes it an object's. What is left after a day goes to `objectDeletes`. Carries nothing of a person but ids.
  uploads: defineTable({
    workspaceId: v.id("workspaces"),
    ownerId: v.id("users"),
    threadId: v.optional(v.id("threads")),
    key: v.string(),
    /** The bucket's id of an upload in parts, where there is one. */
    uploadId: v.optional(v.string()),
    reservedAt: v.number(),
  })
    .index("by_key", ["key"])
    .index("by_owner", ["ownerId"])
    .index("by_time", ["reservedAt"]),

  // The outbox for bytes: objects nothing names any more. Written in the transaction that removes the last row naming
  // them, deleted when the bucket has confirmed that key. Holds no id of a person; lives until it is done.
  objectDeletes: defineTable({
    key: v.string(),
    /** The erasure that waits for it, where one does. */
    jobId: v.optional(v.id("erasureJobs")),
    /** An upload in parts to abort as well. */
    uploadId: v.optional(v.string()),
    askedAt: v.number(),
    /** Not tried before this; a try moves it on, so that two drainers never hold the same row. */
    notBeforeAt: v.number(),
    attempts: v.number(),
  })
    .index("by_due", ["notBeforeAt"])
    .index("by_age", ["askedAt"])
    .index("by_key", ["key"])
    .index("by_job", ["jobId"]),

  // The outbox for orders: what a provider is to end and to forget. Written in the transaction that ends an order's job, or
  // that learns of an order whose job has ended; deleted when the provider has confirmed it, or after a month. Holds no id
  // of a person.
  orderReturns: defineTable({
    kind: vMadeKind,
    provider: vMediaProvider,
    operation: vOperation,
    /** Whether the provider may still be at work on it. */
    underWay: v.boolean(),
    /** The erasure that waits for it, where one does. */
    jobId: v.optional(v.id("erasureJobs")),
    askedAt: v.number(),
    /** Not asked for before this; a try moves it on, as in `objectDeletes`. */
    notBeforeAt: v.number(),
    attempts: v.number(),
  })
    .index("by_due", ["notBeforeAt"])
    .index("by_age", ["askedAt"])
    .index("by_job", ["jobId"]),

  // Objects of the bucket that no row names, seen by one pass of the sweep; the next pass that sees them again notes them
  // in `objectDeletes` and deletes the mark. Marks of objects that are gone are deleted by age.
  strayObjects: defineTable({
    key: v.string(),
    seenAt: v.number(),
  })
    .index("by_key", ["key"])
    .index("by_time", ["seenAt"]),

  // What tickets are bound to, one row for each time somebody begins to look at media. Made by `media:ticket` and
  // `media:openSession`, read with every ticket that is made or shown; deleting it voids them all. Lives a day.
  mediaSessions: defineTable({
    workspaceId: v.id("workspaces"),
    ownerId: v.id("users"),
    /** 32 random bytes, which every ticket's signature covers and no ticket carries. */
    secret: v.bytes(),
    expiresAt: v.number(),
  })
    .index("by_owner", ["ownerId", "expiresAt"])
    .index("by_expiry", ["expiresAt"]),

  // An order for a picture or a video. Written by `media:request` and by the steps of the job, read by lists and by the
  // provider's webhook. Lives with its chat, or without one until its owner removes the medium it made; one that made
  // nothing is deleted a month after its end. Erasure cancels it at the provider, then deletes it.
  mediaJobs: defineTable({
    workspaceId: v.id("workspaces"),
    ownerId: v.id("users"),
    threadId: v.optional(v.id("threads")),
    /** The row's name in keys and envelopes, and what makes a repeated request find it again. */
    recordId: v.string(),
    kind: vMadeKind,
    model: v.string(),
    sealedPrompt: v.bytes(),
    options: vMediaOptions,
    state: vMediaJobState,
    /** From 0 to 1. */
    progress: v.number(),
    /** Counts the tries a person asked for; each has a hold of its own. */
    attempt: v.number(),
    /** Counts what has moved the job on: a step that was asked for under an earlier number is late. */
    step: v.number(),
    /** The reply that waits for the result, in a chat. */
    replyId: v.optional(v.id("messages")),
    provider: vMediaProvider,
    /** The provider's id of the order, stored before anything can be lost. */
    providerRequestId: v.optional(v.string()),
    /** What else the provider needs to find the order again, such as addresses it gave. */
    operation: v.optional(vOperation),
    /** Since when an order may be with the provider: it is not placed a second time. */
    orderedAt: v.optional(v.number()),
    mediaId: v.optional(v.id("media")),
    error: v.optional(vMediaJobErrorCode),
    /** The price when the job was asked for; charged when it is done. */
    credits: v.number(),
    createdAt: v.number(),
    changedAt: v.number(),
  })
    .index("by_time", ["workspaceId", "createdAt"])
    .index("by_thread", ["threadId"])
    .index("by_record", ["recordId"])
    .index("by_provider_request", ["provider", "providerRequestId"])
    .index("by_media", ["mediaId"])
    .index("by_state", ["state", "changedAt"])
    .index("by_lane", ["state", "provider", "kind", "changedAt"]),
};
