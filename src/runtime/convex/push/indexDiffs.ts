/** Which indexes a new schema adds, drops, stages or opens, compared with the one in service. Pure. */
import type { SchemaJson, TableJson } from "../types.ts";

/** An index as the official CLI prints it; `name` is "table.index". */
export interface IndexConfig {
  type: "database";
  name: string;
  fields: string[];
  staged: boolean;
}

export interface IndexDiff {
  added_indexes: IndexConfig[];
  removed_indexes: IndexConfig[];
  enabled_indexes: IndexConfig[];
  disabled_indexes: IndexConfig[];
}

export function indexDiff(previous: SchemaJson | null, next: SchemaJson | null): IndexDiff {
  const before = indexesOf(previous);
  const after = indexesOf(next);
  const kept = after.filter((index) => before.some((each) => isSame(each, index)));
  const stagedBefore = (index: IndexConfig) => before.some((each) => isSame(each, index) && each.staged);
  return {
    added_indexes: after.filter((index) => !kept.includes(index)),
    removed_indexes: before.filter((index) => !kept.some((each) => isSame(each, index))),
    enabled_indexes: kept.filter((index) => !index.staged && stagedBefore(index)),
    disabled_indexes: kept.filter((index) => index.staged && !stagedBefore(index)),
  };
}

function indexesOf(schema: SchemaJson | null): IndexConfig[] {
  return (schema?.tables ?? []).flatMap((table) => [
    ...configsOf(table, table.indexes, false),
    ...configsOf(table, table.stagedDbIndexes ?? [], true),
  ]);
}

function configsOf({ tableName }: TableJson, indexes: TableJson["indexes"], staged: boolean): IndexConfig[] {
  return indexes.map(({ indexDescriptor, fields }) => ({
    type: "database",
    name: `${tableName}.${indexDescriptor}`,
    fields,
    staged,
  }));
}

function isSame(left: IndexConfig, right: IndexConfig): boolean {
  return left.name === right.name && JSON.stringify(left.fields) === JSON.stringify(right.fields);
}
