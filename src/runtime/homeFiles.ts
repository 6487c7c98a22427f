/** Where a home keeps its databases, relative to its data folder. */
export const DATABASE_FILES = {
  convex: "convex/convex.sqlite3",
  identity: "identity/identity.sqlite",
  objects: "objects/objects.sqlite",
} as const;

/**
 * Tables of keys, which backups keep apart from what they open. `convex/encryption/schema.ts` defines them; all are
 * the app's own.
 */
export const KEY_TABLES: readonly string[] = ["userKeys", "saltRatchets", "threadKeys"];

/** In a backup, what is not a table is below this. */
export const HOME_PREFIX = "_home/";
