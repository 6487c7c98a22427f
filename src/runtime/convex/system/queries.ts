/**
 * The queries of Convex's own that the official CLI asks for. They are answered by the runtime itself, in ordinary
 * transactions, so that the CLI can watch them like any other query. For the admin alone.
 */
import { convexToJson } from "convex/values";
import { z } from "zod";
import { type Variables, variablesIn } from "../environmentVariables.ts";
import type { LoadedDeployment } from "../functions/deployment.ts";
import { moduleAndExport } from "../functions/deployment.ts";
import { httpRoutesOf, UDF_TYPES } from "../push/report.ts";
import { newestRows } from "../systemRows.ts";
import { EXPORTS_TABLE } from "../transfer/exports.ts";
import { IMPORTS_TABLE } from "../transfer/imports.ts";
import type { Catalog, ComponentPath, DeployedFunction, Json, JsonText, PageRequest, Transaction } from "../types.ts";
import type { JsonObject } from "../values/encoded.ts";

/** What the queries answer from, besides the transaction. */
export interface SystemSources {
  catalog: Catalog;
  deployment: () => LoadedDeployment;
  /** What the process was started with. */
  baseVariables: Variables;
  cloudUrl: () => string;
}

export interface SystemCall {
  tx: Transaction;
  component: ComponentPath;
  args: Json;
  /** End of the page at an earlier run. */
  journal: string | null;
}

export interface SystemAnswer {
  value: JsonText;
  journal?: string | null;
}

type SystemQuery = (call: SystemCall, sources: SystemSources) => SystemAnswer;

const vPagination = z.object({ numItems: z.number(), cursor: z.string().nullable(), endCursor: z.string().nullish() });

/** Where the CLI looks for imports that are still running. */
const IMPORTS_LISTED = 20;

/** By canonical path. */
export const SYSTEM_QUERIES: Readonly<Record<string, SystemQuery>> = {
  "_system/cli/tables:default": tables,
  "_system/cli/tableData:default": tableData,
  "_system/cli/tableSize:default": tableSize,
  "_system/cli/queryTable:default": tableChanges,
  "_system/cli/queryEnvironmentVariables:default": environmentVariables,
  "_system/cli/queryEnvironmentVariables:get": environmentVariable,
  "_system/cli/modules:apiSpec": apiSpec,
  "_system/cli/exports:getLatest": ({ tx }) => encoded(newestRows<JsonObject>(tx, "", EXPORTS_TABLE, 1)[0] ?? null),
  "_system/cli/queryImport:list": ({ tx }) => encoded(newestRows<JsonObject>(tx, "", IMPORTS_TABLE, IMPORTS_LISTED)),
  "_system/cli/queryImport:default": importState,
  "_system/cli/convexUrl:cloudUrl": (_call, { cloudUrl }) => json(cloudUrl()),
};

function tables({ component }: SystemCall, { catalog }: SystemSources): SystemAnswer {
  const page = catalog.tableNames(component).map((name) => ({ name }));
  return json({ page, isDone: true, continueCursor: "end" });
}

function tableData({ tx, component, args, journal }: SystemCall): SystemAnswer {
  const vArgs = z.object({ table: z.string(), order: z.enum(["asc", "desc"]), paginationOpts: vPagination });
  const { table: tableName, order, paginationOpts } = vArgs.parse(args);
  const { numItems: pageSize, cursor, endCursor } = paginationOpts;
  const query: PageRequest["query"] = { source: { type: "FullTableScan", tableName, order }, operators: [] };
  const result = tx.page(component, { query, cursor, endCursor, journalEndCursor: journal, pageSize });
  const { page, ...rest } = result;
  return {
    value: `${JSON.stringify(rest).slice(0, -1)},"page":[${page.join(",")}]}`,
    journal: result.continueCursor,
  };
}

function tableSize({ tx, component, args }: SystemCall): SystemAnswer {
  return json(tx.count(component, tableNameIn(args)));
}

/** A result that differs whenever a document of the table was written. */
function tableChanges({ tx, component, args }: SystemCall): SystemAnswer {
  tx.count(component, tableNameIn(args));
  return json(String(tx.beginTs));
}

function environmentVariables({ tx }: SystemCall, { baseVariables }: SystemSources): SystemAnswer {
  const all = Object.entries(variablesIn(tx, baseVariables)).sort(([a], [b]) => (a < b ? -1 : 1));
  return json(all.map(([name, value]) => ({ name, value })));
}

function environmentVariable({ tx, args }: SystemCall, { baseVariables }: SystemSources): SystemAnswer {
  const { name } = z.object({ name: z.string() }).parse(args);
  const value = variablesIn(tx, baseVariables)[name];
  return json(value === undefined ? null : { name, value });
}

function importState({ tx, args }: SystemCall): SystemAnswer {
  const { importId } = z.object({ importId: z.string() }).parse(args);
  return { value: tx.get("", importId, IMPORTS_TABLE) ?? "null" };
}

function apiSpec({ component }: SystemCall, { deployment }: SystemSources): SystemAnswer {
  const instance = deployment().instance(component);
  const routes = (httpRoutesOf(instance) ?? []).map((route) => ({ functionType: "HttpAction", ...route }));
  return json([...[...instance.functions.values()].map(functionSpec), ...routes]);
}

function functionSpec({ path, kind, visibility, args, returns }: DeployedFunction) {
  const { modulePath, exportName } = moduleAndExport(path);
  return {
    identifier: `${modulePath}:${exportName}`,
    functionType: UDF_TYPES[kind],
    visibility: { kind: visibility },
    args,
    returns: returns ?? { type: "any" },
  };
}

function tableNameIn(args: Json): string {
  return z.object({ tableName: z.string() }).parse(args).tableName;
}

/** For documents, which are encoded as they rest. */
function encoded(documents: Json): SystemAnswer {
  return { value: JSON.stringify(documents) };
}

/** For plain values. */
function json(value: unknown): SystemAnswer {
  return { value: JSON.stringify(convexToJson(value as Parameters<typeof convexToJson>[0])) };
}
