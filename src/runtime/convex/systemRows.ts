/** Reading and writing the runtime's own tables through ordinary transactions. */
import type { ComponentPath, Json, QueryJson, Transaction } from "./types.ts";

/** The documents of an index range, parsed, at most `limit`. */
export function readRows<Row>(
  tx: Transaction,
  namespace: ComponentPath,
  { indexName, range, limit }: { indexName: string; range: RangeOf[]; limit: number },
): Row[] {
  const query: QueryJson = {
    source: { type: "IndexRange", indexName, range, order: "asc" },
    operators: [{ limit }],
  };
  return parsedRows(tx, namespace, query);
}

function parsedRows<Row>(tx: Transaction, namespace: ComponentPath, query: QueryJson): Row[] {
  const stream = tx.query(namespace, query);
  const rows: Row[] = [];
  try {
    for (let text = stream.next(); text !== null; text = stream.next()) rows.push(JSON.parse(text) as Row);
  } finally {
    stream.close();
  }
  return rows;
}

export type RangeOf = { type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte"; fieldPath: string; value: Json };

export function eq(fieldPath: string, value: Json): RangeOf {
  return { type: "Eq", fieldPath, value };
}

export function lte(fieldPath: string, value: Json): RangeOf {
  return { type: "Lte", fieldPath, value };
}

/** The newest documents of a table, parsed, at most `limit`. */
export function newestRows<Row>(tx: Transaction, namespace: ComponentPath, tableName: string, limit: number): Row[] {
  const source = { type: "FullTableScan", tableName, order: "desc" } as const;
  return parsedRows(tx, namespace, { source, operators: [{ limit }] });
}
