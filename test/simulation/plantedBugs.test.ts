import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Crew } from "./crew.ts";
import { hunt } from "./hunting.ts";
import { PLANTED_BUGS } from "./plantedBugs.ts";

const LONGEST_MS = 3 * 60_000;

/** Some that are found within few seeds, for the sake of time; `npm run simulate -- --planted` takes all of them. */
const SAMPLE = PLANTED_BUGS.filter(({ isInSample }) => isInSample);

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
