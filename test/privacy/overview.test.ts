import { beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { DATA_CLASSES } from "../../src/policy/dataClasses.ts";
import { PERSONAL_TABLES } from "../../src/policy/registry.ts";
import { CONSENTS } from "../../src/policy/rights.ts";
import { type Backend, type Person, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { say } from "../support/chats.ts";

useBackendEnvironment();

let backend: Backend;
let ada: Person;

beforeEach(async () => {
  vi.useFakeTimers();
  backend = startBackend();
  ada = await signedIn(backend);
  await say(await signedIn(backend, "Bob"), "Bob's question");
});

async function rowsByTable(): Promise<Record<string, number>> {
  const { categories } = await ada.action(api.privacy.overview, {});
  return Object.fromEntries(categories.flatMap(({ tables }) => tables.map(({ table, rows }) => [table, rows])));
}

describe("privacy:overview", () => {
  it("[A9] tells of every kind of data there is, with basis and periods, and of every table of persons", async () => {
    const { categories } = await ada.action(api.privacy.overview, {});
    expect(categories.map(({ label }) => label)).toEqual(Object.values(DATA_CLASSES).map(({ label }) => label));
    for (const { basis, periods } of categories) {
      expect(basis).toMatch(/Art\. 6/);
      expect(periods.every(({ period }) => /\d+ (?:day|month|full year)|until /.test(period))).toBe(true);
    }
    const found = Object.entries(PERSONAL_TABLES).filter(([, { subject }]) => subject.by !== "parent");
    expect(Object.keys(await rowsByTable()).toSorted()).toEqual(found.map(([table]) => table).toSorted());
  });

  it("[A9] counts the person's own rows and nobody else's", async () => {
    expect(await rowsByTable()).toMatchObject({ users: 1, userKeys: 1, workspaces: 1, threads: 0, messages: 0 });
    await say(ada, "Mine");
    await ada.mutation(api.privacy.request, { kind: "access" });
    expect(await rowsByTable()).toMatchObject({ threads: 1, threadKeys: 1, messages: 2, privacyRequests: 1 });
  });

  it("says that there are more rows than it counts, without reading them all", async () => {
    await backend.run(async ({ db }) => {
      const owner = (await db.query("users").collect()).find(({ name }) => name === "Ada");
      if (!owner) throw new Error("Ada has no account");
      const consent = { ownerId: owner._id, purpose: "news", given: true, textVersion: 1 } as const;
      for (let at = 0; at < 10_500; at++) await db.insert("consents", { ...consent, at });
    });
    const { categories } = await ada.action(api.privacy.overview, {});
    const consents = categories.flatMap(({ tables }) => tables).find(({ table }) => table === "consents");
    expect(consents).toMatchObject({ rows: 10_000, isAtLeast: true });
  });

  it("[A15] groups the same by California's categories, and says which were collected", async () => {
    await say(ada, "Mine");
    const { california } = await ada.action(api.privacy.overview, {});
    const labels = california.flatMap(({ holds }) => holds);
    expect(labels.toSorted()).toEqual(
      Object.values(DATA_CLASSES)
        .map(({ label }) => label)
        .toSorted(),
    );
    const collected = Object.fromEntries(california.map(({ category, isCollected }) => [category, isCollected]));
    expect(collected).toMatchObject({
      Identifiers: true,
      "Internet or other electronic network activity": true,
      "Audio, electronic, visual or similar information": false,
    });
  });

  it("[A8] [A12] shows what the person decided, and themself", async () => {
    vi.setSystemTime(5_000);
    await ada.mutation(api.privacy.setConsent, { purpose: "news", given: true, textVersion: CONSENTS.news.version });
    await ada.mutation(api.privacy.setObjection, { purpose: "webhooks", objected: true });
    await ada.mutation(api.privacy.setRestriction, { restricted: true });
    expect(await ada.action(api.privacy.overview, {})).toMatchObject({
      person: { identityId: "user_ada", name: "Ada", state: "restricted" },
      consents: [{ purpose: "news", given: true, changedAt: 5_000 }],
      objections: [{ purpose: "webhooks", since: 5_000 }],
    });
  });
});
