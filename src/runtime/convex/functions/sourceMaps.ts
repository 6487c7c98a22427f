/** From positions in bundled code to the developer's files. */
import { SourceMap } from "node:module";
import path from "node:path";
import type { Program } from "./program.ts";
import { MODULE_SCHEME } from "./program.ts";

const POSITION = /convex:\/([^/\s()]+)\/([^\s():]+):(\d+):(\d+)/;

export class SourceMaps {
  readonly #root: string;
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #maps = new Map<string, SourceMap>();

  /** `root`: the folder that holds the Convex folder. */
  constructor(root: string, programs: ReadonlyMap<string, Program>) {
    this.#root = root;
    this.#programs = programs;
  }

  /** Rewrites V8's text for one stack frame; null for frames that are not the app's. */
  describeFrame(site: string): string | null {
    if (!site.includes(MODULE_SCHEME)) return null;
    return site.replace(POSITION, (_all, program: string, modulePath: string, line: string, column: string) =>
      this.#positionOf(program, modulePath, Number(line), Number(column)),
    );
  }

  #positionOf(programName: string, modulePath: string, line: number, column: number): string {
    const program = this.#programs.get(programName);
    const entry = program && this.#mapOf(program, modulePath)?.findEntry(line - 1, column - 1);
    if (!entry || !("originalSource" in entry)) return `${modulePath}:${line}:${column}`;
    const file = path.resolve(this.#root, "out", path.dirname(modulePath), entry.originalSource);
    return `${path.relative(this.#root, file)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  }

  #mapOf(program: Program, modulePath: string): SourceMap | undefined {
    const fileName = program.fileName(modulePath);
    const known = this.#maps.get(fileName);
    if (known) return known;
    const text = program.source(modulePath)?.map;
    if (!text) return undefined;
    const map = new SourceMap(JSON.parse(text));
    this.#maps.set(fileName, map);
    return map;
  }
}
