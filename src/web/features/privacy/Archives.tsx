import { useMutation, useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { Archive, Download, LoaderCircle } from "lucide-react";
import { EXPORT_MS } from "../../../policy/periods.ts";
import { api } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { useWords } from "../../words/words.ts";
import { daysOf } from "./days.ts";
import { useAttempt } from "./useAttempt.ts";

type Archived = FunctionReturnType<typeof api.privacy.exports>[number];

/** A copy of everything, made on request and there for some days. */
export function Archives() {
  const { privacy } = useWords();
  const archives = useQuery(api.privacy.exports, {});
  const start = useMutation(api.privacy.export);
  const { busy, attempt } = useAttempt();
  const isBuilding = archives?.some(({ state }) => state === "building") ?? false;
  return (
    <>
      <p className="mb-4 max-w-[60ch] text-[15px] text-pretty text-muted">{privacy.archivesLead(daysOf(EXPORT_MS))}</p>
      <Button busy={busy} disabled={isBuilding} onClick={() => void attempt(() => start({}))}>
        <Archive aria-hidden size={16} />
        {privacy.makeArchive}
      </Button>
      {archives && archives.length > 0 && (
        <ul className="mt-4 divide-y divide-line rounded-2xl border border-line bg-raised" aria-live="polite">
          {archives.map((archive) => (
            <Line key={archive.exportId} archive={archive} />
          ))}
        </ul>
      )}
    </>
  );
}

function Line({ archive }: { archive: Archived }) {
  const { privacy } = useWords();
  const { state, contentBytes, requestedAt, expiresAt, url } = archive;
  return (
    <li data-state={state} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 text-[14.5px] sm:px-5">
      <span className="min-w-0 flex-1 basis-56">
        <span className="block">{privacy.archiveFrom(requestedAt)}</span>
        <span className="flex items-center gap-2 text-[13.5px] text-muted">
          {state === "building" && <LoaderCircle aria-hidden size={14} className="animate-spin" />}
          {[
            privacy.archiveStates[state],
            state === "building" && contentBytes > 0 && privacy.soFar(contentBytes),
            state === "ready" && privacy.archiveSize(contentBytes),
            expiresAt !== null && privacy.goneOn(expiresAt),
          ]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </span>
      {url && (
        <a
          href={url}
          download
          className="inline-flex h-9 items-center gap-2 rounded-[10px] border border-line bg-raised px-3.5 text-[14px] font-medium hover:bg-hover"
        >
          <Download aria-hidden size={15} />
          {privacy.download}
        </a>
      )}
    </li>
  );
}
