import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Crew } from "./crew.ts";
import { hunt } from "./hunting.ts";
import { PLANTED_BUGS } from "./plantedBugs.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const LONGEST_MS = 3 * 60_000;

/** Some that are found within few seeds, for the sake of time; `npm run simulate -- --planted` takes all of them. */
const SAMPLE = PLANTED_BUGS.filter(({ isInSample }) => isInSample);

it.each(PLANTED_BUGS)("$name: it has one place in the sources", async ({ file, was }) => {
  const source = await readFile(path.join(ROOT, file), "utf8");
  expect(source.split(was)).toHaveLength(2);
});

describe("The oracles", () => {
  let crew: Crew;

  beforeAll(() => {
    crew = new Crew();
  });

  afterAll(() => crew.close());

  it.each(SAMPLE)(
    "notice where $name",
    async (bug) => {
      expect(await hunt(crew, bug)).not.toBeNull();
    },
    LONGEST_MS,
  );
});
