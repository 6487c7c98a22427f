import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { isPublicAddress, pull } from "../../convex/media/pulling.ts";

/** A server on loopback, and how often it was asked. */
async function serve(listener: RequestListener) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers["authorization"] ?? ""}`.trim());
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, port, asked };
}

async function pulled(url: string, trustedOrigin: string, headers: Record<string, string> = {}): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await pull({ url, headers, trustedOrigin })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe("pulling a result", () => {
  it("reads what the provider's own address gives, and shows its key there", async () => {
    const { origin, asked } = await serve((_request, response) => response.end("bytes"));
    expect(await pulled(`${origin}/x`, origin, { Authorization: "Bearer k" })).toBe("bytes");
    expect(asked).toEqual(["/x Bearer k"]);
  });

  it("follows a redirect within that address, and gives up on a circle", async () => {
    const { origin, asked } = await serve((request, response) => {
      if (request.url === "/b") response.end("bytes");
      else response.writeHead(302, { location: request.url === "/a" ? "/b" : "/circle" }).end();
    });
    expect(await pulled(`${origin}/a`, origin)).toBe("bytes");
    await expect(pulled(`${origin}/circle`, origin)).rejects.toThrow(/too many redirects/);
    expect(asked).toHaveLength(6);
  });

  it.each([
    (port: number) => `http://127.0.0.1:${port}/`,
    (port: number) => `https://127.0.0.1:${port}/`,
    (port: number) => `https://localhost:${port}/`,
    (port: number) => `https://[::1]:${port}/`,
    (port: number) => `https://[::ffff:127.0.0.1]:${port}/`,
    (port: number) => `https://0.0.0.0:${port}/`,
    (port: number) => `https://2130706433:${port}/`,
    (port: number) => `https://0x7f.1:${port}/`,
    () => "file:///etc/passwd",
    () => "ftp://example.com/x",
    () => "data:image/png;base64,AAAA",
    () => "nowhere",
    () => "",
  ])("never asks an internal address (%s)", async (urlOf) => {
    const { port, asked } = await serve((_request, response) => response.end("secret"));
    await expect(pulled(urlOf(port), "https://provider.example")).rejects.toMatchObject({ name: "PullError" });
    expect(asked).toEqual([]);
  });

  it("does not follow the provider's address to an internal one, nor show its key anywhere else", async () => {
    const internal = await serve((_request, response) => response.end("secret"));
    const { origin } = await serve((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${internal.port}/admin` }).end();
    });
    const leaving = pulled(`${origin}/x`, origin, { Authorization: "Bearer k" });
    await expect(leaving).rejects.toMatchObject({ name: "PullError", isForGood: true });
    expect(internal.asked).toEqual([]);
  });

  it("tells what may pass from what will not", async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === "/cut") {
        response.writeHead(200, { "content-length": "100" });
        response.write("half");
        setTimeout(() => response.destroy(), 20);
      } else response.writeHead(Number(request.url?.slice(1))).end();
    });
    await expect(pulled(`${origin}/500`, origin)).rejects.toMatchObject({ isForGood: false });
    await expect(pulled(`${origin}/429`, origin)).rejects.toMatchObject({ isForGood: false });
    await expect(pulled(`${origin}/404`, origin)).rejects.toMatchObject({ isForGood: true });
    await expect(pulled(`${origin}/cut`, origin)).rejects.toMatchObject({ isForGood: false });
  });
});

describe("an address", () => {
  it.each(["1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"])(
    "%s is public",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2001:db8::1",
    "2002:a00:1::",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "ff02::1",
    "example.com",
    "",
  ])("%s is not", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
