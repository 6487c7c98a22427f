import { useQuery } from "convex/react";
import { useState } from "react";
import { api, type Message } from "../../app/api.ts";
import { follow, followedText, notFollowing } from "./deltas.ts";
import { useRevealedText } from "./useRevealedText.ts";

/**
 * The text of a reply to show now, while it is being written and afterwards. The list of messages says when a reply is
 * finished and then holds all of its text, which continues what was shown without a break.
 */
export function useReplyText(reply: Message): { shown: string; settled: boolean } {
  const live = reply.state === "streaming";
  const [following, setFollowing] = useState(notFollowing);
  const page = useQuery(api.messages.deltas, live ? { replyId: reply._id, page: following.page } : "skip");

  // Deriving state while rendering lets a full page lead to the next without a frame in between.
  const [readPage, setReadPage] = useState<typeof page>(undefined);
  if (page && page !== readPage) {
    setReadPage(page);
    setFollowing(follow(following, page));
  }
  return useRevealedText(live ? followedText(following) : reply.text, { live, immediate: live && !following.caughtUp });
}
