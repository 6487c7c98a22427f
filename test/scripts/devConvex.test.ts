import { describe, expect, test } from "vitest";
import { missingSettings } from "../../scripts/devConvex/settings.ts";

describe("working on a Convex development deployment", () => {
  test("says everything that is missing at once, and how to get it", () => {
    expect(missingSettings({})).toEqual([
      expect.stringContaining("npx convex dev --once --configure"),
      expect.stringContaining("VITE_CLERK_PUBLISHABLE_KEY"),
    ]);
  });

  test("asks for nothing once deployment and sign-in are known", () => {
    const settings = { VITE_CONVEX_URL: "https://happy-otter-1.convex.cloud", VITE_CLERK_PUBLISHABLE_KEY: "pk_test_x" };
    expect(missingSettings(settings)).toEqual([]);
  });
});
