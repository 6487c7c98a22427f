/** From positions in bundled code to the developer's files. */
import { SourceMap } from "node:module";
import path from "node:path";
import type { Program } from "./program.ts";
import { MODULE_SCHEME } from "./program.ts";

const POSITION = /convex:\/([^/\s()]+)\/([^\s():]+):(\d+):(\d+)/;

export class SourceMaps {
  /** The folder that holds the Convex folder. */
  readonly root: string;
  readonly #programs: ReadonlyMap<string, Program>;
  readonly #maps = new Map<string, SourceMap[]>();

  constructor(root: string, programs: ReadonlyMap<string, Program>) {
    this.root = root;
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
    if (!program) return `${modulePath}:${line}:${column}`;
    let position = { source: "", line: line - 1, column: column - 1 };
    for (const map of this.#mapsOf(program, modulePath)) {
      const entry = map.findEntry(position.line, position.column);
      if (!("originalSource" in entry) || entry.originalSource === undefined) return `${modulePath}:${line}:${column}`;
      position = { source: entry.originalSource, line: entry.originalLine, column: entry.originalColumn };
    }
    const file = path.resolve(this.root, "out", path.dirname(modulePath), position.source);
    return `${path.relative(this.root, file)}:${position.line + 1}:${position.column + 1}`;
  }

  #mapsOf(program: Program, modulePath: string): SourceMap[] {
    const fileName = program.fileName(modulePath);
    const known = this.#maps.get(fileName);
    if (known) return known;
    const maps = program.source(modulePath)?.maps.map((text) => new SourceMap(JSON.parse(text))) ?? [];
    this.#maps.set(fileName, maps);
    return maps;
  }
}
