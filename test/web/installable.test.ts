import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";

const PUBLIC = "src/web/public";

interface Icon {
  src: string;
  type: string;
  sizes: string;
  purpose?: string;
}

const manifest = JSON.parse(readFileSync(`${PUBLIC}/manifest.webmanifest`, "utf8")) as Record<string, unknown>;
const icons = manifest["icons"] as Icon[];
const pngs = icons.filter(({ type }) => type === "image/png");

describe("the app can be installed", () => {
  test("the page names its manifest, which names what an installed app needs", () => {
    expect(readFileSync("src/web/index.html", "utf8")).toContain(
      '<link rel="manifest" href="/manifest.webmanifest" />',
    );
    expect(manifest).toMatchObject({ name: "Noruxa", start_url: "/", scope: "/", display: "standalone" });
    expect(icons.map(({ sizes, purpose }) => [sizes, purpose])).toEqual([
      ["any", undefined],
      ["192x192", undefined],
      ["512x512", undefined],
      ["512x512", "maskable"],
    ]);
  });

  test.each(pngs)(
    "$src is a picture of the size it is listed with, in the colour of the SVG",
    async ({ src, sizes }) => {
      const { data, info } = await sharp(path.join(PUBLIC, src))
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(`${info.width}x${info.height}`).toBe(sizes);
      const ground = /<rect[^>]*fill="#([^"]+)"/.exec(readFileSync(`${PUBLIC}/icon.svg`, "utf8"))?.[1];
      const [x, y] = [Math.round(info.width / 2), Math.round(info.height * 0.15)];
      expect(
        data
          .subarray((y * info.width + x) * 3)
          .subarray(0, 3)
          .toString("hex"),
      ).toBe(ground);
    },
  );

  test("a maskable icon covers its whole square, since devices cut it to a shape of their own", async () => {
    const { src } = icons.find(({ purpose }) => purpose === "maskable") as Icon;
    expect((await sharp(path.join(PUBLIC, src)).stats()).isOpaque).toBe(true);
  });
});

test("no service worker keeps private data on a device", () => {
  const sources = globSync(["src/web/**/*.{ts,tsx,js,html}"]).map((file) => readFileSync(file, "utf8"));
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.filter((source) => /serviceWorker|workbox|caches\.open/.test(source))).toEqual([]);
});
