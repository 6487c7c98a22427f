import type { Doc } from "../_generated/dataModel.js";
import type { MediaHome } from "./seals.ts";

/** What says under which key a job's prompt and its medium are sealed: only the three ids, whatever else a row has. */
export function homeOf({ ownerId, workspaceId, threadId }: Pick<Doc<"mediaJobs">, keyof MediaHome>): MediaHome {
  return threadId ? { ownerId, workspaceId, threadId } : { ownerId, workspaceId };
}
