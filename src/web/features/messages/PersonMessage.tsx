import type { Message } from "../../app/api.ts";
import { Attachments } from "../media/Attachments.tsx";
import { CopyButton } from "./CopyButton.tsx";

/** What a person wrote, shown exactly as they wrote it, below the files that came with it. */
export function PersonMessage({ text, attachments = [] }: { text: string; attachments?: Message["attachments"] }) {
  return (
    <article aria-label="You" className="group/message flex flex-wrap items-end justify-end gap-1">
      {attachments.length > 0 && (
        <div className="order-first w-full">
          <Attachments attachments={attachments} />
        </div>
      )}
      <div className="max-w-[min(85%,36rem)] rounded-2xl rounded-br-md bg-tint px-4 py-2.5 [overflow-wrap:anywhere] whitespace-pre-wrap">
        {text}
      </div>
      <div className="order-first opacity-0 transition-opacity group-focus-within/message:opacity-100 group-hover/message:opacity-100 pointer-coarse:opacity-100">
        <CopyButton text={text} label="Copy message" />
      </div>
    </article>
  );
}
