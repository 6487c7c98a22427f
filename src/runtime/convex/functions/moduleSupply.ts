/** Hands a program's modules to an isolate. */
import { createHash } from "node:crypto";
import type vm from "node:vm";
import { COMPONENT_IMPORT_PREFIX } from "./bundle.ts";
import type { ModuleFactory } from "./globals/modules.ts";
import type { Program } from "./program.ts";

export function factoryIn(program: Program, context: vm.Context): (path: string) => ModuleFactory | undefined {
  return (path) => program.factory(path, context);
}

/** The definition path encoded in an import of another component's definition, or undefined. */
export function importedDefinitionPath(specifier: string): string | undefined {
  if (!specifier.startsWith(COMPONENT_IMPORT_PREFIX)) return undefined;
  return Buffer.from(specifier.slice(COMPONENT_IMPORT_PREFIX.length), "base64url").toString();
}

/** A seed for the isolate's generator that always is the same for the same text. */
export function seedFrom(text: string): Uint32Array {
  const digest = createHash("sha256").update(text).digest();
  return new Uint32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + 16));
}
