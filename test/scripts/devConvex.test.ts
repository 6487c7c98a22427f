import { describe, expect, test } from "vitest";
import { pageSettings } from "../../scripts/devConvex/settings.ts";

describe("working on a Convex development deployment", () => {
  test("says everything that is missing at once, and how to get it", () => {
    expect(pageSettings({})).toEqual({
      missing: [
        expect.stringContaining("npx convex dev --once --configure"),
        expect.stringContaining("VITE_CLERK_PUBLISHABLE_KEY"),
      ],
    });
  });

  test("tells the page where the deployment is and how to reach the operator", () => {
    const convexUrl = "https://happy-otter-1.convex.cloud";
    const values = {
      VITE_CONVEX_URL: convexUrl,
      VITE_CLERK_PUBLISHABLE_KEY: "pk_test_x",
      PRIVACY_EMAIL: "me@example.com",
    };
    expect(pageSettings(values)).toEqual({
      convexUrl,
      convexSiteUrl: "https://happy-otter-1.convex.site",
      contact: "me@example.com",
    });
  });
});
