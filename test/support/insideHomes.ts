/** What only operators and whoever has the disk can see and do of a home. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { type ClerkClient, createClerkClient } from "@clerk/backend";
import { internal } from "../../convex/_generated/api.js";
import schema from "../../convex/schema.ts";
import { connect } from "../../scripts/ops/deployment.ts";
import { MovableClock } from "../../src/runtime/clock.ts";
import { openStore, type SqliteStore } from "../../src/runtime/convex/store/store.ts";
import { DATABASE_FILES } from "../../src/runtime/homeFiles.ts";
import type { Home } from "./home.ts";

/** The identity stand-in of a home, as its operator speaks to it. */
export function clerkOf({ dataDir, urls }: Home): ClerkClient {
  const { CLERK_SECRET_KEY: secretKey } = parseEnv(readFileSync(path.join(dataDir, "secrets.env"), "utf8"));
  return createClerkClient({ secretKey, apiUrl: urls.identity, telemetry: { disabled: true } });
}

/** The identity provider's id of whom a token is for. */
export function subjectOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sub: string }).sub;
}

/** The receipts of erasures in a home that runs, as its operator reads them. */
export function receiptsIn({ dataDir, urls }: Home) {
  return connect({ url: urls.api, data: dataDir }, {}).call(internal.erasure.receipts.check, { after: 0 });
}

/** The newest rows of a table of a home that runs, as the official dashboard and CLI read them; at most a hundred. */
export async function newestRowsIn<Row>({ adminKey, urls }: Home, table: string): Promise<Row[]> {
  const args = { table, order: "desc", paginationOpts: { numItems: 100, cursor: null } };
  const response = await fetch(`${urls.api}/api/query`, {
    method: "POST",
    headers: { authorization: `Convex ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ path: "_system/cli/tableData", args: [args], format: "convex_encoded_json" }),
  });
  const { value } = (await response.json()) as { value: { page: Row[] } };
  return value.page;
}

/** Gives credits to a person in a home that runs, or takes them, as its operator. */
export function adjustCredits({ dataDir, urls }: Home, identityId: string, credits: number) {
  const request = { identityId, credits, requestId: randomUUID(), apply: true };
  return connect({ url: urls.api, data: dataDir }, {}).call(internal.usage.corrections.adjust, request);
}

/** The database of a home that is stopped. */
export function openDatabase({ dataDir }: Home): SqliteStore {
  return openStore({ path: path.join(dataDir, DATABASE_FILES.convex), clock: new MovableClock() });
}

/** Every row of a home that is stopped, as the text that it is stored as, behind the name of its table. */
export function readRows(home: Home): string[] {
  const store = openDatabase(home);
  const rows = Object.keys(schema.tables).flatMap((tableName) => {
    const found = store
      .begin()
      .query("", { source: { type: "FullTableScan", tableName, order: "asc" }, operators: [] });
    const texts: string[] = [];
    for (let row = found.next(); row !== null; row = found.next()) texts.push(`${tableName} ${row}`);
    found.close();
    return texts;
  });
  store.close();
  return rows;
}

/** The rows of one table among those that were read. */
export function rowsIn<Row>(rows: string[], table: string): Row[] {
  return rows.flatMap((row) => (row.startsWith(`${table} `) ? [JSON.parse(row.slice(table.length + 1)) as Row] : []));
}
