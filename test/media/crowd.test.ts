import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { type Backend, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";
import { mostAtOnce, type Services, startServices } from "./services.ts";

useBackendEnvironment();

const PEOPLE = 100;
const JOBS_EACH = 2;
const PARALLELISM = 12;

let services: Services;
let backend: Backend;

beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.close());

beforeEach(async () => {
  services.stubEnvironment();
  vi.stubEnv("MEDIA_PARALLELISM", String(PARALLELISM));
  await services.plan({ reset: true, workMs: 5 });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], shouldAdvanceTime: true });
  vi.spyOn(console, "error").mockImplementation(() => {});
  backend = startBackend();
});

it("two hundred jobs asked for at once all finish, with never more than the configured number running", async () => {
  const people = await Promise.all(Array.from({ length: PEOPLE }, (_, index) => signedIn(backend, `Person${index}`)));
  const order = { kind: "image", prompt: "a heron", options: { size: "512x512" } } as const;
  const orders = people.flatMap((person) =>
    Array.from({ length: JOBS_EACH }, () =>
      person.mutation(api.media.request, { ...order, requestId: crypto.randomUUID() }),
    ),
  );
  await Promise.all(orders);

  let mostUnderWay = 0;
  await vi.waitFor(
    async () => {
      const jobs = await backend.run((ctx) => ctx.db.query("mediaJobs").collect());
      const underWay = jobs.filter(({ state }) => state === "running" || state === "storing");
      mostUnderWay = Math.max(mostUnderWay, underWay.length);
      expect(jobs.filter(({ state }) => state === "done")).toHaveLength(PEOPLE * JOBS_EACH);
    },
    { timeout: 280_000, interval: 100 },
  );
  const { requests } = await services.models();
  expect(requests).toHaveLength(PEOPLE * JOBS_EACH);
  expect(mostAtOnce(requests)).toBeLessThanOrEqual(PARALLELISM);
  expect(mostUnderWay).toBeGreaterThan(1);
  expect(mostUnderWay).toBeLessThanOrEqual(PARALLELISM);

  const rows = await backend.run(async (ctx) => ({
    media: (await ctx.db.query("media").collect()).length,
    charges: (await ctx.db.query("usageEvents").collect()).length,
  }));
  expect(rows).toEqual({ media: PEOPLE * JOBS_EACH, charges: PEOPLE * JOBS_EACH });
}, 300_000);
