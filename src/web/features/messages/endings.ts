import type { Message } from "../../app/api.ts";

/** Says in one sentence how a reply ended, or nothing where it simply ended. */
export function endingSentence(reply: Pick<Message, "state" | "error">): string | null {
  switch (reply.state) {
    case "stopped":
      return "You stopped this reply.";
    case "interrupted":
      return reply.error?.message ?? "This reply was cut off; what had arrived is kept.";
    case "failed":
      return reply.error?.message ?? "The model could not answer.";
    default:
      return null;
  }
}
