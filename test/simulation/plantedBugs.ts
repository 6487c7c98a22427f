/*
 * Bugs as they might be written, each a change of one place in the sources. The simulation has to find every one of them:
 * an oracle that finds nothing where something is wrong is worth nothing.
 */

/** A change of one place in a source. */
export interface Edit {
  /** The text that is replaced; it must be in the source exactly once. */
  was: string;
  becomes: string;
}

export interface PlantedBug extends Edit {
  /** What of the product it breaks. */
  area: string;
  /** What is wrong. */
  name: string;
  file: string;
  /** Whether every run of the tests looks for it: it is found within few seeds. */
  isInSample?: true;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    area: "retention",
    name: "pinned chats expire",
    file: "src/policy/retention.ts",
    was: "return pinned ? null : retentionClockAt + UNPINNED_THREAD_MS;",
    becomes: "return retentionClockAt + UNPINNED_THREAD_MS;",
  },
  {
    area: "retention",
    name: "unpinning does not start the period anew",
    file: "convex/threads.ts",
    was: "const retentionClockAt = pinned ? thread.retentionClockAt : startedAnew(thread, Date.now());",
    becomes: "const { retentionClockAt } = thread;",
  },
  {
    area: "retention",
    name: "a message does not start the period anew",
    file: "convex/messages/turns.ts",
    was: 'const retentionClockAt = thread.state === "temporary" ? thread.retentionClockAt : startedAnew(thread, nowMs);',
    becomes: "const { retentionClockAt } = thread;",
  },
  {
    area: "retention",
    name: "clocks are taken to be right",
    file: "src/policy/periods.ts",
    was: "export const CLOCK_ERROR_MS = 10 * MINUTE_MS;",
    becomes: "export const CLOCK_ERROR_MS = 0;",
  },
  {
    area: "retention",
    name: "chats are shown until they are deleted",
    file: "src/policy/retention.ts",
    was: "return at !== null && at <= nowMs;",
    becomes: "return at !== null && at + 10 * 60_000 <= nowMs;",
  },
  {
    area: "retention",
    name: "what is past its period is left alone",
    file: "convex/threads/expiry.ts",
    was: "if (isExpired(thread, nowMs) &&",
    becomes: "if (!isExpired(thread, nowMs) &&",
  },
  {
    area: "outbox",
    name: "the outbox believes that all keys of a request were deleted",
    file: "convex/media/draining.ts",
    was: "due.filter(({ key }) => gone.has(key))",
    becomes: "due",
  },
  {
    area: "outbox",
    name: "bytes of a removed object are not noted for deletion",
    file: "convex/media/keeping.ts",
    was: "if (!other) await noteDelete(ctx, { key, jobId });",
    becomes: "",
  },
  {
    area: "outbox",
    name: "a copy's bytes go with the original",
    file: "convex/media/keeping.ts",
    was: "if (!other) await noteDelete(ctx, { key, jobId });",
    becomes: "await noteDelete(ctx, { key, jobId });",
  },
  {
    area: "outbox",
    name: "bytes of a reservation that nobody finished are forgotten",
    file: "convex/media/reservations.ts",
    was: "await noteDelete(ctx, { key, uploadId });",
    becomes: "",
  },
  {
    area: "outbox",
    name: "what the bucket did not confirm is never tried again",
    file: "convex/media/deletes.ts",
    was: "notBeforeAt: nowMs + pauseAfterMs(attempts)",
    becomes: "notBeforeAt: nowMs * 2",
  },
  {
    area: "erasure",
    name: "a table is missing from the registry",
    file: "src/policy/registry.ts",
    was: 'forks: { holds: "chats", subject: byWorkspace, erasure: DELETE, exported: true },',
    becomes: "",
  },
  {
    area: "erasure",
    name: "a webhook is believed without asking",
    file: "convex/erasure/beginning.ts",
    was: 'const isConfirmed = job.state === "confirming" && isOwnWish;',
    becomes: 'const isConfirmed = job.state === "confirming" && (isOwnWish || true);',
  },
  {
    area: "erasure",
    name: "any instance of the identity provider is believed",
    file: "convex/erasure/identity.ts",
    was: "if (!isOurs)",
    becomes: "if (!isOurs) return true; else if (!isOurs)",
  },
  {
    area: "erasure",
    name: "whoever was erased can sign in as somebody new",
    file: "convex/account/signingIn.ts",
    was: 'if (await isErased(ctx.db, identityId)) throw refusal("closing", "This account is being erased.");',
    becomes: "",
  },
  {
    area: "erasure",
    name: "no tombstone is left",
    file: "convex/erasure/ending.ts",
    was: 'await ctx.db.insert("identityTombstones", { subject, erasedAt: nowMs });',
    becomes: "",
  },
  {
    area: "erasure",
    name: "the time of grace is forgotten",
    file: "convex/account/closing.ts",
    was: "surelyPast(CLOSURE_GRACE_MS, Date.now())",
    becomes: "Date.now()",
  },
  {
    area: "erasure",
    name: "a fence that was unfounded stays",
    file: "convex/erasure/steps.ts",
    was: "if (job.ownerId && job.before) await",
    becomes: "if (false) await",
  },
  {
    area: "erasure",
    name: "nobody takes up an erasure that died",
    file: "convex/erasure/steps.ts",
    was: "for (const job of silent) await resume(ctx, job);",
    becomes: "",
  },
  {
    area: "erasure",
    name: "those whom no webhook told of are never looked for",
    file: "convex/erasure/reconciliation.ts",
    was: 'if (user) await beginErasure(ctx, { identityId: user.identityId, origin: "reconciliation" });',
    becomes: "",
  },
  {
    area: "webhooks",
    name: "a webhook that is known is applied again",
    file: "convex/webhooks/inbox.ts",
    was: 'if (known) return { state: "known" as const };',
    becomes: "",
  },
  {
    area: "webhooks",
    name: "an older word about a name replaces a newer",
    file: "convex/account/profile.ts",
    was: "if (told.at < known.at) return;",
    becomes: "",
  },
  {
    area: "webhooks",
    name: "an older word about a sale replaces a newer",
    file: "convex/billing/periods.ts",
    was: "known && !isNewer(told, known) ? known : told",
    becomes: "told",
  },
  {
    area: "webhooks",
    name: "what is told of somebody erased is kept",
    file: "convex/webhooks/inbox.ts",
    was: "if (identityId && (await isCertainlyErased(ctx.db, identityId))) return dropped(ctx, type, identityId);",
    becomes: "",
  },
  {
    area: "credits",
    name: "more credits are held than there are",
    file: "convex/usage/holds.ts",
    was: "if (credits > available(standing)) {",
    becomes: "if (credits > 1e9) {",
  },
  {
    area: "credits",
    name: "a hold can end twice",
    file: "convex/usage/holds.ts",
    was: "key: `${subject}:end`, reason, use, nowMs };",
    becomes: "key: `${subject}:end:${nowMs}`, reason, use, nowMs };",
    isInSample: true,
  },
  {
    area: "credits",
    name: "what failed is charged",
    file: "convex/media/endings.ts",
    was: 'await releaseHold(ctx, { subject: holdOf(job), reason: "failed", nowMs: Date.now() });',
    becomes:
      'await settleHold(ctx, { subject: holdOf(job), used: { model: job.model, amounts: { images: 1 }, source: "estimate", credits: job.credits }, nowMs: Date.now() });',
  },
  {
    area: "credits",
    name: "one request makes two messages",
    file: "convex/messages.ts",
    was: "const made = await findTurn(ctx, request);\n    if (made) return made;",
    becomes: "",
  },
  {
    area: "media",
    name: "a file's name is stored as it is",
    file: "convex/media/uploading.ts",
    was: "await sealName(seal, recordId, file.name)",
    becomes: "new TextEncoder().encode(file.name).buffer",
    isInSample: true,
  },
  {
    area: "media",
    name: "a thumbnail is kept though its picture has moved",
    file: "convex/media/thumbnailing.ts",
    was: 'if (medium?.thumbnail !== "due" || medium.threadId !== home.threadId) {',
    becomes: 'if (medium?.thumbnail !== "due") {',
  },
  {
    area: "media",
    name: "what moves into the library keeps the key of its chat",
    file: "convex/media/moving.ts",
    was: 'await ctx.db.patch("objects", object._id, { sealedKey: await resealed(object, { from, to }) });',
    becomes: "",
  },
  {
    area: "media",
    name: "files of a closed account are served",
    file: "convex/media/grants.ts",
    was: 'return state !== "closing" && state !== "erasing";',
    becomes: 'return state !== "erasing";',
  },
  {
    area: "media",
    name: "orders that are over stay with their provider",
    file: "convex/media/endings.ts",
    was: "if (operation) await noteReturn(",
    becomes: "if (false) await noteReturn(",
  },
  {
    area: "media",
    name: "a provider is asked once to forget an order",
    file: "convex/media/returns.ts",
    was: "if (!row || !(isGone || isGivenUp(row, nowMs))) continue;",
    becomes: "if (!row) continue;",
  },
  {
    area: "export",
    name: "pieces of archives are left in the bucket",
    file: "convex/exports/steps.ts",
    was: "await noteDelete(ctx, { key, jobId });",
    becomes: "",
  },
  {
    area: "export",
    name: "archives open for whoever asks",
    file: "convex/exports/access.ts",
    was: "(await caller(ctx)) === row.ownerId;",
    becomes: "(await caller(ctx)) !== null;",
  },
  {
    area: "export",
    name: "archives are kept past their time",
    file: "convex/exports/steps.ts",
    was: 'q.gt("expiresAt", 0).lte("expiresAt", surelyPast(0, Date.now()))',
    becomes: 'q.gt("expiresAt", 0).lte("expiresAt", 1)',
  },
  {
    area: "export",
    name: "archives have temporary chats in them",
    file: "convex/exports/pages.ts",
    was: 'thread.state === "live" : isListed(thread, Date.now());',
    becomes: "true : true;",
  },
  {
    area: "export",
    name: "nobody takes up an archive whose writing died",
    file: "convex/exports/steps.ts",
    was: 'q.eq("state", "building").lt("changedAt", nowMs - SILENT_MS)',
    becomes: 'q.eq("state", "building").lt("changedAt", 0)',
  },
  {
    area: "keys",
    name: "keys outlive the answer to an erasure",
    file: "convex/erasure/beginning.ts",
    was: "const counts = added(job.counts, await shred(ctx, job, holds));",
    becomes: "const { counts } = job;",
  },
  {
    area: "keys",
    name: "the key of a removed chat stays",
    file: "convex/threads/removal.ts",
    was: 'if (key) await ctx.db.delete("threadKeys", key._id);',
    becomes: "",
  },
  {
    area: "keys",
    name: "all nonces are the same",
    file: "convex/encryption/sealing.ts",
    was: "const nonce = await deriveNonce(keys, additionalData, padded);",
    becomes: "const nonce = (await deriveNonce(keys, additionalData, padded)).fill(7);",
    isInSample: true,
  },
  {
    area: "keys",
    name: "keys that are wrapped anew are not swapped",
    file: "convex/encryption/rotation.ts",
    was: 'await ctx.db.patch("userKeys", keyId, { kid, wrapped });',
    becomes: 'await ctx.db.patch("userKeys", keyId, { kid });',
  },
  {
    area: "restriction",
    name: "whoever restricted their data can write",
    file: "convex/lib/functions.ts",
    was: 'if (user.state === "restricted") throw',
    becomes: 'if (user.state === "restricted") return; else if (user.state === "restricted") throw',
  },
  {
    area: "restriction",
    name: "sweeps do not spare what is restricted",
    file: "convex/legalHolds/holding.ts",
    was: "return (await isChatHeld(db, row)) || (await isHeld(db, row.ownerId));",
    becomes: "return isChatHeld(db, row);",
  },
  {
    area: "holds",
    name: "what is held can be removed",
    file: "convex/legalHolds/holding.ts",
    was: "if (!(await isChatHeld(ctx.db, row))) return;",
    becomes: "if (!(await isChatHeld(ctx.db, row)) || row) return;",
  },
  {
    area: "holds",
    name: "an erasure does not spare what is held",
    file: "convex/erasure/beginning.ts",
    was: "const holds = await loadHolds(ctx.db, job.ownerId, heldByMs);",
    becomes: "const holds = await loadHolds(ctx.db, undefined, heldByMs);",
  },
  {
    area: "holds",
    name: "an erasure that was held does not go on",
    file: "convex/erasure/beginning.ts",
    was: "if (holds?.all) return restHeld(ctx, job);",
    becomes: 'if (holds?.all || job.state === "held") return restHeld(ctx, job);',
  },
  {
    area: "undo",
    name: "the key of a chat stays though it could be brought back",
    file: "convex/threads/undoing.ts",
    was: 'await ctx.db.delete("threadKeys", key._id);',
    becomes: "",
    isInSample: true,
  },
  {
    area: "undo",
    name: "a removal that was undone goes on",
    file: "convex/threads/undoing.ts",
    was: 'if (thread?.state !== "removed" || thread.parked?.removedAt !== removedAt) return null;',
    becomes: "if (!thread) return null;",
  },
  {
    area: "temporary",
    name: "temporary chats are kept for as long as others",
    file: "src/policy/retention.ts",
    was: 'if (state === "temporary") return retentionClockAt + TEMPORARY_THREAD_MS;',
    becomes: "",
  },
  {
    area: "temporary",
    name: "temporary chats are listed",
    file: "convex/threads/creation.ts",
    was: 'state: temporary ? "temporary" : "live",',
    becomes: 'state: "live",',
  },
  {
    area: "plaintext",
    name: "what a provider says of its error is logged",
    file: "convex/messages/provider.ts",
    was: '`${nameOf(error)}, status ${status ?? "none"}`',
    becomes: "String(APICallError.isInstance(error) && error.responseBody)",
  },
];

/** The bug of that name. Throws an Error where there is none. */
export function planted(name: string): PlantedBug {
  const bug = PLANTED_BUGS.find((each) => each.name === name);
  if (!bug) throw new Error(`Nobody planted "${name}"`);
  return bug;
}
