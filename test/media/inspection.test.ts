import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { refuseFalseName } from "../../convex/media/fileNames.ts";
import { type Found, UnfitFileError } from "../../convex/media/inspection/found.ts";
import { inspectFile } from "../../convex/media/inspection/inspect.ts";
import {
  bomb,
  box,
  describedAvif,
  describedJpeg,
  describedPng,
  describedWebp,
  gif,
  mp4,
  pdf,
  png,
  SECRET,
  webm,
} from "./files.ts";

const kept = (found: Found) => Buffer.concat(found.parts);
const inspect = (bytes: Buffer) => inspectFile(new Uint8Array(bytes));
const pixels = async (bytes: Buffer) => (await sharp(bytes).raw().toBuffer()).toString("base64");

describe("a picture is kept without what describes the person who took it", () => {
  it.each([
    ["image/png", describedPng, 640, 400],
    ["image/jpeg", describedJpeg, 640, 400],
    ["image/webp", describedWebp, 640, 400],
    ["image/avif", describedAvif, 640, 400],
    ["image/gif", gif, 64, 48],
  ])("%s", async (mime, make, width, height) => {
    const file = await make();
    expect(file.includes(SECRET)).toBe(true);
    const before = await pixels(file);
    const found = inspect(file);
    expect(found).toMatchObject({ mime, width, height });
    expect(kept(found).includes(SECRET)).toBe(false);
    expect(kept(found).includes("GPS")).toBe(false);
    expect(await pixels(kept(found))).toBe(before);
    const { exif, xmp, iptc } = await sharp(kept(found)).metadata();
    expect({ xmp, iptc }).toEqual({ xmp: undefined, iptc: undefined });
    if (mime !== "image/jpeg") expect(exif).toBeUndefined();
  });

  it("but for how it is to be turned, in a JPEG", async () => {
    const { orientation, exif } = await sharp(kept(inspect(await describedJpeg()))).metadata();
    expect(orientation).toBe(6);
    expect(exif?.length).toBeLessThan(40);
  });

  it("and films without what describes them, their offsets unchanged", async () => {
    for (const [mime, file] of [
      ["video/mp4", await mp4()],
      ["video/webm", webm()],
    ] as const) {
      const length = file.length;
      expect(file.includes(SECRET)).toBe(true);
      const found = inspect(file);
      expect(found.mime).toBe(mime);
      expect(kept(found).includes(SECRET)).toBe(false);
      expect(kept(found).length).toBe(length);
    }
  });
});

describe("a file is what its bytes say", () => {
  it("documents and texts are kept as they are", () => {
    expect(inspect(pdf())).toMatchObject({ mime: "application/pdf" });
    for (const text of ["Grüße, 世界\n", "<svg onload=alert(1)>", "<html><script>alert(1)</script>"]) {
      const found = inspect(Buffer.from(text));
      expect(found.mime).toBe("text/plain");
      expect(kept(found).toString()).toBe(text);
    }
  });

  it.each([
    ["an empty file", async () => Buffer.alloc(0)],
    ["bytes of no known type", async () => Buffer.from([0, 1, 2, 3, 4, 5, 6, 7])],
    ["an archive", async () => Buffer.from("PK\x03\x04\x00\x00rest of it")],
    ["a program", async () => Buffer.from("\x7fELF\x02\x01\x01\x00")],
    ["text that is not UTF-8", async () => Buffer.from([0x68, 0xe9, 0x6c])],
    ["a PNG with an archive after its end", async () => Buffer.concat([await png(), Buffer.from("PK\x03\x04")])],
    ["a JPEG with a page after its end", async () => Buffer.concat([await describedJpeg(), Buffer.from("<html>")])],
    ["a GIF with a script after its end", async () => Buffer.concat([await gif(), Buffer.from("*/=1;alert(1)")])],
    ["a WebP with bytes after its end", async () => Buffer.concat([await describedWebp(), Buffer.from("PK")])],
    ["an MP4 with bytes after its end", async () => Buffer.concat([await mp4(), Buffer.from("<html>")])],
    ["a WebM with bytes after its end", async () => Buffer.concat([webm(), webm()])],
    ["a PDF with an archive after its end", async () => Buffer.concat([pdf(), Buffer.alloc(2000, "PK")])],
    ["a film without an index", async () => box("ftyp", Buffer.from("isom\0\0\0\0isom"))],
    ["a PNG of 30,000 × 30,000", () => bomb(30_000, 30_000)],
    ["a PNG of no width", () => bomb(0, 10)],
    ["a PNG of more pixels than numbers can say", () => bomb(0xffffffff, 0xffffffff)],
  ])("%s is refused", async (_, make) => {
    const file = await make();
    expect(() => inspect(file)).toThrow(UnfitFileError);
  });

  it("a file cut off anywhere is refused, and nothing but refused", async () => {
    for (const file of [
      await describedPng(),
      await describedJpeg(),
      await describedWebp(),
      await describedAvif(),
      await gif(),
    ]) {
      for (let cut = 16; cut < file.length; cut += Math.ceil(file.length / 40)) {
        expect(() => inspect(file.subarray(0, cut))).toThrow(UnfitFileError);
      }
    }
  });

  it("a file with random damage is taken or refused, and never anything else", async () => {
    for (const file of [
      await describedJpeg(),
      await describedWebp(),
      await describedAvif(),
      await gif(),
      await mp4(),
      webm(),
    ]) {
      for (let run = 0; run < 60; run++) {
        const damaged = Buffer.from(file);
        for (let hit = 0; hit < 4; hit++)
          damaged[(run * 7919 + hit * 104_729) % Math.min(damaged.length, 600)] = (run * 31 + hit) % 256;
        try {
          inspect(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(UnfitFileError);
        }
      }
    }
  });

  it("what a phone puts after a picture is left out, be it a second one or a film", async () => {
    const file = await describedJpeg();
    const alone = kept(inspect(Buffer.from(file)));
    for (const extra of [await describedJpeg(), await mp4(), Buffer.alloc(100)]) {
      expect(kept(inspect(Buffer.concat([file, extra]))).equals(alone)).toBe(true);
    }
  });
});

describe("the name of a file", () => {
  it.each(["photo.png", "Photo.PNG", "no ending", "archive.tar", ".png.png", "été.png"])(
    "%j may be a PNG's",
    (name) => {
      expect(() => refuseFalseName(name, "image/png")).not.toThrow();
    },
  );

  it.each(["photo.jpg", "photo.pdf", "setup.exe", "a.png.zip", "x".repeat(201)])("%j may not", (name) => {
    expect(() => refuseFalseName(name, "image/png")).toThrow(UnfitFileError);
  });
});
