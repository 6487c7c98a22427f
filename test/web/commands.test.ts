import { expect, test } from "vitest";
import { readCommand } from "../../src/web/features/media/commands.ts";

test.each([
  ["/image a heron at dawn", { kind: "image", prompt: "a heron at dawn" }],
  ["  /video  a paper boat\nin the rain ", { kind: "video", prompt: "a paper boat\nin the rain" }],
  ["/IMAGE loud", { kind: "image", prompt: "loud" }],
])("%j asks for that to be made", (text, command) => {
  expect(readCommand(text)).toEqual(command);
});

test.each(["/image", "/images of herons", "/imagea", "what does /image do", "image a heron", "/draw a heron"])(
  "%j is a message like any other",
  (text) => {
    expect(readCommand(text)).toBeNull();
  },
);
