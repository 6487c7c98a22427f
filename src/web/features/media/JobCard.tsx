import { useMutation } from "convex/react";
import { Copy, PencilLine, RotateCcw, X } from "lucide-react";
import { Link, useLocation } from "react-router";
import { api } from "../../app/api.ts";
import { mediaPath } from "../../app/paths.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { useWords } from "../../words/words.ts";
import { isUnderWay, type Job, JobProgress } from "./JobProgress.tsx";
import { cancelledAtOnce } from "./optimism.ts";
import { KindSign, Thumbnail } from "./Thumbnail.tsx";
import { type Order, useAnother, useRefusalNotice } from "./useOrder.ts";

interface JobCardProps {
  job: Job;
  modelLabel: string;
  readOnly: boolean;
  /** Puts the order into the form, to be changed. */
  onChange: (order: Order) => void;
}

/** Something that was asked for: how far it is, what came of it, or why it did not, each with a way on. */
export function JobCard({ job, modelLabel, readOnly, onChange }: JobCardProps) {
  const { media, usage } = useWords();
  return (
    <article
      aria-label={job.prompt}
      data-state={job.state}
      className="flex flex-col overflow-hidden rounded-2xl border border-line bg-raised"
    >
      <div className="relative grid aspect-square place-items-center bg-sunken">
        <Outcome job={job} />
      </div>
      <div className="flex flex-1 flex-col gap-1 p-3">
        <p className="line-clamp-2 text-[14px] [overflow-wrap:anywhere]">{job.prompt}</p>
        <p className="text-[12.5px] text-muted">
          {[modelLabel, optionsLine(media, job), job.credits > 0 && usage.credits(job.credits)]
            .filter(Boolean)
            .join(" · ")}
        </p>
        {!readOnly && <Actions job={job} onChange={onChange} />}
      </div>
    </article>
  );
}

function Outcome({ job }: { job: Job }) {
  const { media } = useWords();
  const { pathname } = useLocation();
  if (job.state === "done" && job.mediaId) {
    return (
      <Link to={mediaPath(job.mediaId)} state={{ from: pathname }} className="absolute inset-0 -outline-offset-2">
        <Thumbnail
          mediaId={job.mediaId}
          kind={job.kind}
          url={job.thumbnailUrl}
          alt={job.prompt}
          due={job.thumbnailUrl === null}
        />
      </Link>
    );
  }
  if (isUnderWay(job)) {
    return (
      <div className="absolute inset-0 grid content-between p-4 text-[14px]">
        <span className="breathing mt-[22%] justify-self-center text-muted">
          <KindSign kind={job.kind} />
        </span>
        <JobProgress job={job} />
      </div>
    );
  }
  const sentence = job.error ? media.failed(media.errors[job.error.code] ?? job.error.message) : media.notMade;
  return (
    <p
      role={job.state === "failed" ? "alert" : undefined}
      className="p-5 text-center text-[14px] text-pretty text-muted"
    >
      {job.state === "cancelled" ? media.cancelled : sentence}
    </p>
  );
}

function Actions({ job, onChange }: Pick<JobCardProps, "job" | "onChange">) {
  const { media } = useWords();
  const cancel = useMutation(api.media.cancel).withOptimisticUpdate(cancelledAtOnce);
  const retry = useMutation(api.media.retry);
  const another = useAnother();
  const refused = useRefusalNotice();
  const { _id: jobId, state } = job;
  return (
    <div className="mt-auto -mb-1 -ml-1.5 flex gap-0.5 pt-1">
      {isUnderWay(job) ? (
        <IconButton label={media.cancel} onClick={() => void cancel({ jobId }).catch(refused)} className="size-9">
          <X aria-hidden size={16} />
        </IconButton>
      ) : (
        <>
          {state === "done" ? (
            <IconButton label={media.another} onClick={() => void another(job)} className="size-9">
              <Copy aria-hidden size={16} />
            </IconButton>
          ) : (
            <IconButton label={media.tryAgain} onClick={() => void retry({ jobId }).catch(refused)} className="size-9">
              <RotateCcw aria-hidden size={16} />
            </IconButton>
          )}
          <IconButton label={media.changePrompt} onClick={() => onChange(job)} className="size-9">
            <PencilLine aria-hidden size={16} />
          </IconButton>
        </>
      )}
    </div>
  );
}

function optionsLine(media: ReturnType<typeof useWords>["media"], { options }: Job): string {
  const { size, seconds, aspectRatio } = options;
  return [size && media.sizeOf(size), aspectRatio, seconds && media.seconds(seconds)].filter(Boolean).join(", ");
}
