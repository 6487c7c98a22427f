import { useMutation, useQuery } from "convex/react";
import { RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { api, type Message } from "../../app/api.ts";
import { Boundary } from "../../app/Boundary.tsx";
import { sentenceOf } from "../../app/sentences.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { JobProgress } from "./JobProgress.tsx";
import { Medium } from "./Medium.tsx";

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
  const { media } = useWords();
  const live = reply.state === "streaming";
  return (
    <article aria-label={modelLabel} aria-busy={live} data-reply-id={reply._id} data-state={reply.state}>
      {reply.attachments.map((medium) => (
        <Medium key={medium.mediaId} medium={medium} label={media.madeBy(modelLabel)} />
      ))}
      {live && <Making jobId={jobId} />}
      {reply.state === "stopped" && <p className="text-[14px] text-muted">{media.cancelled}</p>}
      {reply.state === "failed" && (
        <Boundary resetKey={jobId} fallback={() => <p className="text-muted">{media.notMade}</p>}>
          <Reason jobId={jobId} />
        </Boundary>
      )}
      <div className="-ml-2 flex h-9 items-center gap-0.5">
        {!live && (
          <>
            {onTryAgain && (
              <IconButton label={media.makeAnother} onClick={onTryAgain} className="size-8">
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
  const { media } = useWords();
  return (
    <div className="grid max-w-[28rem] gap-2.5">
      <JobProgress job={job} />
      <Button
        small
        className="justify-self-start"
        onClick={() => void cancel({ jobId }).catch((error) => notify(sentenceOf(error)))}
      >
        {media.cancel}
      </Button>
    </div>
  );
}

function Reason({ jobId }: { jobId: string }) {
  const job = useQuery(api.media.job, { jobId });
  const { media } = useWords();
  return (
    <p role="alert" className="text-[15px] text-muted">
      {job?.error ? media.failed(media.errors[job.error.code] ?? job.error.message) : media.notMade}
    </p>
  );
}

function Cost({ jobId }: { jobId: string }) {
  const job = useQuery(api.media.job, { jobId });
  const { usage } = useWords();
  return job && ` · ${usage.credits(job.credits)}`;
}
