/** What must hold of the text of the sources, where neither types nor a test run can see it. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const read = (file: string) => readFileSync(file, "utf8");
const backend = globSync("convex/**/*.ts").filter((file) => !file.includes("_generated"));

/** The one file that may turn Convex's raw builders into the scoped ones. */
const SCOPED_BUILDERS = "convex/lib/functions.ts";

const DEFINES_QUERY_OR_MUTATION = /\b\w*(?:[qQ]uery|[mM]utation)\(\{/;
const DRAWS_RANDOMNESS = /getRandomValues|randomUUID|Math\.random|generateKey/;
const RAW_BUILDER = /import\s*\{[^}]*\b(?:query|mutation|action)\b[^}]*\}\s*from\s*"[^"]*_generated\/server[^"]*"/;
const GENERIC_BUILDER = /\b(?:query|mutation|action)Generic\b/;

function where(files: string[], holds: (text: string) => boolean): string[] {
  return files.filter((file) => holds(read(file)));
}

describe("the sources of the backend", () => {
  test("there are queries and mutations to look at", () => {
    expect(where(backend, (text) => DEFINES_QUERY_OR_MUTATION.test(text)).length).toBeGreaterThan(5);
  });

  test("no file that defines a query or mutation draws randomness, which Convex seeds there", () => {
    const found = where(backend, (text) => DEFINES_QUERY_OR_MUTATION.test(text) && DRAWS_RANDOMNESS.test(text));
    expect(found).toEqual([]);
  });

  test("[B29] only the scoped builders touch Convex's raw public builders", () => {
    const found = where(backend, (text) => RAW_BUILDER.test(text) || GENERIC_BUILDER.test(text));
    expect(found.filter((file) => file !== SCOPED_BUILDERS)).toEqual([]);
  });

  test("[B29] only public doors use the scoped builders, so that the listing of convex/ is the public API", () => {
    const rooms = backend.filter((file) => file.split("/").length > 2 && file !== SCOPED_BUILDERS);
    const publicBuilder = /import\s*\{[^}]*\}\s*from\s*"(?:\.\.\/)+lib\/functions\.ts"/;
    const exported = /export const \w+ = (?!internal)\w*(?:Query|Mutation|Action)\(/;
    expect(where(rooms, (text) => publicBuilder.test(text) && exported.test(text))).toEqual([]);
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
