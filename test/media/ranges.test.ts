import { describe, expect, it } from "vitest";
import { answerTo, PARTIAL_BYTES } from "../../convex/media/ranges.ts";
import { WHOLE_ANSWER_BYTES } from "../../src/shared/media.ts";

const partial = (start: number, end: number) => ({ kind: "partial", range: { start, end } });
const whole = { kind: "whole", range: { start: 0, end: 1_000 } };
const unsatisfiable = { kind: "unsatisfiable" };

describe("a range of an object of 1,000 bytes", () => {
  it.each([
    ["bytes=0-1", partial(0, 2)],
    ["bytes=0-", partial(0, 1_000)],
    ["bytes=-1", partial(999, 1_000)],
    ["bytes=-5000", partial(0, 1_000)],
    ["bytes=999-999", partial(999, 1_000)],
    ["bytes=500-99999", partial(500, 1_000)],
    ["Bytes=0-0", partial(0, 1)],
    ["bytes=0-99999999999999999999999999", partial(0, 1_000)],
    ["bytes=1000-", unsatisfiable],
    ["bytes=1000-1001", unsatisfiable],
    ["bytes=-0", unsatisfiable],
    ["bytes=99999999999999999999999999-", unsatisfiable],
    ["bytes=5-2", whole],
    ["bytes=0-1,5-6", whole],
    ["bytes=", whole],
    ["bytes=-", whole],
    ["bytes=a-b", whole],
    ["bytes=0x1-2", whole],
    ["items=0-1", whole],
    [null, whole],
  ])("%s", (header, answer) => expect(answerTo(header, 1_000)).toEqual(answer));
});

it("an answer to a range has at most 4 MiB, whatever is asked", () => {
  expect(answerTo("bytes=0-", 2 ** 30)).toEqual(partial(0, PARTIAL_BYTES));
  expect(answerTo("bytes=100-", 2 ** 30)).toEqual(partial(100, 100 + PARTIAL_BYTES));
  expect(answerTo(`bytes=-${2 ** 29}`, 2 ** 30)).toEqual(partial(2 ** 29, 2 ** 29 + PARTIAL_BYTES));
});

it("without a range, what is longer than one answer can be is refused rather than cut", () => {
  expect(answerTo(null, WHOLE_ANSWER_BYTES)).toEqual({ kind: "whole", range: { start: 0, end: WHOLE_ANSWER_BYTES } });
  expect(answerTo(null, WHOLE_ANSWER_BYTES + 1)).toEqual(unsatisfiable);
  expect(answerTo("bytes=5-2", WHOLE_ANSWER_BYTES + 1)).toEqual(unsatisfiable);
});

it("an empty object has no range", () => {
  expect(answerTo("bytes=0-", 0)).toEqual(unsatisfiable);
  expect(answerTo(null, 0)).toEqual({ kind: "whole", range: { start: 0, end: 0 } });
});
