/** Files over real sockets: uploaded to a home, served by range and ticket, resting sealed, outliving a crash. */
import { createConnection } from "node:net";
import path from "node:path";
import type { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { api } from "../../convex/_generated/api.js";
import { describedJpeg, SECRET } from "../media/files.ts";
import { type Home, startHome } from "../support/home.ts";
import { advanceClock, type Person, signIn } from "../support/people.ts";
import { findLeaks } from "../support/plaintext.ts";

const NOTES = Buffer.from("The heron waits by the water at dawn. ".repeat(20_000));
const DAY_MS = 24 * 60 * 60 * 1000;

let home: Home;
let ada: Person;
let client: ConvexHttpClient;

beforeAll(async () => {
  home = await startHome();
  ada = await signIn(home, "ada@example.com");
  client = await ada.http();
});
afterAll(() => home?.dispose());

const bearer = async (person = ada) => ({ authorization: `Bearer ${await person.token()}` });

async function upload(body: Buffer, headers: Record<string, string> = {}): Promise<string> {
  const init = { method: "POST", body: new Uint8Array(body), headers: { ...(await bearer()), ...headers } };
  const response = await fetch(`${home.urls.site}/media/upload`, init);
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { mediaId: string }).mediaId;
}

const get = async (mediaId: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(`${home.urls.site}/media/${mediaId}`, { method, headers: { ...(await bearer()), ...headers } });

test("[A19] an uploaded file rests sealed and is served whole, by range, by head and by ticket", async () => {
  const mediaId = await upload(NOTES, { "x-file-name": "the-heron-waits.txt" });
  const whole = await get(mediaId);
  expect(Buffer.from(await whole.arrayBuffer()).equals(NOTES)).toBe(true);
  const part = await get(mediaId, { range: "bytes=300000-300099" });
  expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 300000-300099/${NOTES.length}`]);
  expect(Buffer.from(await part.arrayBuffer()).equals(NOTES.subarray(300_000, 300_100))).toBe(true);
  const head = await get(mediaId, {}, "HEAD");
  expect([head.status, head.headers.get("content-length")]).toEqual([200, String(NOTES.length)]);

  const { url } = await client.action(api.media.ticket, { mediaId });
  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(url.replace("signature=", "signature=x"))).status).toBe(404);
  const ben = await signIn(home, "ben@example.com");
  const foreign = await fetch(`${home.urls.site}/media/${mediaId}`, { headers: await bearer(ben) });
  expect(foreign.status).toBe(404);
  expect(findLeaks(home.dataDir, ["The heron waits by the water", "the-heron-waits.txt"])).toEqual([]);
});

test("the page of the home may upload from its own origin, and a body may come without its length", async () => {
  const preflight = await fetch(`${home.urls.site}/media/upload`, {
    method: "OPTIONS",
    headers: { origin: home.urls.web, "access-control-request-method": "POST" },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, home.urls.web]);
  expect(preflight.headers.get("access-control-allow-headers")).toContain("X-File-Name");
  const body = new Blob(["no length"]).stream();
  const init = { method: "POST", body, duplex: "half", headers: await bearer() };
  const { mediaId } = (await (await fetch(`${home.urls.site}/media/upload`, init)).json()) as { mediaId: string };
  expect(await (await get(mediaId)).text()).toBe("no length");
});

test("a picture loses its description and gets a thumbnail, and both are there after a crash", async () => {
  const mediaId = await upload(await describedJpeg(), { "x-file-name": "holiday.jpg" });
  await expect.poll(async () => (await get(`${mediaId}?variant=thumbnail`)).status, { timeout: 20_000 }).toBe(200);
  await home.kill();
  await home.restart();
  client = await ada.http();
  const served = Buffer.from(await (await get(mediaId)).arrayBuffer());
  expect(served.includes(SECRET)).toBe(false);
  expect((await get(`${mediaId}?variant=thumbnail`)).headers.get("content-type")).toBe("image/webp");
  expect(findLeaks(path.join(home.dataDir, "objects"), [SECRET, "holiday.jpg"])).toEqual([]);
});

test("a body cut off half-way leaves the home as it was", async () => {
  const { hostname, port } = new URL(home.urls.site);
  const head = `POST /media/upload HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${await ada.token()}\r\ncontent-length: 100000\r\n\r\n`;
  const socket = createConnection({ host: hostname, port: Number(port) });
  await new Promise((resolve) => socket.write(head + "a".repeat(50_000), resolve));
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.destroy();
  expect((await get(await upload(Buffer.from("still here")))).status).toBe(200);
  expect(home.printed()).not.toContain("Unhandled");
});

test("files are stored and read while the shared clock is days ahead of the bucket's", async () => {
  await advanceClock(home, 3 * DAY_MS);
  client = await ada.http();
  const mediaId = await upload(Buffer.from("from the future"));
  expect(await (await get(mediaId)).text()).toBe("from the future");
  await client.mutation(api.media.remove, { mediaId });
  expect((await get(mediaId)).status).toBe(404);
});
