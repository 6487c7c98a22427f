import { useMutation, useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { api, type Message } from "../../app/api.ts";
import { Boundary } from "../../app/Boundary.tsx";
import { sentenceOf } from "../../app/sentences.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { Medium } from "./Medium.tsx";

type Job = FunctionReturnType<typeof api.media.job>;

interface JobReplyProps {
  reply: Message;
  jobId: string;
  modelLabel: string;
  /** Asks for another in place of this one; absent where that cannot be done. */
  onTryAgain?: () => void;
  /** The arrows between alternatives. */
  children: ReactNode;
}

/** A picture or a video that was asked for: how far it is, what was made, or why it was not. */
export function JobReply({ reply, jobId, modelLabel, onTryAgain, children }: JobReplyProps) {
  const live = reply.state === "streaming";
  return (
    <article aria-label={modelLabel} aria-busy={live} data-reply-id={reply._id} data-state={reply.state}>
      {reply.attachments.map((medium) => (
        <Medium key={medium.mediaId} medium={medium} label={`Made by ${modelLabel}`} />
      ))}
      {live && <Making jobId={jobId} />}
      {reply.state === "stopped" && <p className="text-[14px] text-muted">You cancelled this. It cost nothing.</p>}
      {reply.state === "failed" && (
        <Boundary resetKey={jobId} fallback={() => <p className="text-muted">This could not be made.</p>}>
          <Reason jobId={jobId} />
        </Boundary>
      )}
      <div className="-ml-2 flex h-9 items-center gap-0.5">
        {!live && (
          <>
            {onTryAgain && (
              <IconButton label="Make another" onClick={onTryAgain} className="size-8">
                <RotateCcw aria-hidden size={15} />
              </IconButton>
            )}
            {children}
            <span className="truncate px-2 text-[13px] text-muted">
              {modelLabel}
              {reply.state === "complete" && (
                <Boundary resetKey={jobId} fallback={() => null}>
                  <Cost jobId={jobId} />
                </Boundary>
              )}
            </span>
          </>
        )}
      </div>
    </article>
  );
}

function Making({ jobId }: { jobId: string }) {
  const job = useQuery(api.media.job, { jobId });
  const cancel = useMutation(api.media.cancel);
  const notify = useNotice();
  const percent = Math.round((job?.progress ?? 0) * 100);
  return (
    <div className="grid max-w-[28rem] gap-2.5">
      <p className="text-muted">{job ? stageOf(job) : "Asking"}</p>
      <div
        role="progressbar"
        aria-label="Progress"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        className="h-1.5 overflow-hidden rounded-full bg-hover"
      >
        <div style={{ width: `${Math.max(4, percent)}%` }} className="breathing h-full rounded-full bg-accent" />
      </div>
      <Button
        small
        className="justify-self-start"
        onClick={() => void cancel({ jobId }).catch((error) => notify(sentenceOf(error)))}
      >
        Cancel
      </Button>
    </div>
  );
}

function Reason({ jobId }: { jobId: string }) {
  const job = useQuery(api.media.job, { jobId });
  return (
    <p role="alert" className="text-[15px] text-muted">
      {job?.error?.message ?? "This could not be made."} It cost nothing.
    </p>
  );
}

function Cost({ jobId }: { jobId: string }) {
  const job = useQuery(api.media.job, { jobId });
  const { usage } = useWords();
  return job && ` · ${usage.credits(job.credits)}`;
}

function stageOf({ state, kind }: Job): string {
  if (state === "queued") return "Waiting for a free place";
  if (state === "storing") return "Sealing it";
  return kind === "image" ? "Drawing" : "Filming";
}
