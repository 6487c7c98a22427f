import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { abortsAbandonedUploads, askAll } from "../../scripts/doctor/probes.ts";
import type { Values } from "../../scripts/doctor/variables.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers each path with JSON, and everything else with 404. */
function pages(byPath: Record<string, unknown>): RequestListener {
  return (request, response) => {
    const body = byPath[request.url ?? ""];
    response
      .writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" })
      .end(JSON.stringify(body ?? {}));
  };
}

async function ask(values: Values, timeoutMs = 5_000) {
  const answers = await askAll(values, (name) => values[name] !== undefined, timeoutMs);
  return answers.filter(({ state }) => state !== "left out").map(({ state, message }) => ({ state, message }));
}

describe("the doctor's questions to the services", () => {
  test("without variables every question is left out", async () => {
    expect(await ask({})).toEqual([]);
  });

  test("an issuer that publishes its keys under its own name is well", async () => {
    const site: Record<string, unknown> = {};
    const issuer = await serve(pages(site));
    site["/.well-known/openid-configuration"] = { issuer, jwks_uri: `${issuer}/jwks` };
    site["/jwks"] = { keys: [{ kid: "1" }] };
    expect(await ask({ CLERK_JWT_ISSUER_DOMAIN: issuer })).toEqual([{ state: "ok", message: "" }]);
  });

  test("an issuer under another name is wrong", async () => {
    const issuer = await serve(pages({ "/.well-known/openid-configuration": { issuer: "https://other.example.com" } }));
    const [answer] = await ask({ CLERK_JWT_ISSUER_DOMAIN: issuer });
    expect(answer).toMatchObject({ state: "wrong", message: expect.stringContaining("other.example.com") });
  });

  test.each([
    [[], 'Clerk has no JWT template named "convex": make one from its Convex preset'],
    [[{ name: "convex", claims: {} }], 'the JWT template "convex" must carry the claim "aud": "convex"'],
    [[{ name: "convex", claims: { aud: "convex" } }], ""],
  ])("JWT templates %j: %j", async (templates, message) => {
    const api = await serve(pages({ "/v1/jwt_templates": templates }));
    expect(await ask({ CLERK_API_URL: api, CLERK_SECRET_KEY: "sk_test_x" })).toEqual([
      { state: message ? "wrong" : "ok", message },
    ]);
  });

  test("a refused model key is told apart from a wrong address", async () => {
    const refusing = await serve((_request, response) => void response.writeHead(401).end());
    const elsewhere = await serve(pages({}));
    const [refused] = await ask({ CHAT_BASE_URL: refusing, CHAT_API_KEY: "k", CHAT_MODELS: '[{"id":"small"}]' });
    const [lost] = await ask({ CHAT_BASE_URL: elsewhere, CHAT_API_KEY: "k", CHAT_MODELS: '[{"id":"small"}]' });
    expect(refused?.message).toBe("the endpoint refuses CHAT_API_KEY");
    expect(lost?.message).toContain("answers 404");
  });

  test("a model that the endpoint does not offer is named", async () => {
    const endpoint = await serve(pages({ "/models": { data: [{ id: "small" }] } }));
    const models = (...ids: string[]) => JSON.stringify(ids.map((id) => ({ id })));
    const values = { CHAT_BASE_URL: endpoint, CHAT_API_KEY: "k" };
    expect(await ask({ ...values, CHAT_MODELS: models("small") })).toEqual([{ state: "ok", message: "" }]);
    const [answer] = await ask({ ...values, CHAT_MODELS: models("small", "huge") });
    expect(answer).toEqual({ state: "wrong", message: "the endpoint does not offer huge" });
  });

  test("a bucket is asked with a signature, and strangers must be refused", async () => {
    const r2 = await serve((request, response) => {
      const signed = request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 ");
      response.writeHead(signed ? 200 : 403).end(signed ? rule("Enabled") : "");
    });
    expect((await ask(bucket(r2))).map(({ state }) => state)).toEqual(["ok", "ok", "ok"]);
  });

  test("keys that may not read a bucket's settings leave the lifecycle rule untold, not wrong", async () => {
    const r2 = await serve((request, response) => {
      const refused = !request.headers.authorization || request.url?.endsWith("?lifecycle");
      response.writeHead(refused ? 403 : 200).end();
    });
    expect((await ask(bucket(r2))).map(({ state }) => state)).toEqual(["ok", "ok"]);
  });

  test("a bucket open to strangers without a lifecycle rule is wrong twice", async () => {
    const r2 = await serve((_request, response) => void response.writeHead(200).end());
    expect((await ask(bucket(r2))).map(({ state }) => state)).toEqual(["ok", "wrong", "wrong"]);
  });

  test("a service that never answers is given up on", async () => {
    const silent = await serve(() => {});
    expect(await ask({ CHAT_BASE_URL: silent, CHAT_API_KEY: "k", CHAT_MODELS: '[{"id":"small"}]' }, 50)).toEqual([
      { state: "wrong", message: "gave no answer in time" },
    ]);
  });

  test("a rule against abandoned uploads counts only when it is enabled", () => {
    expect(abortsAbandonedUploads(rule("Enabled"))).toBe(true);
    expect(abortsAbandonedUploads(rule("Disabled"))).toBe(false);
    expect(abortsAbandonedUploads("<Error><Code>NoSuchLifecycleConfiguration</Code></Error>")).toBe(false);
  });
});

function rule(status: string): string {
  return `<LifecycleConfiguration><Rule><Status>${status}</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>`;
}

function bucket(endpoint: string): Values {
  return { R2_ENDPOINT: endpoint, R2_BUCKET: "media", R2_ACCESS_KEY_ID: "id", R2_SECRET_ACCESS_KEY: "secret" };
}
