import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import schema from "../../convex/schema.ts";
import { DATA_CLASSES } from "../../src/policy/dataClasses.ts";
import { COMPONENTS, EXEMPT_TABLES, PERSONAL_TABLES } from "../../src/policy/registry.ts";

const tables = Object.keys(schema.tables) as (keyof typeof schema.tables)[];
const entries = Object.entries(PERSONAL_TABLES);

describe("the registry of tables", () => {
  it("[A21] has one entry for every table of the schema, and none for others", () => {
    const listed = [...Object.keys(PERSONAL_TABLES), ...Object.keys(EXEMPT_TABLES)];
    expect(listed.toSorted()).toEqual(tables.toSorted());
  });

  it("exempts no table that an id or an identity of a person could find, except with a reason", () => {
    for (const [table, { exempt }] of Object.entries(EXEMPT_TABLES)) {
      expect(exempt.length, table).toBeGreaterThan(20);
    }
  });

  it.each(entries)("finds the rows of %s by the first field of an index the schema has", (table, { subject }) => {
    const indexes = schema.tables[table as keyof typeof schema.tables][" indexes"]();
    const index = indexes.find(({ indexDescriptor }) => indexDescriptor === subject.index);
    expect(index?.fields[0]).toBe(subject.field);
  });

  it.each(entries)("lets %s hold a kind of data that the privacy page explains", (_table, { holds }) => {
    expect(DATA_CLASSES).toHaveProperty(holds);
  });

  it("deletes keys first and the account last, and children before their parents", () => {
    const order = Object.keys(PERSONAL_TABLES);
    const shredded = entries.flatMap(([table, { erasure }]) =>
      erasure.act === "delete" && erasure.shred ? [table] : [],
    );
    expect(order.slice(0, shredded.length)).toEqual(shredded);
    expect(order.at(-1)).toBe("users");
    for (const [before, after] of [
      ["generations", "messages"],
      ["mediaJobs", "messages"],
      ["messages", "threads"],
      ["objects", "media"],
      ["memberships", "workspaces"],
    ] as const) {
      expect(order.indexOf(before), `${before} before ${after}`).toBeLessThan(order.indexOf(after));
    }
  });

  it("exports no key", () => {
    const exported = entries.filter(([, entry]) => entry.exported).map(([table]) => table);
    expect(exported).not.toContain("userKeys");
    expect(entries.filter(([, { holds, exported }]) => holds === "keys" && exported)).toEqual([]);
  });

  it("has an entry for every component", () => {
    const config = readFileSync("convex/convex.config.ts", "utf8");
    const mounted = [...config.matchAll(/app\.use\((\w+)(?:, \{ name: "(\w+)" \})?\)/g)];
    expect(mounted.length).toBeGreaterThan(1);
    expect(Object.keys(COMPONENTS).toSorted()).toEqual(mounted.map(([, own, given]) => given ?? own).toSorted());
  });
});
