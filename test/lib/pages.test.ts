import { describe, expect, it } from "vitest";
import { boundedPage } from "../../convex/lib/pages.ts";

const MIB = 1024 * 1024;

describe("the bounds of a page", () => {
  it("keep what a client asks for while a query can open it", () => {
    const asked = { numItems: 20, cursor: "c", endCursor: "e", maximumBytesRead: 1_000, maximumRowsRead: 50 };
    expect(boundedPage(asked)).toEqual(asked);
  });

  it("are a hundred rows and four MiB, whatever is asked for", () => {
    expect(boundedPage({ numItems: 1e9, cursor: null, maximumBytesRead: 1e9 })).toMatchObject({
      numItems: 100,
      maximumBytesRead: 4 * MIB,
    });
    expect(boundedPage({ numItems: 1.5, cursor: null })).toMatchObject({ numItems: 1, maximumBytesRead: 4 * MIB });
  });

  it.each([
    { numItems: 0 },
    { numItems: -1 },
    { numItems: Number.NaN },
    { numItems: 1, maximumRowsRead: 0 },
    { numItems: 1, maximumBytesRead: Number.NaN },
  ])("%o is refused", (asked) => {
    expect(() => boundedPage({ cursor: null, ...asked })).toThrow("at least one row");
  });
});
