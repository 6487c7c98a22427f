/**
 * How the sources of a simulation are loaded: pictures are made smaller by a stand-in, since the real library works in
 * threads; there is no decoder of films, as on most platforms; and a planted bug is put into its source on the way.
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { type Edit, type PlantedBug, planted } from "./plantedBugs.ts";

const REDUCER_URL = new URL("./reducer.ts", import.meta.url).href;
const ROOT_URL = new URL("../../", import.meta.url).href;
const MARK = "?planted=";
/** Which modules of ours import a module, by their addresses. */
const importers = new Map<string, Set<string>>();

/**
 * convex-test looks through the rows of all tables for each query, which is most of what a run would cost. Here it keeps
 * the ids of each table apart; which rows a query finds stays the same. And it takes a function for broken that was
 * cancelled while it ran, which on Convex goes on and stays cancelled.
 */
const CHANGED_BACKEND = [
  {
    was: `if (job.state.kind !== "inProgress") {`,
    becomes: `if (job.state.kind === "canceled") return;
            if (job.state.kind !== "inProgress") {`,
  },
  {
    was: "this._nextDocId += 1;",
    becomes: "this._nextDocId += 1; ((this._idsOf ??= {})[table] ??= new Set()).add(id);",
  },
  {
    was: `const ids = new Set(Object.keys(this._documents).filter(isInTable));
        for (let i = 0; i < this._writes.length; i++) {
            for (const id of Object.keys(this._writes[i]).filter(isInTable)) {
                ids.add(id);
            }
        }
        for (const id of ids) {
            const document = this.get(tableName, id);
            if (document !== null) {
                callback(document);
            }
        }`,
    becomes: `const ids = this._idsOf?.[tableName] ?? new Set();
        for (const id of ids) {
            const document = this.get(tableName, id);
            if (document !== null) callback(document);
            else if (this._writes.every((layer) => !(id in layer))) ids.delete(id);
        }`,
  },
];

/**
 * The addresses of modules once a bug is planted: those that lead to its file are evaluated anew, under addresses of
 * their own, and all others stay as they are. To be asked for once everything was loaded without it.
 */
export function addressesWith(bug: PlantedBug): (url: string) => string {
  const leading = leadingTo(new URL(bug.file, ROOT_URL).href);
  // As addresses have it: they write an apostrophe in another way.
  const mark = new URL(MARK + encodeURIComponent(bug.name), ROOT_URL).search;
  marked.set(mark.slice(MARK.length), leading);
  return (url) => (leading.has(url) ? url + mark : url);
}

/** The modules that a bug is seen from, by what marks them. */
const marked = new Map<string, Set<string>>();

function leadingTo(url: string): Set<string> {
  const found = new Set([url]);
  for (const each of found) for (const importer of importers.get(each) ?? []) found.add(importer);
  return found;
}

/** To be called once, before `convex/` is loaded. */
export function hookLoading(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "sharp") return { url: REDUCER_URL, shortCircuit: true };
      if (specifier.startsWith("@napi-rs/webcodecs")) throw new Error("There is no decoder here");
      const resolved = next(specifier, context);
      const [parent = "", mark] = context.parentURL?.split(MARK) ?? [];
      if (!mark) noteImport(resolved.url, parent);
      return mark && marked.get(mark)?.has(resolved.url) ? { ...resolved, url: resolved.url + MARK + mark } : resolved;
    },
    load(url, context, next) {
      const [file = "", mark] = url.split(MARK);
      const loaded = next(mark ? file : url, context);
      if (file.endsWith("/convex-test/dist/index.js"))
        return { ...loaded, source: edited(file, String(loaded.source), CHANGED_BACKEND) };
      const bug = mark ? planted(decodeURIComponent(mark)) : null;
      if (!bug || file !== new URL(bug.file, ROOT_URL).href) return loaded;
      return { ...loaded, source: edited(bug.name, String(loaded.source), [bug]) };
    },
  });
}

function noteImport(url: string, importer: string): void {
  if (!isOurs(url) || !isOurs(importer)) return;
  const known = importers.get(url) ?? new Set();
  importers.set(url, known.add(importer));
}

function isOurs(url: string): boolean {
  return (
    url.startsWith(ROOT_URL) &&
    !url.includes("/node_modules/") &&
    !url.startsWith(pathToFileURL(import.meta.dirname).href)
  );
}

/** The source with those edits. Throws an Error where it has changed since they were written. */
function edited(what: string, source: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { was, becomes }) => {
    const parts = text.split(was);
    if (parts.length !== 2)
      throw new Error(`${what}: the source has ${parts.length - 1} places for this, not one: ${was}`);
    return parts.join(becomes);
  }, source);
}
