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
  /** What is wrong. */
  name: string;
  file: string;
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "the outbox believes that all keys of a request were deleted",
    file: "convex/media/draining.ts",
    was: "due.filter(({ key }) => gone.has(key))",
    becomes: "due",
  },
  {
    name: "bytes of a removed object are not noted for deletion",
    file: "convex/media/keeping.ts",
    was: "if (!other) await noteDelete(ctx, { key, jobId });",
    becomes: "",
  },
  {
    name: "pieces of archives are left in the bucket",
    file: "convex/exports/steps.ts",
    was: "await noteDelete(ctx, { key, jobId });",
    becomes: "",
  },
  {
    name: "keys outlive the answer to an erasure",
    file: "convex/erasure/beginning.ts",
    was: "const counts = added(job.counts, await shred(ctx, job, holds));",
    becomes: "const { counts } = job;",
  },
  {
    name: "a table is missing from the registry",
    file: "src/policy/registry.ts",
    was: 'forks: { holds: "chats", subject: byWorkspace, erasure: DELETE, exported: true },',
    becomes: "",
  },
  {
    name: "any instance of the identity provider is believed",
    file: "convex/erasure/identity.ts",
    was: "if (!isOurs)",
    becomes: "if (!isOurs) return true; else if (!isOurs)",
  },
  {
    name: "whoever was erased can sign in as somebody new",
    file: "convex/account/signingIn.ts",
    was: 'if (await isErased(ctx.db, identityId)) throw refusal("closing", "This account is being erased.");',
    becomes: "",
  },
  {
    name: "no tombstone is left",
    file: "convex/erasure/ending.ts",
    was: 'await ctx.db.insert("identityTombstones", { subject, erasedAt: nowMs });',
    becomes: "",
  },
  {
    name: "a webhook that is known is applied again",
    file: "convex/webhooks/inbox.ts",
    was: 'if (known) return { state: "known" as const };',
    becomes: "",
  },
  {
    name: "pinned chats expire",
    file: "src/policy/retention.ts",
    was: "return pinned ? null : retentionClockAt + UNPINNED_THREAD_MS;",
    becomes: "return retentionClockAt + UNPINNED_THREAD_MS;",
  },
];

/** The bug of that name. Throws an Error where there is none. */
export function planted(name: string): PlantedBug {
  const bug = PLANTED_BUGS.find((each) => each.name === name);
  if (!bug) throw new Error(`Nobody planted "${name}"`);
  return bug;
}
