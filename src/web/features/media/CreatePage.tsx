import { usePaginatedQuery } from "convex/react";
import { Sparkles } from "lucide-react";
import { useRef } from "react";
import { type Account, api } from "../../app/api.ts";
import { Splash } from "../../app/Splash.tsx";
import { Button } from "../../ui/Button.tsx";
import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";
import { Empty } from "./Empty.tsx";
import { JobCard } from "./JobCard.tsx";
import { isUnderWay } from "./JobProgress.tsx";
import { OrderForm } from "./OrderForm.tsx";
import type { MediaModel } from "./orders.ts";
import { ReadOnly } from "./ReadOnly.tsx";
import { useDraftOrder } from "./useDraftOrder.ts";
import { useMediaSession } from "./useMediaSession.ts";
import { type Order, useMediaModels } from "./useOrder.ts";

const JOBS_PER_PAGE = 24;

/** Where pictures and videos are made. */
export default function CreatePage({ account }: { account: Account }) {
  const { media } = useWords();
  const models = useMediaModels();
  return (
    <Page wide title={media.createTitle} lead={media.createLead}>
      {account.state === "restricted" && <ReadOnly />}
      {models ? <Workbench account={account} models={models} /> : <Splash />}
    </Page>
  );
}

/** What is to be made beside what was asked for before. */
function Workbench({ account, models }: { account: Account; models: readonly MediaModel[] }) {
  const draft = useDraftOrder(models);
  const form = useRef<HTMLDivElement>(null);
  const change = (order: Order) => {
    draft.take(order);
    form.current?.querySelector("textarea")?.focus();
  };
  return (
    <div className="mt-7 grid items-start gap-x-8 gap-y-10 lg:grid-cols-[minmax(300px,360px)_minmax(0,1fr)]">
      <div ref={form} className="rounded-2xl border border-line bg-raised p-4 sm:p-5 lg:sticky lg:top-6">
        <OrderForm account={account} draft={draft} />
      </div>
      <Queue models={models} readOnly={account.state === "restricted"} onChange={change} />
    </div>
  );
}

interface QueueProps {
  models: readonly MediaModel[];
  readOnly: boolean;
  onChange: (order: Order) => void;
}

/** Everything that was asked for, the newest first, each turning into what comes of it. */
function Queue({ models, readOnly, onChange }: QueueProps) {
  useMediaSession();
  const { media } = useWords();
  const jobs = usePaginatedQuery(api.media.jobs, {}, { initialNumItems: JOBS_PER_PAGE });
  const labelOf = (modelId: string) => models.find(({ id }) => id === modelId)?.label ?? modelId;
  if (jobs.status === "LoadingFirstPage") return <Splash />;
  const underWay = jobs.results.filter(isUnderWay).length;
  return (
    <section aria-label={media.queue} className="min-w-0">
      <h2 className="sr-only">{media.queue}</h2>
      <p role="status" className="sr-only">
        {media.underWay(underWay)}
      </p>
      {jobs.results.length === 0 && (
        <Empty icon={<Sparkles aria-hidden size={26} strokeWidth={1.5} />} title={media.queueEmpty}>
          {media.queueEmptyLead}
        </Empty>
      )}
      <div className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,200px),1fr))] gap-4">
        {jobs.results.map((job) => (
          <JobCard
            key={job._id}
            job={job}
            modelLabel={labelOf(job.model)}
            readOnly={readOnly}
            onChange={({ kind, prompt, model, options }) => onChange({ kind, prompt, model, options })}
          />
        ))}
      </div>
      {jobs.status === "CanLoadMore" && (
        <Button small className="mt-4" onClick={() => jobs.loadMore(JOBS_PER_PAGE)}>
          {media.showEarlier}
        </Button>
      )}
    </section>
  );
}
