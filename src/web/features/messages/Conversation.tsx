import clsx from "clsx";
import { Hourglass } from "lucide-react";
import { useNavigate } from "react-router";
import type { Account } from "../../app/api.ts";
import { Boundary } from "../../app/Boundary.tsx";
import { useCommands } from "../../app/commands/Commands.tsx";
import { Failure } from "../../app/Failure.tsx";
import { newThreadPath, temporaryPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { useWords } from "../../words/words.ts";
import { useModelChoice } from "../models/useModelChoice.ts";
import { Desk } from "./Desk.tsx";
import { MessageLog } from "./MessageLog.tsx";
import { useConversation } from "./useConversation.ts";
import { useTemporary } from "./useTemporary.ts";
import { Welcome } from "./Welcome.tsx";

interface ConversationProps {
  account: Account;
  /** Null where a new thread begins. */
  threadId: string | null;
}

/** One thread and the place to write in it, or the place where a new thread begins. */
export function Conversation({ account, threadId }: ConversationProps) {
  const navigate = useNavigate();
  const { messages: words, threads, commands } = useWords();
  const startAnew = { label: words.startAnew, onClick: () => void navigate(newThreadPath) };
  const icon = <Hourglass aria-hidden size={16} />;
  const run = () => void navigate(temporaryPath);
  useCommands([{ id: "threads.temporary", section: commands.goTo, label: threads.newTemporary, icon, run }]);
  return (
    <main tabIndex={-1} className="flex min-h-0 flex-1 flex-col focus:outline-none">
      <Boundary
        resetKey={threadId ?? ""}
        fallback={(error) => <Failure sentence={sentenceOf(error)} action={startAnew} />}
      >
        <OpenConversation account={account} threadId={threadId} />
      </Boundary>
    </main>
  );
}

function OpenConversation({ account, threadId }: ConversationProps) {
  const temporary = useTemporary(threadId);
  const conversation = useConversation(threadId, temporary);
  const choice = useModelChoice(account);
  const isNew = threadId === null && conversation.opening === null;
  return (
    <div className={clsx("flex min-h-0 flex-1 flex-col", isNew && "justify-center")}>
      {temporary && !isNew && <TemporaryNotice />}
      {isNew ? (
        <Welcome name={account.name} temporary={temporary} />
      ) : (
        <MessageLog key={threadId} conversation={conversation} models={choice.catalogue} />
      )}
      <Desk account={account} threadId={threadId} temporary={temporary} conversation={conversation} choice={choice} />
    </div>
  );
}

function TemporaryNotice() {
  const words = useWords().messages;
  return (
    <p className="flex items-center justify-center gap-2 border-b border-line bg-tint px-4 py-1.5 text-[13.5px]">
      <Hourglass aria-hidden size={14} className="shrink-0 text-accent" />
      {words.temporaryNotice}
    </p>
  );
}
