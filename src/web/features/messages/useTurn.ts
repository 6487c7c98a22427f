import type { OptimisticLocalStore } from "convex/browser";
import { useAction, useMutation } from "convex/react";
import type { FunctionArgs, FunctionReturnType } from "convex/server";
import { api, type Message } from "../../app/api.ts";
import { readCommand } from "../media/commands.ts";
import { newRequestId } from "./requestId.ts";

type SendArgs = FunctionArgs<typeof api.messages.send>;
type Sent = Pick<FunctionReturnType<typeof api.messages.send>, "threadId">;

/**
 * Sends a message and has its reply made. The message is on screen before the server has heard of it. One that begins
 * with `/image` or `/video` asks for that instead of words.
 */
export function useTurn(): (args: Omit<SendArgs, "requestId">) => Promise<Sent> {
  const send = useMutation(api.messages.send).withOptimisticUpdate(showAtOnce);
  const order = useMutation(api.media.request);
  const start = useStart();
  return async (args) => {
    const requestId = newRequestId();
    const wanted = readCommand(args.text);
    if (wanted) {
      const newThread = args.threadId === undefined;
      const { threadId } = await order({ ...wanted, requestId, threadId: args.threadId, newThread });
      // An order for a chat says which one it is in.
      return { threadId: threadId as Sent["threadId"] };
    }
    const sent = await send({ ...args, requestId });
    start(sent.replyId);
    return sent;
  };
}

/** Has another reply made beside one that is there already. */
export function useRegeneration(): (reply: Message) => Promise<void> {
  const regenerate = useMutation(api.messages.regenerate);
  const start = useStart();
  return async (reply) => {
    const { replyId } = await regenerate({ messageId: reply._id, requestId: newRequestId() });
    start(replyId);
  };
}

/** Says something else in place of a message, and has it replied to. */
export function useEdit(): (message: Message, text: string) => Promise<void> {
  const edit = useMutation(api.messages.edit);
  const start = useStart();
  return async (message, text) => {
    const { replyId } = await edit({ messageId: message._id, text, requestId: newRequestId() });
    start(replyId);
  };
}

/**
 * Asks for a reply to be written, from the tab that wants it, since that is the quickest way to its first word. Should
 * the call be lost, the server starts by itself a few seconds later, so its failure is no news to a person.
 */
function useStart(): (replyId: string) => void {
  const generate = useAction(api.messages.generate);
  return (replyId) => void generate({ replyId }).catch(() => undefined);
}

/** Puts the message into the newest page of its thread until the server's own version takes its place. */
function showAtOnce(localQueryStore: OptimisticLocalStore, { threadId, requestId, text }: SendArgs): void {
  const placeholder = placeholderFor(requestId as Message["_id"], text);
  for (const { args, value } of localQueryStore.getAllQueries(api.messages.list)) {
    if (!value || args.threadId !== threadId || args.beside || args.paginationOpts.cursor !== null) continue;
    localQueryStore.setQuery(api.messages.list, args, { ...value, page: [placeholder, ...value.page] });
  }
}

function placeholderFor(_id: Message["_id"], text: string): Message {
  return {
    _id,
    role: "user",
    text,
    state: "complete",
    model: null,
    attachments: [],
    jobId: null,
    siblings: [_id],
    usage: null,
    error: null,
    createdAt: Date.now(),
  };
}
