import { fromUtf8 } from "../../src/shared/bytes.ts";
import type { Grant } from "./grants.ts";
import { nameOf, openGrant, readWhole } from "./opening.ts";

/** A file as a model gets it. */
export type ReadFile =
  | { kind: "text"; name: string | null; text: string }
  | { kind: "picture"; mime: string; bytes: Uint8Array };

/** Most bytes of pictures that are shown with one conversation: all of them are in memory, and again as base64. */
const PICTURES_BYTES = 12 * 1024 * 1024;

/**
 * Reads files for a model, the newest first. A picture past what one conversation can show is left out, as the oldest
 * messages of a long chat are. Throws `ObjectBrokenError` and `BucketError`.
 */
export async function readFiles(grants: Grant[]): Promise<Map<string, ReadFile>> {
  const files = new Map<string, ReadFile>();
  let pictureBytes = 0;
  for (const grant of grants) {
    const { mime, contentBytes } = grant.object;
    const isPicture = mime.startsWith("image/");
    if (isPicture) pictureBytes += contentBytes;
    if (isPicture && pictureBytes > PICTURES_BYTES) continue;
    files.set(grant.objectId, await readFile(grant, isPicture));
  }
  return files;
}

async function readFile(grant: Grant, isPicture: boolean): Promise<ReadFile> {
  const bytes = await readWhole(grant);
  if (isPicture) return { kind: "picture", mime: grant.object.mime, bytes };
  return { kind: "text", name: await nameOf(await openGrant(grant), grant), text: fromUtf8(bytes) };
}
