/** What must hold of the text of the sources, where neither types nor a test run can see it. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const read = (file: string) => readFileSync(file, "utf8");
const backend = globSync("convex/**/*.ts").filter((file) => !file.includes("_generated"));

const DRAWS_RANDOMNESS = /getRandomValues|randomUUID|Math\.random|generateKey/;
const PUBLIC_EXPORT = /export const (\w+) = (query|mutation|queryGeneric|mutationGeneric)\(/g;
const SCOPED_EXPORT = /export const \w+ = (?:viewer|leaving|operator)(?:Query|Mutation)\(/;

/** Public functions that reach the database without a viewer, and why they may. */
const UNSCOPED = [
  // The page asks it to find out whether anyone is signed in; it reads the caller's own row only.
  "convex/account.ts: me",
];

interface Declaration {
  file: string;
  name: string;
  text: string;
}

/** The declarations at the top level of the backend's files, each with its whole text. */
const declarations: Declaration[] = backend.flatMap((file) =>
  read(file)
    .split(/^(?=(?:export )?(?:async )?(?:function|const|class) )/m)
    .map((text) => ({ file, name: text.match(/(?:function|const|class) (\w+)/)?.[1] ?? "", text })),
);

function where(files: string[], holds: (text: string) => boolean): string[] {
  return files.filter((file) => holds(read(file)));
}

/** The queries and mutations that call a declaration, directly or through functions; what an action calls is its own. */
function queriesAndMutationsCalling(target: Declaration, seen = new Set<Declaration>()): Declaration[] {
  if (seen.has(target) || /= (?:internalA|a)ction\(/.test(target.text)) return [];
  seen.add(target);
  if (/= \w*(?:[qQ]uery|[mM]utation)\(/.test(target.text)) return [target];
  const call = new RegExp(`(?<![.\\w])${target.name}\\(`);
  const callers = declarations.filter((other) => other !== target && call.test(other.text));
  return callers.flatMap((caller) => queriesAndMutationsCalling(caller, seen));
}

describe("the sources of the backend", () => {
  test("no query or mutation draws randomness, however indirectly: Convex seeds it there, so it is no secret", () => {
    const drawers = declarations.filter(({ text }) => DRAWS_RANDOMNESS.test(text));
    const callers = drawers.flatMap((drawer) => queriesAndMutationsCalling(drawer));
    expect(drawers.length).toBeGreaterThan(0);
    expect(callers.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });

  test("[B29] every public query and mutation is built on the scoped data layer; actions have no database", () => {
    const unscoped = backend.flatMap((file) =>
      [...read(file).matchAll(PUBLIC_EXPORT)].map(([, name]) => `${file}: ${name}`),
    );
    expect(unscoped).toEqual(UNSCOPED);
  });

  test("public functions live in the files at the top of convex/, so that their listing is the public API", () => {
    const rooms = backend.filter((file) => file.split("/").length > 2);
    const inRooms = where(rooms, (text) => SCOPED_EXPORT.test(text) || /export const \w+ = action\(/.test(text));
    expect(inRooms).toEqual([]);
  });

  test("no public function takes a Convex id validator, whose failure would be a validator's stack trace", () => {
    const doors = backend.filter((file) => file.split("/").length === 2 && !file.endsWith("schema.ts"));
    expect(where(doors, (text) => /args:\s*\{[^}]*v\.id\(/.test(text))).toEqual([]);
  });
});

describe("the repository", () => {
  const everything = globSync(
    ["*.{md,json,ts}", "{convex,src,scripts,bench,test,docs,.ci}/**/*.{ts,tsx,mjs,md,json,css,html}", ".ci/run"],
    { exclude: ["package-lock.json"] },
  ).filter((file) => !file.includes("_generated") && file !== "test/promises/sources.test.ts");

  test("holds no marks of unfinished work", () => {
    expect(where(everything, (text) => /\b(?:TODO|FIXME|XXX)\b|not implemented yet/i.test(text))).toEqual([]);
  });

  test("never calls encryption at rest by the name of another kind", () => {
    const claims = where(everything, (text) => /end-to-end[- ]encrypt/i.test(text));
    expect(claims).toEqual([]);
  });

  test("skips no test without a printed reason", () => {
    const tests = everything.filter((file) => file.endsWith(".test.ts"));
    expect(where(tests, (text) => /\b(?:test|describe|it)\.(?:skip|only|todo)\(/.test(text))).toEqual([]);
  });
});
