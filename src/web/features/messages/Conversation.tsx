import clsx from "clsx";
import { useState } from "react";
import { useNavigate } from "react-router";
import type { Account } from "../../app/api.ts";
import { Boundary } from "../../app/Boundary.tsx";
import { Contact } from "../../app/Contact.tsx";
import { Failure } from "../../app/Failure.tsx";
import { newThreadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { useWords } from "../../words/words.ts";
import { AttachmentTray } from "../media/AttachmentTray.tsx";
import { useAttachments } from "../media/useAttachments.ts";
import { ModelPicker } from "../models/ModelPicker.tsx";
import { useModelChoice } from "../models/useModelChoice.ts";
import { Composer } from "./Composer.tsx";
import { MessageLog } from "./MessageLog.tsx";
import { useConversation } from "./useConversation.ts";
import { useEscape } from "./useEscape.ts";

interface ConversationProps {
  account: Account;
  /** Null where a new thread begins. */
  threadId: string | null;
}

/** One thread and the place to write in it, or the place where a new thread begins. */
export function Conversation({ account, threadId }: ConversationProps) {
  const navigate = useNavigate();
  const words = useWords().messages;
  const startAnew = { label: words.startAnew, onClick: () => void navigate(newThreadPath) };
  return (
    <main className="flex min-h-0 flex-1 flex-col">
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
  const conversation = useConversation(threadId);
  const choice = useModelChoice(account);
  const empty = threadId === null && conversation.opening === null;
  return (
    <div className={clsx("flex min-h-0 flex-1 flex-col", empty && "justify-center")}>
      {empty ? (
        <Welcome name={account.name} />
      ) : (
        <MessageLog key={threadId} conversation={conversation} models={choice.catalogue} />
      )}
      <Desk threadId={threadId} conversation={conversation} choice={choice} />
    </div>
  );
}

interface DeskProps {
  threadId: string | null;
  conversation: ReturnType<typeof useConversation>;
  choice: ReturnType<typeof useModelChoice>;
}

/** Where a person writes, with a draft for each thread. Drafts live in memory alone, and end with the session. */
function Desk({ threadId, conversation, choice }: DeskProps) {
  const { send, stop, streaming, problem, sending } = conversation;
  const words = useWords().messages;
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const draftKey = threadId ?? "";
  const setDraft = (draft: string) => setDrafts((all) => ({ ...all, [draftKey]: draft }));

  const files = useAttachments();
  const onStop = streaming ? () => stop(streaming) : undefined;
  useEscape(onStop);

  async function sendDraft(text: string) {
    const { attachments, mediaIds } = files;
    setDraft("");
    files.clear();
    if (await send(text, choice.chosen, mediaIds)) return;
    setDraft(text);
    files.restore(attachments);
  }
  return (
    <div className="mx-auto w-full max-w-[46rem] px-4 md:px-6">
      <Composer
        key={draftKey}
        draft={drafts[draftKey] ?? ""}
        onDraft={setDraft}
        onSend={(text) => void sendDraft(text)}
        onStop={onStop}
        problem={problem}
        sending={sending || files.uploading}
        onFiles={files.add}
        tray={<AttachmentTray attachments={files.attachments} onDrop={files.drop} />}
      >
        <ModelPicker models={choice.models} chosen={choice.chosen} onChoose={choice.choose} />
      </Composer>
      <p className="py-2.5 text-center text-[12.5px] text-muted">
        {words.disclaimer} <Contact />
      </p>
    </div>
  );
}

function Welcome({ name }: { name: string }) {
  const words = useWords().messages;
  const [firstName = ""] = name.trim().split(/\s+/);
  return (
    <div className="mx-auto w-full max-w-[46rem] px-5 pb-7 md:px-7">
      <h1 className="font-display text-[clamp(34px,5vw,44px)] leading-[1.1] tracking-[-0.015em] text-balance">
        {words.welcome(firstName)}
      </h1>
      <p className="mt-2.5 text-muted text-pretty">{words.welcomeMore}</p>
    </div>
  );
}
