/** What tests of media do as people: upload, look, and wait until nothing moves any more. */
import { vi } from "vitest";
import { api } from "../../convex/_generated/api.js";
import type { Doc, Id } from "../../convex/_generated/dataModel.js";
import type { Backend, Person } from "../support/backend.ts";

export interface Upload {
  name?: string;
  type?: string;
  /** What the client says it will send, where that is not what it sends; null: nothing. */
  announced?: number | null;
}

export async function postFile(
  person: Pick<Backend, "fetch">,
  body: Uint8Array,
  upload: Upload = {},
): Promise<Response> {
  const { name, type, announced = body.length } = upload;
  return person.fetch("/media/upload", {
    method: "POST",
    body: body.slice(),
    headers: {
      ...(name === undefined ? {} : { "X-File-Name": encodeURIComponent(name) }),
      ...(announced === null ? {} : { "Content-Length": String(announced) }),
      "Content-Type": type ?? "application/octet-stream",
    },
  });
}

export async function uploadFile(person: Person, body: Uint8Array, upload: Upload = {}): Promise<Id<"media">> {
  const response = await postFile(person, body, upload);
  if (!response.ok) throw new Error(`The upload was refused: ${await response.text()}`);
  return ((await response.json()) as { mediaId: Id<"media"> }).mediaId;
}

/** The code of a refusal by HTTP, with its status. */
export async function refused(response: Response): Promise<{ status: number; code: string }> {
  const { code } = (await response.json()) as { code: string };
  return { status: response.status, code };
}

/** A request with a token, as the page's scripts make it. */
export function get(
  person: Pick<Backend, "fetch">,
  mediaId: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return person.fetch(`/media/${mediaId}`, { headers: { Authorization: "Bearer test", ...headers } });
}

/** The path of an address, for the backend under test to fetch. */
export const pathOf = (url: string) => url.replace(/^.*?(\/media\/)/, "$1");

export async function ticketPath(person: Person, mediaId: string, variant?: "thumbnail"): Promise<string> {
  return pathOf((await person.action(api.media.ticket, { mediaId, variant })).url);
}

/** Whether a key still has to be deleted, and does not only wait to be deleted once more. */
export function isOpen({ attempts, notBeforeAt }: Doc<"objectDeletes">): boolean {
  return attempts > 0 || notBeforeAt <= Date.now();
}

/**
 * How many rows each of media's tables has, those without any left out, and keys that were given up and only wait to be
 * deleted once more, when no bytes can be on their way any longer.
 */
export function countRows(backend: Backend): Promise<Record<string, number>> {
  return backend.run(async ({ db }) => {
    const counts: Record<string, number> = {};
    for (const table of ["media", "objects", "uploads", "objectDeletes", "strayObjects"] as const) {
      const rows = await db.query(table).collect();
      const { length } = rows.filter((row) => !("notBeforeAt" in row) || isOpen(row));
      if (length > 0) counts[table] = length;
    }
    return counts;
  });
}

/** Resolves once no thumbnail is due and nothing scheduled for now is left. */
export async function quiet(backend: Backend): Promise<void> {
  await vi.waitFor(
    async () => {
      await backend.finishInProgressScheduledFunctions();
      const waiting = await backend.run(async ({ db }) => {
        const jobs = await db.system.query("_scheduled_functions").collect();
        const now = jobs.filter(
          ({ state, scheduledTime }) =>
            state.kind === "inProgress" || (state.kind === "pending" && scheduledTime <= Date.now()),
        );
        return now.map(({ name }) => name);
      });
      if (waiting.length > 0) throw new Error(`Still to run: ${waiting}`);
    },
    { timeout: 15_000, interval: 20 },
  );
}
