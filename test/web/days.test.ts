import { describe, expect, test } from "vitest";
import { stepsUpTo, totalOf } from "../../src/web/features/usage/days.ts";

describe("the chart of daily use", () => {
  test.each([
    [0, [0, 1]],
    [1, [0, 1]],
    [3, [0, 1, 2, 3]],
    [70, [0, 20, 40, 60, 80]],
    [100, [0, 50, 100]],
    [1_999, [0, 500, 1_000, 1_500, 2_000]],
  ])("that reaches %i has lines at %j", (most, steps) => {
    expect(stepsUpTo(most)).toEqual(steps);
  });

  test("says of all days together what they went on", () => {
    const day = (chat: number, image: number, video: number) => ({
      dayAt: 0,
      credits: chat + image + video,
      chat,
      image,
      video,
    });
    expect(totalOf([day(1, 20, 0), day(2, 0, 300)])).toEqual({ chat: 3, image: 20, video: 300 });
    expect(totalOf([])).toEqual({ chat: 0, image: 0, video: 0 });
  });
});
