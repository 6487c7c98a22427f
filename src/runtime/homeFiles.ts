/** What backing up and restoring must know of a home's data folder. */
import { PERSONAL_TABLES } from "../policy/registry.ts";

/** Where the databases are, relative to the folder. */
export const DATABASE_FILES = {
  convex: "convex/convex.sqlite3",
  identity: "identity/identity.sqlite",
  objects: "objects/objects.sqlite",
} as const;

/** Tables of keys, all of them the app's own: backups keep them apart from what they open. See [Note: Registry]. */
export const KEY_TABLES: readonly string[] = Object.entries(PERSONAL_TABLES)
  .filter(([, { holds }]) => holds === "keys")
  .map(([name]) => name);

/** In a backup, what is not a table is below this. */
export const HOME_PREFIX = "_home/";
