import { beforeEach, describe, expect, it, vi } from "vitest";
import { refusal } from "../../convex/lib/errors.ts";
import { withRetries } from "../../convex/lib/retries.ts";

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

const write = vi.fn<() => Promise<string>>();

/** Has the write lose so many races before it succeeds. */
function loses(races: number) {
  write.mockReset().mockResolvedValue("written");
  for (let race = 0; race < races; race++) write.mockRejectedValueOnce(new Error("Documents kept changing"));
}

async function outcomeOf(written: Promise<unknown>) {
  const outcome = written.catch((error: Error) => error);
  await vi.runAllTimersAsync();
  return outcome;
}

describe("a write of an action", () => {
  it("is tried again until it wins its race", async () => {
    loses(4);
    expect(await outcomeOf(withRetries(write))).toBe("written");
    expect(write).toHaveBeenCalledTimes(5);
  });

  it("is given up after five races", async () => {
    loses(5);
    expect(await outcomeOf(withRetries(write))).toMatchObject({ message: "Documents kept changing" });
    expect(write).toHaveBeenCalledTimes(5);
  });

  it("that is refused is not tried again", async () => {
    write.mockReset().mockRejectedValue(refusal("closing", "This account is being closed."));
    expect(await outcomeOf(withRetries(write))).toMatchObject({ data: { code: "closing" } });
    expect(write).toHaveBeenCalledTimes(1);
  });
});
