import type { Doc, Id, TableNames } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { removePiece } from "../exports/steps.ts";
import { removeJob } from "../media/endings.ts";
import { removeObject } from "../media/keeping.ts";
import { dropLateReservation } from "../media/reservations.ts";
import { dropReply } from "../messages/endings.ts";

/** A row that an erasure ends. */
interface Ended {
  jobId: Id<"erasureJobs">;
  table: string;
  row: Doc<TableNames>;
}

/**
 * Deletes a row of any table. Some rows stand for something that runs or lies elsewhere, which ends with them: a reply
 * being written, an order at a provider, bytes in the bucket or on their way there.
 */
export async function removeRow(ctx: MutationCtx, { jobId, table, row }: Ended): Promise<void> {
  switch (table) {
    case "generations":
      return dropReply(ctx, row as Doc<"generations">);
    case "mediaJobs":
      return removeJob(ctx, row as Doc<"mediaJobs">, jobId);
    case "objects":
      return removeObject(ctx, row as Doc<"objects">, jobId);
    case "exportPieces":
      return removePiece(ctx, row as Doc<"exportPieces">, jobId);
    case "uploads":
      return dropLateReservation(ctx, row as Doc<"uploads">, jobId);
    default:
      return ctx.db.delete(table as "messages", row._id as Id<"messages">);
  }
}
