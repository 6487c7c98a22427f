import { anyApi } from "convex/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRuntime, type TestRuntime, until } from "./support.ts";

let runtime: TestRuntime;

beforeAll(async () => {
  runtime = await startRuntime();
});
afterAll(() => runtime.close());

test("a mutation's effect reaches a live query of another client", async () => {
  const seen: string[][] = [];
  runtime.client().onUpdate(anyApi.messages.list, { channel: "live" }, (list: string[]) => seen.push(list));
  await until(
    () => seen,
    () => seen.length === 1,
  );
  await runtime.client().mutation(anyApi.messages.send, { channel: "live", body: "hi" });
  await until(
    () => seen,
    () => seen.length === 2,
  );
  expect(seen).toEqual([[], ["hi"]]);
});
