/** Runs a program on two engines side by side and compares everything they answer. */
import { isDeepStrictEqual } from "node:util";
import { ConvexError, convexToJson, type Value } from "convex/values";
import { api, type Engine } from "./engines.ts";
import type { Call, Pager, Program } from "./program.ts";

interface Known {
  ids: string[];
  jobs: string[];
}

interface Page {
  page: Value[];
  isDone: boolean;
  continueCursor: string;
}

interface PagerState {
  start: string | null;
  end: string | null;
  isDone: boolean;
}

/** A program's course on one engine. */
class Course {
  readonly #engine: Engine;
  readonly #number: number;
  readonly #program: Program;
  readonly #names = new Names();
  readonly #pagers: PagerState[];
  known: Known = { ids: [], jobs: [] };

  constructor(engine: Engine, number: number, program: Program) {
    this.#engine = engine;
    this.#number = number;
    this.#program = program;
    this.#pagers = program.pagers.map(() => ({ start: null, end: null, isDone: false }));
  }

  begin(): Promise<void> {
    return this.#engine.begin(this.#program.schema, { withIndexes: this.#program.indexedFrom === 0 });
  }

  /** What the call came to, in terms that mean the same on every engine. */
  async run(call: Call, at: number): Promise<unknown> {
    if (at > 0 && at === this.#program.indexedFrom) await this.#engine.index(this.#program.schema);
    try {
      const value = call.do === "page" ? await this.#page(call) : await this.#steps(call);
      await this.#engine.settle(this.known.jobs);
      return { value: this.#names.replaceIn(value), jobs: await this.#jobs(at) };
    } catch (error) {
      if (error instanceof ConvexError) return { thrown: this.#names.replaceIn(error.data) };
      if (error instanceof Error && /\bthrown\b/.test(error.message)) return { thrown: "plain" };
      return { failed: String(error) };
    }
  }

  /** Whether this pager has come to its end here. */
  isDone(pager: number): boolean {
    return this.#pagers[pager]?.isDone ?? true;
  }

  endPager(pager: number): void {
    const state = this.#pagers[pager];
    if (state) state.isDone = true;
  }

  async #steps({ do: kind, steps }: Extract<Call, { do: "write" | "read" }>): Promise<unknown> {
    const args = { program: this.#number, known: this.known, steps };
    const ran = await (kind === "write"
      ? this.#engine.mutation(api.programs.write, args)
      : this.#engine.query(api.programs.read, args));
    const { results, known } = ran as { results: unknown; known: Known };
    this.known = known;
    this.#names.learn(known.ids);
    return results;
  }

  async #page({ pager, again }: Extract<Call, { do: "page" }>): Promise<unknown> {
    const { from, filter, pageSize } = this.#program.pagers[pager] as Pager;
    const state = this.#pagers[pager] as PagerState;
    if (again ? state.end === null : state.isDone) return null;
    const paginationOpts = again
      ? { numItems: pageSize, cursor: state.start, endCursor: state.end }
      : { numItems: pageSize, cursor: state.end };
    const known = this.known;
    const args = { program: this.#number, known, steps: null, from, filter, paginationOpts };
    const read = (await this.#engine.query(api.programs.page, args)) as Page;
    if (!again) Object.assign(state, { start: state.end, end: read.continueCursor, isDone: read.isDone });
    return read.page;
  }

  async #jobs(at: number): Promise<unknown> {
    const { jobs } = this.known;
    // The number makes each question a new one, so that no cached answer stands in for it.
    return jobs.length === 0
      ? []
      : this.#engine.query(api.programs.jobStates, { program: this.#number + at / 1_000, jobs });
  }
}

/** Replaces an engine's own ids and creation times by the number of their row. */
class Names {
  readonly #numbers = new Map<string, string>();
  #unknown = 0;

  learn(ids: string[]): void {
    for (const [index, id] of ids.entries()) if (!this.#numbers.has(id)) this.#numbers.set(id, `row ${index}`);
  }

  replaceIn(value: unknown): unknown {
    return JSON.parse(JSON.stringify(convexToJson(value as Value)), (key, each) => this.#replace(key, each));
  }

  #replace(key: string, value: unknown): unknown {
    if (typeof value === "string") return key === "ref" ? this.#nameOf(value) : (this.#numbers.get(value) ?? value);
    if (typeof value !== "object" || value === null || !("_creationTime" in value)) return value;
    const { _id, _creationTime, ...fields } = value as Record<string, unknown>;
    return { row: this.#nameOf(String(_id)), hasTime: typeof _creationTime === "number", ...fields };
  }

  /** Rows made by jobs are named in the order in which they are first seen. */
  #nameOf(id: string): string {
    const known = id.startsWith("row ") ? id : this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#unknown += 1;
    const name = `row of a job ${this.#unknown}`;
    this.#numbers.set(id, name);
    return name;
  }
}

const ATTEMPTS = 3;

/**
 * Throws unless the program's course is the same on both. `number` must differ between programs.
 * No program comes near the second that a function may take, so one that is timed out met a machine that did other
 * things meanwhile; it is run again.
 */
export async function compareCourses(engines: [Engine, Engine], program: Program, number: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await compareOnce(engines, program, number + attempt / 10);
    } catch (error) {
      if (attempt === ATTEMPTS || !/Function execution timed out/.test(String(error))) throw error;
    }
  }
}

async function compareOnce(engines: [Engine, Engine], program: Program, number: number): Promise<void> {
  const [first, second] = engines.map((engine) => new Course(engine, number, program)) as [Course, Course];
  await Promise.all([first.begin(), second.begin()]);
  for (const [at, call] of program.calls.entries()) {
    const answers = await Promise.all([first.run(call, at), second.run(call, at)]);
    if (!isDeepStrictEqual(answers[0], answers[1])) throw new Difference(engines, call, at, answers);
    if (call.do === "page") endTogether(first, second, call.pager);
  }
}

/**
 * Convex learns that a page was the last one by reading on past it, so a page that ends with the last row is not
 * done; convex-test looks ahead. What counts is that both give the same rows until the earlier end.
 */
function endTogether(first: Course, second: Course, pager: number): void {
  if (!first.isDone(pager) && !second.isDone(pager)) return;
  first.endPager(pager);
  second.endPager(pager);
}

class Difference extends Error {
  constructor(engines: [Engine, Engine], call: Call, at: number, answers: unknown[]) {
    const lines = engines.map(({ name }, index) => `${name}: ${JSON.stringify(answers[index])}`);
    super(`Call ${at} differs: ${JSON.stringify(call, printable)}\n${lines.join("\n")}`);
    this.name = "Difference";
  }
}

function printable(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof ArrayBuffer ? `bytes ${[...new Uint8Array(value)]}` : value;
}
