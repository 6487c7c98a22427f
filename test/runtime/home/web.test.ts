import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { clerkHostOf, contentPolicy } from "../../../src/runtime/contentPolicy.ts";
import { headersFile, pageHeaders } from "../../../src/runtime/pageHeaders.ts";
import { type PageConfig, startWeb } from "../../../src/runtime/web.ts";

const CONFIG: PageConfig = {
  convexUrl: "http://127.0.0.1:3210",
  convexSiteUrl: "http://127.0.0.1:3211",
  identityUrl: "http://127.0.0.1:3213",
  signIn: "embedded",
  operatorName: "Example",
  contact: "privacy@example.com",
};

async function startTestWeb({ config = Promise.resolve(CONFIG), built = Promise.resolve() } = {}) {
  const parent = await mkdtemp(path.join(os.tmpdir(), "noruxa-web-"));
  const dir = path.join(parent, "web");
  await mkdir(path.join(dir, "assets"), { recursive: true });
  await writeFile(path.join(parent, "secret.txt"), "secret");
  await writeFile(path.join(dir, "index.html"), "<!doctype html><title>App</title>");
  await writeFile(path.join(dir, "assets", "app-1a2b.js"), "export {};\n".repeat(500));
  const web = await startWeb({ host: "127.0.0.1", port: 0, dir, config, built, clerkHost: null });
  onTestFinished(async () => {
    await web.close();
    await rm(parent, { recursive: true, force: true });
  });
  return (route: string, init?: RequestInit) => fetch(web.url + route, init);
}

test.each(["/", "/threads/abc", "/assets/app-1a2b.js", "/config.json", "/missing.js"])(
  "[B26] %s carries the security headers",
  async (route) => {
    const get = await startTestWeb();
    const { headers } = await get(route);
    expect(Object.fromEntries(headers)).toMatchObject({
      "strict-transport-security": expect.stringMatching(/max-age=\d{8}/),
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    const policy = headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain("unsafe");
  },
);

test("[A17] the policy lets the page talk to the home's own services and to nobody else", async () => {
  const get = await startTestWeb();
  const policy = (await get("/")).headers.get("content-security-policy")!;
  const origins = policy.match(/(https?|wss?):\/\/[^\s;]+|\*/g);
  expect(new Set(origins)).toEqual(
    new Set([CONFIG.convexUrl, "ws://127.0.0.1:3210", CONFIG.convexSiteUrl, CONFIG.identityUrl]),
  );
});

test("with Clerk the policy admits its host as well, and still no inline script", () => {
  const host = clerkHostOf(`pk_test_${Buffer.from("clerk.example.com$").toString("base64")}`);
  expect(host).toBe("clerk.example.com");
  const { scriptSrc, connectSrc } = contentPolicy([], host);
  expect(scriptSrc).toContain("https://clerk.example.com");
  expect(scriptSrc).not.toContain("'unsafe-inline'");
  expect(connectSrc).toEqual(["'self'", "https://clerk.example.com"]);
  const rubbish = ["", "pk_test_", "sk_test_abc", `pk_test_${Buffer.from("a;b$").toString("base64")}`];
  expect(rubbish.map(clerkHostOf)).toEqual(rubbish.map(() => null));
});

/** The headers that a `_headers` file gives everything. */
function headersForAll(file: string): Record<string, string> {
  const lines = file.split("\n\n")[0]!.split("\n");
  expect(lines[0]).toBe("/*");
  return Object.fromEntries(lines.slice(1).map((line) => line.trim().split(/: (.*)/s) as [string, string]));
}

test("[B26] a static host is told to send what we send", async () => {
  const get = await startTestWeb();
  const sent = Object.fromEntries((await get("/")).headers);
  const services = { convexUrl: "https://a-1.convex.cloud", convexSiteUrl: "https://a-1.convex.site" };
  const told = headersForAll(headersFile({ VITE_CONVEX_URL: services.convexUrl }, null));
  expect(told).toEqual(pageHeaders(services, null));
  expect(sent).toMatchObject(pageHeaders(CONFIG, null));
  expect(Object.keys(sent)).toEqual(expect.arrayContaining(Object.keys(told)));
});

test("a build that knows no deployment lets the page talk to Convex's own and to nobody else", () => {
  const policy = headersForAll(headersFile({}, null))["content-security-policy"]!;
  expect(/connect-src ([^;]*)/.exec(policy)?.[1]).toBe(
    "'self' https://*.convex.cloud wss://*.convex.cloud https://*.convex.site",
  );
});

test("any path of the app is the app, and a file that is missing is missing", async () => {
  const get = await startTestWeb();
  for (const route of ["/", "/threads/abc"]) {
    const page = await get(route);
    expect([page.status, page.headers.get("content-type"), await page.text()]).toEqual([
      200,
      expect.stringContaining("text/html"),
      expect.stringContaining("App"),
    ]);
    expect(page.headers.get("cache-control")).toBe("no-cache");
  }
  expect((await get("/assets/gone.js")).status).toBe(404);
  expect((await get("/", { method: "POST" })).status).toBe(404);
});

test("assets are named by their content and kept for ever; where the services are is never kept", async () => {
  const get = await startTestWeb();
  const asset = await get("/assets/app-1a2b.js");
  expect(asset.headers.get("cache-control")).toContain("immutable");
  expect(asset.headers.get("content-type")).toContain("javascript");
  expect(asset.headers.get("content-encoding")).toBe("gzip");
  const config = await get("/config.json");
  expect([config.headers.get("cache-control"), await config.json()]).toEqual(["no-store", CONFIG]);
});

test.each(["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%5c..%5csecret.txt"])(
  "nothing outside the folder is served for %s",
  async (route) => {
    const get = await startTestWeb();
    expect(await (await get(route)).text()).not.toContain("secret");
  },
);

test("requests that come while the home starts wait for it", async () => {
  const config = Promise.withResolvers<PageConfig>();
  const built = Promise.withResolvers<void>();
  const get = await startTestWeb({ config: config.promise, built: built.promise });
  let answered = false;
  const page = get("/").then((response) => {
    answered = true;
    return response;
  });
  config.resolve(CONFIG);
  expect((await get("/config.json")).status).toBe(200);
  expect(answered).toBe(false);
  built.resolve();
  expect((await page).status).toBe(200);
});
