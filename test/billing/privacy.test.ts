import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { api } from "../../convex/_generated/api.js";
import schema from "../../convex/schema.ts";
import { holdsCardNumber } from "../../src/shared/cardNumbers.ts";
import { refusalOf, signedIn, startBackend, useBackendEnvironment } from "../support/backend.ts";

useBackendEnvironment();

/** A validator as a schema exports it. */
type ValidatorJson =
  | { type: "object"; value: Record<string, { fieldType: ValidatorJson }> }
  | { type: "array"; value: ValidatorJson }
  | { type: "union"; value: ValidatorJson[] }
  | { type: "id" | "string" | "number" | "boolean" | "bytes" | "literal" };

interface TableJson {
  tableName: string;
  documentType: ValidatorJson;
}

const { tables } = JSON.parse((schema as unknown as { export(): string }).export()) as { tables: TableJson[] };

/** Names of all fields of a document, at any level. */
function fieldNames(validator: ValidatorJson): string[] {
  if (validator.type === "array") return fieldNames(validator.value);
  if (validator.type === "union") return validator.value.flatMap(fieldNames);
  if (validator.type !== "object") return [];
  return Object.entries(validator.value).flatMap(([name, { fieldType }]) => [name, ...fieldNames(fieldType)]);
}

function fieldsOf(table: string): string[] {
  const found = tables.filter(({ tableName }) => tableName === table);
  return found.flatMap(({ documentType }) => fieldNames(documentType)).toSorted();
}

describe("what is kept of billing", () => {
  it("[A1] [B3] is plan, status, period and the processor's references, and nothing else", () => {
    expect([...new Set(fieldsOf("subscriptions"))]).toEqual([
      "anchorAt",
      "credits",
      "endAt",
      "eventAt",
      "fromAt",
      "granted",
      "identityId",
      "itemId",
      "items",
      "pastDueSinceAt",
      "payment",
      "paymentId",
      "period",
      "periodEndAt",
      "periodStartAt",
      "plan",
      "startAt",
      "status",
      "topUps",
    ]);
  });

  it("[A5] has no field for a password or a card in any table", () => {
    const names = tables.flatMap(({ documentType }) => fieldNames(documentType));
    expect(names.filter((name) => /password|card|iban|cvc|cvv|last4|expiry/iu.test(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(50);
  });

  it("[A4] of usage is times, kinds, models, amounts and credits", () => {
    expect(fieldsOf("usageEvents")).toEqual([
      "credits",
      "endedAt",
      "images",
      "inputTokens",
      "kind",
      "model",
      "outputTokens",
      "ownerId",
      "reasoningTokens",
      "seconds",
      "source",
      "startedAt",
      "subject",
    ]);
  });
});

describe("card numbers", () => {
  it.each([
    "4242424242424242",
    "4242 4242 4242 4242",
    "my card is 5555-5555-5555-4444, thanks",
    "378282246310005",
    "30569309025904",
    "6011111111111117",
  ])("are found in %j", (text) => {
    expect(holdsCardNumber(text)).toBe(true);
  });

  it.each([
    "4242424242424241",
    "1795286780224",
    "user_2abc",
    "2027-05-01 12:00",
    "0.4242424242424242",
    "42 apples",
    "",
  ])("are not found in %j", (text) => {
    expect(holdsCardNumber(text)).toBe(false);
  });

  it("[B3] are refused as a name", async () => {
    const ada = await signedIn(startBackend());
    expect(await refusalOf(ada.mutation(api.account.update, { name: "4242 4242 4242 4242" }))).toBe("invalid");
  });

  it("[B3] are in no source but where they are tested and taken from a test range", () => {
    const files = globSync([
      "convex/**/*.ts",
      "src/**/*.{ts,tsx}",
      "scripts/**/*.{ts,mjs}",
      "docs/*.md",
      ".env.example",
    ]);
    const withCards = files.filter((file) => holdsCardNumber(readFileSync(file, "utf8")));
    expect(withCards).toEqual([]);
  });
});
