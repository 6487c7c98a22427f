import { Menu as MenuIcon, SquarePen } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Account } from "../../app/api.ts";
import { Boundary } from "../../app/Boundary.tsx";
import { Contact } from "../../app/Contact.tsx";
import { Failure } from "../../app/Failure.tsx";
import { newThreadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { IconButton } from "../../ui/IconButton.tsx";
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
  /** Opens the thread list where there is no room to keep it beside the conversation. */
  openDrawer: () => void;
}

/** One thread and the place to write in it, or the place where a new thread begins. */
export function Conversation({ account, threadId, openDrawer }: ConversationProps) {
  const [, navigate] = useLocation();
  const startAnew = { label: "Start a new chat", onClick: () => navigate(newThreadPath) };
  return (
    <div className="flex min-w-0 flex-1 flex-col">
      <NarrowHeader openDrawer={openDrawer} />
      <Boundary
        resetKey={threadId ?? ""}
        fallback={(error) => <Failure sentence={sentenceOf(error)} action={startAnew} />}
      >
        <OpenConversation account={account} threadId={threadId} />
      </Boundary>
    </div>
  );
}

function OpenConversation({ account, threadId }: Pick<ConversationProps, "account" | "threadId">) {
  const conversation = useConversation(threadId);
  const { streaming, stop, send } = conversation;
  const { models, chosen, choose } = useModelChoice(account);
  const [drafts, setDrafts] = useState<Record<string, string>>({});
  const draftKey = threadId ?? "";
  const setDraft = (draft: string) => setDrafts((all) => ({ ...all, [draftKey]: draft }));

  const onStop = streaming ? () => stop(streaming) : undefined;
  useEscape(onStop);

  async function sendDraft(text: string) {
    setDraft("");
    if (!(await send(text, chosen))) setDraft(text);
  }

  const empty = threadId === null && conversation.opening === null;
  return (
    <main className={empty ? "flex min-h-0 flex-1 flex-col justify-center" : "flex min-h-0 flex-1 flex-col"}>
      {empty ? (
        <Welcome name={account.name} />
      ) : (
        <MessageLog key={draftKey} conversation={conversation} models={models} />
      )}
      <div className="mx-auto w-full max-w-[46rem] px-4 md:px-6">
        <Composer
          key={draftKey}
          draft={drafts[draftKey] ?? ""}
          onDraft={setDraft}
          onSend={(text) => void sendDraft(text)}
          onStop={onStop}
          problem={conversation.problem}
          sending={conversation.sending}
        >
          <ModelPicker models={models} chosen={chosen} onChoose={choose} />
        </Composer>
        <p className="py-2.5 text-center text-[12.5px] text-muted">
          Models make mistakes. <Contact />
        </p>
      </div>
    </main>
  );
}

/** On narrow screens, the way to the thread list and to a new conversation. */
function NarrowHeader({ openDrawer }: { openDrawer: () => void }): ReactNode {
  return (
    <header className="flex items-center justify-between border-b border-line px-2 py-1.5 md:hidden">
      <IconButton label="Your chats" onClick={openDrawer} className="size-10">
        <MenuIcon aria-hidden size={20} />
      </IconButton>
      <Link
        href={newThreadPath}
        aria-label="New chat"
        className="grid size-10 place-items-center rounded-lg text-muted hover:bg-hover hover:text-ink"
      >
        <SquarePen aria-hidden size={19} />
      </Link>
    </header>
  );
}

function Welcome({ name }: { name: string }) {
  const firstName = name.trim().split(/\s+/)[0];
  return (
    <div className="mx-auto w-full max-w-[46rem] px-5 pb-7 md:px-7">
      <h1 className="font-display text-[clamp(34px,5vw,44px)] leading-[1.1] tracking-[-0.015em] text-balance">
        {firstName ? `What is on your mind, ${firstName}?` : "What is on your mind?"}
      </h1>
      <p className="mt-2.5 text-muted text-pretty">
        What you write here is sealed with a key of your own before it is stored.
      </p>
    </div>
  );
}
