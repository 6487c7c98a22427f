/** Commits without pause to the store named on the command line, printing each number once it is acknowledged. */
import { openStore } from "../../../src/runtime/convex/store/store.ts";
import type { Transaction } from "../../../src/runtime/convex/types.ts";

const store = openStore({ path: process.argv[2] as string, clock: { nowMs: Date.now } });

function countOne(tx: Transaction): number {
  const json = tx
    .query("", { source: { type: "FullTableScan", tableName: "counter", order: null }, operators: [] })
    .next();
  const counter = json === null ? null : (JSON.parse(json) as { _id: string; count: number });
  const number = (counter?.count ?? 0) + 1;
  if (counter) tx.patch("", counter._id, { count: number });
  else tx.insert("", "counter", { count: number });
  return number;
}

for (;;) {
  const tx = store.begin();
  const number = countOne(tx);
  tx.insert("", "pairs", { number, padding: "x".repeat(number % 5000) });
  tx.insert("", "pairs", { number });
  await store.commit(tx);
  process.stdout.write(`${number}\n`);
}
