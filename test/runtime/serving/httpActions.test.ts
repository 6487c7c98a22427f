import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api, startIssuer, startRuntime, type TestIssuer, type TestRuntime, until } from "./support.ts";

let issuer: TestIssuer;
let runtime: TestRuntime;

beforeAll(async () => {
  issuer = await startIssuer();
  runtime = await startRuntime({ env: { TEST_ISSUER: issuer.url } });
});
afterAll(async () => {
  await runtime.close();
  await issuer.close();
});

function get(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`${runtime.siteUrl}${path}`, init);
}

describe("routing", () => {
  test("reaches HTTP actions on the site port, and under /http on the API port", async () => {
    expect(await (await get("/hello")).text()).toBe("hello from /hello");
    expect(await (await fetch(`${runtime.apiUrl}/http/hello`)).text()).toBe("hello from /hello");
  });

  test("answers 404 where nothing is routed, and 500 where the action throws", async () => {
    expect((await get("/nothing")).status).toBe(404);
    const failed = await get("/fail");
    expect(failed.status).toBe(500);
    expect(await failed.json()).toMatchObject({ code: expect.stringContaining("Server Error") });
  });

  test("answers HEAD with the head of GET", async () => {
    const response = await get("/hello", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  test("shows the address the client used, also behind a proxy that ends TLS", async () => {
    expect(await (await get("/url?a=1")).text()).toBe(`${runtime.siteUrl}/url?a=1`);
    const forwarded = await get("/url", { headers: { "x-forwarded-proto": "https" } });
    expect(await forwarded.text()).toBe(`${runtime.siteUrl.replace("http:", "https:")}/url`);
  });
});

describe("identity", () => {
  test("a token makes one", async () => {
    const authorization = `Bearer ${await issuer.token("ada")}`;
    const response = await get("/whoami", { headers: { authorization } });
    expect(await response.json()).toEqual({ subject: "ada", header: authorization });
  });

  test.each(["Bearer garbage", "Basic dXNlcjpwYXNz", "ApiKey x"])(
    "%s makes none, and the handler sees it",
    async (header) => {
      const response = await get("/whoami", { headers: { authorization: header } });
      expect(await response.json()).toEqual({ subject: null, header });
    },
  );
});

describe("bodies", () => {
  const LIMIT = 20 * 1024 * 1024;

  test("of requests arrive up to 20 MiB and are refused beyond", async () => {
    const post = (bytes: number) => get("/length", { method: "POST", body: new Uint8Array(bytes) });
    expect(await (await post(LIMIT)).text()).toBe(String(LIMIT));
    expect((await post(LIMIT + 1)).status).toBe(413);
  });

  test("of requests without a length arrive whole", async () => {
    const body = new ReadableStream({
      start: (controller) => {
        for (const text of ["one", "two"]) controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
    const response = await get("/length", { method: "POST", body, duplex: "half" } as RequestInit);
    expect(await response.text()).toBe("6");
  });

  test("of requests without a length are refused beyond 20 MiB too", async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${runtime.siteUrl}/length`, { method: "POST" }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on("error", reject);
      const piece = new Uint8Array(1024 * 1024);
      for (let sent = 0; sent < 21; sent += 1) request.write(piece);
      request.end();
    });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  test("of responses arrive up to 20 MiB, and what is beyond is dropped", async () => {
    const sizeOf = async (bytes: number) => (await (await get(`/large?bytes=${bytes}`)).arrayBuffer()).byteLength;
    expect(await sizeOf(LIMIT)).toBe(LIMIT);
    expect(await sizeOf(LIMIT + 1)).toBe(LIMIT);
  });

  test("of responses stream: the first piece is there before the last is written", async () => {
    const response = await get("/stream?channel=streamed&pauseMs=300");
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe("one");
    expect(await runtime.http().query(api.messages.list, { channel: "streamed" })).toEqual(["one"]);
    let rest = "";
    for (let piece = await reader?.read(); !piece?.done; piece = await reader?.read())
      rest += new TextDecoder().decode(piece?.value);
    expect(rest).toBe("twothree");
  });
});

test("an HTTP action stops when its client goes away", async () => {
  const aborter = new AbortController();
  const response = await get("/stream?channel=gone&pauseMs=300", { signal: aborter.signal });
  await response.body?.getReader().read();
  aborter.abort();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect((await runtime.http().query(api.messages.list, { channel: "gone" })).length).toBeLessThan(3);
});

describe("actions of clients", () => {
  test("see what they have written so far", async () => {
    expect(await runtime.client().action(api.actions.sendTwice, { channel: "action" })).toEqual(["first", "second"]);
    expect(await runtime.http().action(api.actions.sendTwice, { channel: "action2" })).toEqual(["first", "second"]);
  });

  test("that fail reject with their data", async () => {
    await expect(runtime.client().action(api.actions.fail, {})).rejects.toMatchObject({ data: "no" });
  });

  test("run to their end when the client goes away", async () => {
    const client = runtime.client();
    void client.action(api.actions.sendAfter, { channel: "left", body: "done", waitMs: 400 }).catch(() => {});
    await until(
      async () => (await runtime.metrics()).sockets,
      (sockets) => sockets > 0,
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    await client.close();
    await until(
      () => runtime.http().query(api.messages.list, { channel: "left" }),
      (list) => list.length === 1,
    );
    expect(await runtime.http().query(api.messages.list, { channel: "left" })).toEqual(["done"]);
  });
});
