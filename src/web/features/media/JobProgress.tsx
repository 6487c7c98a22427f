import { useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { PLACES_COUNTED } from "../../../shared/media.ts";
import { api } from "../../app/api.ts";
import { Boundary } from "../../app/Boundary.tsx";
import { useWords } from "../../words/words.ts";

export type Job = FunctionReturnType<typeof api.media.job>;

/** Whether a job has still to end. */
export function isUnderWay({ state }: Pick<Job, "state">): boolean {
  return state === "queued" || state === "running" || state === "storing";
}

/** How far a job is: its place in line while it waits, then what is being done. */
export function JobProgress({ job }: { job: Job | undefined }) {
  const { media } = useWords();
  const percent = Math.round((job?.progress ?? 0) * 100);
  return (
    <div className="grid gap-2.5">
      <p className="text-muted">{job?.state === "queued" ? <PlaceInLine jobId={job._id} /> : <Stage job={job} />}</p>
      <div
        role="progressbar"
        aria-label={media.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        className="h-1.5 overflow-hidden rounded-full bg-hover"
      >
        <div style={{ width: `${Math.max(4, percent)}%` }} className="breathing h-full rounded-full bg-accent" />
      </div>
    </div>
  );
}

function Stage({ job }: { job: Job | undefined }) {
  const { media } = useWords();
  if (!job) return media.asking;
  return job.state === "storing" ? media.stages.storing : media.stages[job.kind];
}

function PlaceInLine({ jobId }: { jobId: string }) {
  const { media } = useWords();
  return (
    <Boundary resetKey={jobId} fallback={() => media.waiting}>
      <Counted jobId={jobId} />
    </Boundary>
  );
}

function Counted({ jobId }: { jobId: string }) {
  const { media } = useWords();
  const ahead = useQuery(api.media.place, { jobId });
  if (ahead === undefined || ahead === null) return media.waiting;
  return ahead === 0 ? media.next : media.placeInLine(ahead, PLACES_COUNTED);
}
