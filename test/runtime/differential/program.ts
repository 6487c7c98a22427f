/**
 * Programs for the differential suite: a schema, and calls that write and read under it. Engines make their own ids
 * and times, so steps name rows and jobs by number, counted in the order in which they were made.
 */
import { defineSchema, defineTable, type SchemaDefinition } from "convex/server";
import { type GenericValidator, type Value, v } from "convex/values";
import fc from "fast-check";

export interface Program {
  schema: SchemaPlan;
  /** The calls before this one run without indexes; then they are filled from what is there. */
  indexedFrom: number;
  pagers: Pager[];
  calls: Call[];
}

export type Call =
  | { do: "write" | "read"; steps: Step[] }
  /** Reads the next page of a pager, or the last one again between its two cursors. */
  | { do: "page"; pager: number; again: boolean };

export interface Pager {
  from: Source;
  filter: Filter | null;
  pageSize: number;
}

export type Row = Record<string, Value>;

export type Step =
  | { do: "insert"; table: string; row: Row }
  | { do: "patch"; of: number; row: Row; unset: string[] }
  | { do: "replace"; of: number; row: Row }
  | { do: "delete" | "get"; of: number }
  | { do: "normalize"; of: number; table: string }
  | { do: "select"; from: Source; filter: Filter | null; take: "all" | "first" | "unique" | number }
  | { do: "nest"; kind: "query" | "mutation"; steps: Step[] }
  | { do: "schedule"; delayMs: number; steps: Step[] }
  | { do: "cancel"; of: number }
  | { do: "throw"; data: Value };

export interface Source {
  table: string;
  /** Null: the whole table, by creation time. */
  index: string | null;
  bounds: Bound[];
  order: "asc" | "desc";
}

export interface Bound {
  op: "eq" | "gt" | "gte" | "lt" | "lte";
  field: string;
  /** Missing: the field is not there. */
  value?: Value;
  /** In place of a value: the creation time of this row. */
  timeOf?: number;
}

export type Filter =
  | { op: "eq" | "neq" | "lt" | "lte" | "gt" | "gte"; field: string; value: Value }
  | { op: "and" | "or"; of: Filter[] }
  | { op: "not"; of: Filter }
  /** `n + plus < below` */
  | { op: "sum"; plus: number; below: number };

type Kind = "null" | "int64" | "float64" | "boolean" | "string" | "bytes" | "array" | "object";

interface FieldPlan {
  kinds: Kind[];
  isAny: boolean;
  isOptional: boolean;
}

interface TablePlan {
  fields: Record<(typeof FIELDS)[number], FieldPlan>;
  /** Field paths of each index, in order. */
  indexes: string[][];
}

export type SchemaPlan = Record<(typeof TABLES)[number], TablePlan>;

export const TABLES = ["a", "b"] as const;
/** `n` is always a small whole number, `o.p` is nested, and `ref` holds an id of table `a`. */
const FIELDS = ["x", "y", "z"] as const;
const INDEXABLE = [...FIELDS, "n", "o.p"];

const bytes = (...values: number[]) => new Uint8Array(values).buffer;

/** Few values of each kind, so that they meet; among them those at the edges of the order. */
const VALUES: Record<Kind, Value[]> = {
  null: [null],
  int64: [-(2n ** 63n), -1n, 0n, 1n, 2n ** 63n - 1n],
  float64: [Number.NEGATIVE_INFINITY, -1.5, -0, 0, 5e-324, 1, Number.POSITIVE_INFINITY, Number.NaN],
  boolean: [false, true],
  string: ["", "a", "aa", "b", "\u0000", "\uffff", "\u{1f600}"],
  bytes: [bytes(), bytes(0), bytes(0, 0), bytes(255)],
  array: [[], [null], [1], [1, "a"], [1n]],
  object: [{}, { a: 1 }, { a: 2n }, { a: 1, b: null }, { b: {} }],
};
const KINDS = Object.keys(VALUES) as Kind[];

const VALIDATORS: Record<Kind, GenericValidator> = {
  null: v.null(),
  int64: v.int64(),
  float64: v.float64(),
  boolean: v.boolean(),
  string: v.string(),
  bytes: v.bytes(),
  array: v.array(v.any()),
  object: v.any(),
};

/** The schema a plan stands for; without indexes on demand. */
export function schemaOf(plan: SchemaPlan, { withIndexes }: { withIndexes: boolean }): SchemaDefinition<never, true> {
  const tables = TABLES.map((name) => [name, tableOf(plan[name], withIndexes)]);
  return defineSchema(Object.fromEntries(tables)) as never;
}

function tableOf({ fields, indexes }: TablePlan, withIndexes: boolean) {
  const validators = FIELDS.map((name) => [name, validatorOf(fields[name])]);
  const table = defineTable({
    ...Object.fromEntries(validators),
    n: v.number(),
    o: v.optional(v.object({ p: v.optional(v.any()) })),
    ref: v.optional(v.id("a")),
  });
  if (!withIndexes) return table;
  return indexes.reduce((indexed, paths, at) => indexed.index(`by_${at}`, paths as never), table);
}

function validatorOf({ kinds, isAny, isOptional }: FieldPlan): GenericValidator {
  const [first, ...others] = kinds.map((kind) => VALIDATORS[kind]);
  const only = isAny || !first ? v.any() : others.length === 0 ? first : v.union(first, ...others);
  return isOptional ? v.optional(only as never) : only;
}

const field: fc.Arbitrary<FieldPlan> = fc.record({
  kinds: fc.uniqueArray(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 2 }),
  isAny: fc.boolean(),
  isOptional: fc.boolean(),
});

const tablePlan: fc.Arbitrary<TablePlan> = fc.record({
  fields: fc.record({ x: field, y: field, z: field }),
  indexes: fc.uniqueArray(fc.shuffledSubarray(INDEXABLE, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 5,
    selector: (paths) => paths.join(),
  }),
});

const anyValue = fc.constantFrom(...KINDS).chain((kind) => fc.constantFrom(...VALUES[kind]));
const small = fc.integer({ min: 0, max: 3 });
const rowNumber = fc.nat({ max: 30 });

const often = <T>(usual: fc.Arbitrary<T>, weight: number, rare: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: usual, weight }, { arbitrary: rare, weight: 1 });

/** A value the field takes, or now and then one it refuses. Undefined: the field stays away. */
function valueFor({ kinds, isAny, isOptional }: FieldPlan): fc.Arbitrary<Value | undefined> {
  const fitting = isAny ? anyValue : fc.constantFrom(...kinds).chain((kind) => fc.constantFrom(...VALUES[kind]));
  const strange = often<Value | undefined>(fitting, 30, often<Value | undefined>(anyValue, 2, fc.constant(undefined)));
  return isOptional ? often(strange, 3, fc.constant(undefined)) : strange;
}

function rowFor({ fields }: TablePlan): fc.Arbitrary<Row> {
  const row = fc.record({
    x: valueFor(fields.x),
    y: valueFor(fields.y),
    z: valueFor(fields.z),
    n: small,
    o: often<Value | undefined>(
      fc.constant(undefined),
      2,
      anyValue.map((p) => ({ p })),
    ),
    ref: often<Value | undefined>(
      fc.constant(undefined),
      6,
      rowNumber.map((number) => ({ row: number })),
    ),
  });
  return row.map(withoutMissing);
}

function withoutMissing(row: Record<string, Value | undefined>): Row {
  return Object.fromEntries(Object.entries(row).filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

/** A range of an index as both engines take it: equalities from the front, then bounds on the next field. */
function sourceFor(
  table: string,
  { indexes }: TablePlan,
  { areIndexed, time }: { areIndexed: boolean; time: Times },
): fc.Arbitrary<Source> {
  const order = fc.constantFrom("asc" as const, "desc" as const);
  const whole = fc.record({
    table: fc.constant(table),
    index: fc.constant(null),
    bounds: fc.constant<Bound[]>([]),
    order,
  });
  const byTime = fc.record({
    table: fc.constant(table),
    index: fc.constant("by_creation_time"),
    bounds: boundsFor([], "_creationTime", time),
    order,
  });
  if (!areIndexed) return fc.oneof(whole, byTime);
  const ranges = indexes.map((paths, at) =>
    fc.nat({ max: paths.length }).chain((equal) =>
      fc.record({
        table: fc.constant(table),
        index: fc.constant(`by_${at}`),
        bounds: boundsFor(paths.slice(0, equal), paths[equal] ?? "_creationTime", time),
        order,
      }),
    ),
  );
  return fc.oneof({ arbitrary: whole, weight: 1 }, { arbitrary: byTime, weight: 1 }, ...ranges);
}

type Times = fc.Arbitrary<Pick<Bound, "value" | "timeOf">>;

/** Times of rows, which may name another row as soon as there are more. */
const rowTimes: Times = rowNumber.map((timeOf) => ({ timeOf }));
/** Times before and after all rows, for queries that must stay what they are. */
const fixedTimes: Times = fc.constantFrom({ value: 0 }, { value: 1e15 });

function boundsFor(equal: string[], next: string, time: Times): fc.Arbitrary<Bound[]> {
  const value = (path: string): fc.Arbitrary<Pick<Bound, "value" | "timeOf">> => {
    if (path === "_creationTime") return time;
    if (path === "n") return small.map((n) => ({ value: n }));
    return often(
      anyValue.map((each) => ({ value: each })),
      6,
      fc.constant({}),
    );
  };
  const bound = (path: string, ...ops: Bound["op"][]) =>
    fc.record({ op: fc.constantFrom(...ops), value: value(path) }).map((each) => ({
      op: each.op,
      field: path,
      ...each.value,
    }));
  const lower = bound(next, "gt", "gte");
  const upper = bound(next, "lt", "lte");
  const last = fc.oneof(fc.constant([]), fc.tuple(lower), fc.tuple(upper), fc.tuple(lower, upper));
  return fc.tuple(fc.tuple(...equal.map((path) => bound(path, "eq"))), last).map((parts) => parts.flat());
}

/** Where convex-test compares by JavaScript's rules, only `n` is compared, on which the two agree. */
const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ op: fc.constantFrom("eq" as const, "neq" as const), field: anyPath(), value: anyValue }),
    fc.record({
      op: fc.constantFrom("lt" as const, "lte" as const, "gt" as const, "gte" as const, "eq" as const),
      field: fc.constant("n"),
      value: small,
    }),
    fc.record({ op: fc.constant("sum" as const), plus: small, below: small }),
    fc.record({ op: fc.constantFrom("and" as const, "or" as const), of: fc.array(tie("filter"), { maxLength: 3 }) }),
    fc.record({ op: fc.constant("not" as const), of: tie("filter") }),
  ),
})).filter;

function anyPath(): fc.Arbitrary<string> {
  return fc.constantFrom(...INDEXABLE, "o", "missing");
}

const maybeFilter = often<Filter | null>(fc.constant(null), 2, filter);

/** Null: an ordinary error. */
const thrownData = fc.constantFrom<Value>(null, "why", true, 1.5, [1], { code: "no", of: ["a", null] });

function stepsFor(schema: SchemaPlan, depth: number, areIndexed: boolean): { writes: Steps; reads: Steps } {
  const table = fc.constantFrom(...TABLES);
  const source = table.chain((name) => sourceFor(name, schema[name], { areIndexed, time: rowTimes }));
  const row = table.chain((name) => rowFor(schema[name]));
  const insert = table.chain((name) =>
    fc.record({ do: fc.constant("insert" as const), table: fc.constant(name), row: rowFor(schema[name]) }),
  );
  const unset = fc.subarray(["x", "z", "o"], { maxLength: 2 });
  const take = fc.oneof(fc.constantFrom("all" as const, "all" as const, "first" as const, "unique" as const), small);
  const reading: fc.Arbitrary<Step>[] = [
    fc.record({ do: fc.constant("select" as const), from: source, filter: maybeFilter, take }),
    fc.record({ do: fc.constant("get" as const), of: rowNumber }),
    fc.record({ do: fc.constant("normalize" as const), of: rowNumber, table }),
  ];
  const writing: fc.Arbitrary<Step>[] = [
    insert,
    insert,
    fc.record({ do: fc.constant("patch" as const), of: rowNumber, row: row.map(someFields), unset }),
    fc.record({ do: fc.constant("replace" as const), of: rowNumber, row }),
    fc.record({ do: fc.constant("delete" as const), of: rowNumber }),
    fc.record({ do: fc.constant("cancel" as const), of: rowNumber }),
  ];
  if (depth > 0) {
    const inner = stepsFor(schema, depth - 1, areIndexed);
    const query = { do: fc.constant("nest" as const), kind: fc.constant("query" as const), steps: inner.reads };
    const thrown = fc.record({ do: fc.constant("throw" as const), data: thrownData });
    const mutation = fc
      .tuple(inner.writes, often<Step[]>(fc.constant([]), 2, fc.tuple(thrown)))
      .map(([steps, end]): Step => ({ do: "nest", kind: "mutation", steps: [...steps, ...end] }));
    reading.push(fc.record(query));
    writing.push(mutation);
  }
  const few = { minLength: 1, maxLength: 5 };
  return { reads: fc.array(fc.oneof(...reading), few), writes: fc.array(fc.oneof(...writing, ...reading), few) };
}

type Steps = fc.Arbitrary<Step[]>;

/** Half of the fields of a row, always the same half. */
function someFields(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== "y" && name !== "n"));
}

/** One job a call, since Convex promises no order between jobs; its steps follow once the call has committed. */
function callFor({ reads, writes }: { writes: Steps; reads: Steps }): fc.Arbitrary<Call> {
  const thrown: fc.Arbitrary<Step[]> = thrownData.map((data) => [{ do: "throw", data }]);
  const job: fc.Arbitrary<Step[]> = fc
    .record({ delayMs: fc.constantFrom(0, 3_600_000), steps: writes })
    .map((each) => [{ do: "schedule", ...each }]);
  const end = fc.oneof(
    { arbitrary: fc.constant<Step[]>([]), weight: 6 },
    { arbitrary: job, weight: 2 },
    { arbitrary: fc.tuple(job, thrown).map((parts) => parts.flat()), weight: 1 },
  );
  const write = fc.tuple(writes, end).map(([steps, last]): Call => ({ do: "write", steps: [...steps, ...last] }));
  const read = reads.map((steps): Call => ({ do: "read", steps }));
  return fc.oneof({ arbitrary: write, weight: 3 }, { arbitrary: read, weight: 1 });
}

const PAGERS = 2;

function programFor(schema: SchemaPlan): fc.Arbitrary<Program> {
  const page: fc.Arbitrary<Call> = fc.record({
    do: fc.constant("page" as const),
    pager: fc.nat({ max: PAGERS - 1 }),
    again: often(fc.constant(false), 2, fc.constant(true)),
  });
  const pager: fc.Arbitrary<Pager> = fc.record({
    from: fc
      .constantFrom(...TABLES)
      .chain((name) => sourceFor(name, schema[name], { areIndexed: true, time: fixedTimes })),
    filter: maybeFilter,
    pageSize: fc.integer({ min: 1, max: 4 }),
  });
  const before = fc.array(callFor(stepsFor(schema, 1, false)), { maxLength: 2 });
  const after = fc.array(
    fc.oneof({ arbitrary: callFor(stepsFor(schema, 2, true)), weight: 2 }, { arbitrary: page, weight: 1 }),
    {
      minLength: 2,
      maxLength: 6,
    },
  );
  return fc
    .record({ before, after, pagers: fc.array(pager, { minLength: PAGERS, maxLength: PAGERS }) })
    .map(({ before: first, after: then, pagers }) => ({
      schema,
      indexedFrom: first.length,
      pagers,
      calls: [...first, ...then],
    }));
}

/** Any program. */
export const programs: fc.Arbitrary<Program> = fc.record({ a: tablePlan, b: tablePlan }).chain(programFor);
