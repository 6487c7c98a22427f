import { describe, expect, it } from "vitest";
import { parseKeyring } from "../../src/shared/keyring.ts";

const key = Buffer.alloc(32, 1).toString("base64");
const good = {
  CRYPTO_KEYRING: JSON.stringify({ k1: key, k2: key }),
  CRYPTO_ACTIVE_KID: "k2",
  CRYPTO_ENV_ID: "prod-eu1",
};

describe("the key ring", () => {
  it("is read from its three variables", () => {
    const ring = parseKeyring(good);
    expect(ring).toMatchObject({ envId: "prod-eu1", activeKid: "k2" });
    expect([...ring.roots.keys()]).toEqual(["k1", "k2"]);
    expect(ring.roots.get("k1")).toEqual(new Uint8Array(32).fill(1));
  });

  it.each<[keyof typeof good, string | undefined]>([
    ["CRYPTO_KEYRING", undefined],
    ["CRYPTO_KEYRING", ""],
    ["CRYPTO_KEYRING", "not json with s3cret"],
    ["CRYPTO_KEYRING", "[]"],
    ["CRYPTO_KEYRING", "{}"],
    ["CRYPTO_KEYRING", '{"k2":"s3cret"}'],
    ["CRYPTO_KEYRING", '{"k2":32}'],
    ["CRYPTO_KEYRING", `{"a key":"${key}"}`],
    ["CRYPTO_KEYRING", `{"k2":"${Buffer.alloc(31).toString("base64")}"}`],
    ["CRYPTO_ACTIVE_KID", undefined],
    ["CRYPTO_ACTIVE_KID", "k3"],
    ["CRYPTO_ENV_ID", undefined],
    ["CRYPTO_ENV_ID", "with space"],
  ])("%s = %j is refused by the name of the variable and without its value", (variable, value) => {
    let message = "";
    try {
      parseKeyring({ ...good, [variable]: value });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(variable);
    expect(message).not.toContain("s3cret");
  });
});
