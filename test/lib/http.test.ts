import { describe, expect, it, vi } from "vitest";
import { startBackend, useBackendEnvironment } from "../support/backend.ts";

useBackendEnvironment();

const SECURITY_HEADERS = {
  "strict-transport-security": /max-age=\d{8}/,
  "content-security-policy": /default-src 'none'/,
  "cross-origin-opener-policy": /^same-origin$/,
  "cross-origin-embedder-policy": /^require-corp$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "x-content-type-options": /^nosniff$/,
};

describe("HTTP routes", () => {
  it.each([
    ["GET", "/health", 200],
    ["GET", "/.well-known/security.txt", 404],
    ["GET", "/", 404],
    ["POST", "/nowhere", 404],
    ["PUT", "/health", 404],
    ["DELETE", "/a/b/c", 404],
    ["OPTIONS", "/anything", 204],
  ])("[B26] %s %s answers %i with every security header", async (method, path, status) => {
    const response = await startBackend().fetch(path, { method });
    expect(response.status).toBe(status);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) expect(response.headers.get(name)).toMatch(value);
  });

  it("health is ok where keys and models are set up, and unavailable where not, without saying which", async () => {
    const backend = startBackend();
    expect(await (await backend.fetch("/health")).json()).toEqual({ status: "ok" });
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.stubEnv("CRYPTO_ACTIVE_KID", "k9");
    const response = await backend.fetch("/health");
    expect([response.status, await response.json()]).toEqual([503, { status: "unavailable" }]);
  });

  it("[B38] security.txt names the security contact and expires within a year", async () => {
    vi.stubEnv("SECURITY_EMAIL", "security@example.com");
    const text = await (await startBackend().fetch("/.well-known/security.txt")).text();
    expect(text).toContain("Contact: mailto:security@example.com\n");
    const expires = Date.parse(/^Expires: (.*)$/m.exec(text)?.[1] ?? "");
    expect(expires).toBeGreaterThan(Date.now());
    expect(expires).toBeLessThan(Date.now() + 365 * 24 * 60 * 60 * 1000);
  });

  it("pages of allowed origins may read, others may not", async () => {
    vi.stubEnv("ALLOWED_ORIGINS", "https://app.example, http://127.0.0.1:3000");
    const backend = startBackend();
    const originAllowedFor = async (Origin: string) =>
      (await backend.fetch("/health", { headers: { Origin } })).headers.get("access-control-allow-origin");
    expect(await originAllowedFor("https://app.example")).toBe("https://app.example");
    expect(await originAllowedFor("http://127.0.0.1:3000")).toBe("http://127.0.0.1:3000");
    expect(await originAllowedFor("https://evil.example")).toBeNull();
    expect(await originAllowedFor("null")).toBeNull();
  });
});
