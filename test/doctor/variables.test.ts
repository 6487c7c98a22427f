import { describe, expect, test } from "vitest";
import { inspect, type Values, variables } from "../../scripts/doctor/variables.ts";

const masterKey = Buffer.alloc(32, 7).toString("base64");

const complete: Values = {
  CLERK_JWT_ISSUER_DOMAIN: "https://clerk.example.com",
  CLERK_SECRET_KEY: "sk_live_abc",
  CLERK_WEBHOOK_SECRET: `whsec_${Buffer.from("a webhook secret").toString("base64")}`,
  CRYPTO_KEYRING: JSON.stringify({ k26a: masterKey }),
  CRYPTO_ACTIVE_KID: "k26a",
  CRYPTO_ENV_ID: "prod-eu1",
  ERASURE_KEY: masterKey,
  CHAT_BASE_URL: "https://models.example.com/v1",
  CHAT_API_KEY: "key",
  CHAT_MODELS: '[{"id":"small"},{"id":"large","label":"Large"}]',
  ALLOWED_ORIGINS: "https://chat.example.com, https://www.example.com",
  APP_URL: "https://chat.example.com",
  OPERATOR_NAME: "Example",
  PRIVACY_EMAIL: "privacy@example.com",
  SECURITY_EMAIL: "security@example.com",
};

function wrong(values: Values): Record<string, string> {
  const findings = inspect(values).filter(({ state }) => state === "wrong");
  return Object.fromEntries(findings.map(({ name, message }) => [name, message]));
}

describe("the doctor's look at the variables", () => {
  test("a complete set without media has nothing wrong", () => {
    expect(wrong(complete)).toEqual({});
  });

  test("every variable that is always needed is missed when unset", () => {
    const always = variables.filter(({ needed }) => needed === "always").map(({ name }) => name);
    expect(Object.keys(wrong({}))).toEqual(always);
  });

  test("a bucket without its keys is incomplete", () => {
    const names = Object.keys(wrong({ ...complete, R2_BUCKET: "media" }));
    expect(names).toEqual(["R2_ENDPOINT", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"]);
  });

  test("a deployment that is still being restored is not well", () => {
    expect(wrong({ ...complete, RESTORING: "true" })).toMatchObject({ RESTORING: expect.stringContaining("unset it") });
  });

  test.each([
    ["CLERK_JWT_ISSUER_DOMAIN", "clerk.example.com", "is not a URL"],
    ["CLERK_JWT_ISSUER_DOMAIN", "http://clerk.example.com", "must begin with https://"],
    ["CLERK_SECRET_KEY", "pk_live_abc", "must begin with sk_live_ or sk_test_"],
    ["CLERK_WEBHOOK_SECRET", "whsec_***", "is not base64 after whsec_"],
    ["CRYPTO_KEYRING", "{k26a}", "must be a JSON object from key id to base64"],
    ["CRYPTO_KEYRING", "[]", "must be a JSON object from key id to base64"],
    ["CRYPTO_KEYRING", "{}", "holds no key"],
    ["CRYPTO_KEYRING", '{"k26a":"c2hvcnQ="}', 'CRYPTO_KEYRING: key "k26a" must be 32 bytes in base64'],
    ["CRYPTO_ACTIVE_KID", "k26b", "names a key that CRYPTO_KEYRING does not hold"],
    ["CRYPTO_ENV_ID", "Prod EU", 'must be 1 to 32 letters, digits, "-" or "_"'],
    [
      "ALLOWED_ORIGINS",
      "https://chat.example.com/",
      '"https://chat.example.com/" is not an origin such as https://chat.example.com',
    ],
    ["PRIVACY_EMAIL", "privacy", "is not a mail address"],
  ])("%s %j is found wrong, with the reason", (name, value, reason) => {
    expect(wrong({ ...complete, [name]: value })).toMatchObject({ [name]: reason });
  });

  test("a value longer than Convex keeps is found wrong", () => {
    const long = { ...complete, CHAT_API_KEY: "x".repeat(8_193) };
    expect(wrong(long)).toEqual({ CHAT_API_KEY: "is longer than 8192 bytes" });
  });

  test("no message repeats a secret", () => {
    const secrets = {
      ...complete,
      CLERK_SECRET_KEY: "leaked-1",
      CRYPTO_KEYRING: '{"k":"leaked-2"}',
      CHAT_API_KEY: "leaked 3",
    };
    expect(JSON.stringify(inspect(secrets))).not.toMatch(/leaked/);
  });
});
