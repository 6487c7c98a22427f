import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DATA_CLASSES, LEGAL_BASES } from "../../src/policy/dataClasses.ts";
import { noticePage, privacyNotice } from "../../src/policy/notice.ts";
import { BILLING_YEARS, billingKeptUntil, UNPINNED_THREAD_MS } from "../../src/policy/periods.ts";
import { PROMISES } from "../../src/policy/promises.ts";
import { startBackend, useBackendEnvironment } from "../support/backend.ts";

useBackendEnvironment();
beforeEach(() => {
  vi.stubEnv("OPERATOR_NAME", "Example <Ltd>");
  vi.stubEnv("PRIVACY_EMAIL", "privacy@example.com");
});

const read = async (path: string) => {
  const response = await startBackend().fetch(path, {});
  const [type, policy] = ["content-type", "content-security-policy"].map((name) => response.headers.get(name));
  return { type, policy, text: await response.text() };
};

describe("the privacy notice", () => {
  it("[A22] says who runs the service and how to reach them, for people and for programs", async () => {
    const page = await read("/privacy");
    expect(page.type).toContain("text/html");
    expect(page.text).toContain("mailto:privacy@example.com");
    expect(page.text).toContain("Example &#60;Ltd&#62;");
    expect(page.text).not.toContain("<Ltd>");
    const json = await read("/privacy.json");
    expect(JSON.parse(json.text)).toEqual(privacyNotice({ name: "Example <Ltd>", email: "privacy@example.com" }));
  });

  it("may use the style it carries, and nothing else", async () => {
    const { policy, text } = await read("/privacy");
    const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(policy).toMatch(/^default-src 'none'/);
    expect(policy).toContain(`style-src 'sha256-${hash}'`);
    expect(text).not.toMatch(/<script|<link|<img| style=/);
  });

  it("[A8] gives each kind of data a legal basis, and a reason where that is a duty or an interest", () => {
    for (const [id, dataClass] of Object.entries(DATA_CLASSES)) {
      expect(LEGAL_BASES, id).toHaveProperty(dataClass.basis);
      if (dataClass.basis === "duty" || dataClass.basis === "interest") expect(dataClass, id).toHaveProperty("purpose");
      expect(dataClass.rules.length, id).toBeGreaterThan(0);
    }
  });

  it("[A15] shows every kind of data with its category in California, its basis and its period", () => {
    const notice = privacyNotice({ name: "Example", email: "privacy@example.com" });
    const page = noticePage(notice);
    expect(notice.data.map(({ id }) => id)).toEqual(Object.keys(DATA_CLASSES));
    for (const { label, california, basis, kept } of notice.data) {
      for (const text of [label, california, basis, ...kept.map(({ what }) => what)]) {
        expect(page).toContain(text.replaceAll("'", "&#39;"));
      }
    }
  });

  it("shows every promise, and the periods that functions compute with", () => {
    const page = noticePage(privacyNotice({ name: "Example", email: "privacy@example.com" }));
    for (const { text } of Object.values(PROMISES)) expect(page).toContain(text.replaceAll("'", "&#39;"));
    expect(page).toContain(`A chat that is not pinned: ${UNPINNED_THREAD_MS / 86_400_000} days`);
    expect(page).toContain(`${BILLING_YEARS} full years`);
  });

  it.each([
    ["2026-01-01T00:00:00.000Z", "2034-01-01T00:00:00.000Z"],
    ["2026-12-31T23:59:59.999Z", "2034-01-01T00:00:00.000Z"],
    ["2028-02-29T12:00:00.000Z", "2036-01-01T00:00:00.000Z"],
  ])("keeps billing records of an account that ended at %s until %s", (endedAt, untilAt) => {
    expect(new Date(billingKeptUntil(Date.parse(endedAt))).toISOString()).toBe(untilAt);
  });
});
