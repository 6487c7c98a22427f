import type { Account } from "../../app/api.ts";
import { Contact } from "../../app/Contact.tsx";
import { useWords } from "../../words/words.ts";
import { AttachmentTray } from "../media/AttachmentTray.tsx";
import { useAttachments } from "../media/useAttachments.ts";
import { ModelPicker } from "../models/ModelPicker.tsx";
import type { useModelChoice } from "../models/useModelChoice.ts";
import { Composer } from "./Composer.tsx";
import type { useConversation } from "./useConversation.ts";
import { useDraft } from "./useDraft.ts";
import { useEscape } from "./useEscape.ts";

interface DeskProps {
  account: Account;
  threadId: string | null;
  temporary: boolean;
  conversation: ReturnType<typeof useConversation>;
  choice: ReturnType<typeof useModelChoice>;
}

/** The draft of a chat that does not exist yet. */
const newChat = "new";

/** Where a person writes, with a draft for each thread. What is written in temporary chats is kept nowhere. */
export function Desk({ account, threadId, temporary, conversation, choice }: DeskProps) {
  const { send, stop, streaming, problem, sending } = conversation;
  const words = useWords().messages;
  const [draft, setDraft] = useDraft(account.userId, temporary ? null : (threadId ?? newChat));
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
    <div className="mx-auto w-full max-w-[46rem] px-3 sm:px-4 md:px-6">
      <Composer
        key={threadId}
        draft={draft}
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
