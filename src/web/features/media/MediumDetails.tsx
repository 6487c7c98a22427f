import type { ReactNode } from "react";
import { Link } from "react-router";
import { threadPath } from "../../app/paths.ts";
import type { Words } from "../../words/words.ts";
import { useWords } from "../../words/words.ts";
import type { LibraryMedium } from "./optimism.ts";
import { useMediaModels } from "./useOrder.ts";

/** What a medium is called: what was asked for, else the name its file had. */
export function titleOf({ made, name }: LibraryMedium): string | null {
  return made?.prompt ?? name;
}

/** What is known of a medium. */
export function MediumDetails({ medium }: { medium: LibraryMedium }) {
  const { formats, media, usage } = useWords();
  const models = useMediaModels();
  const { made, threadId, createdAt: createdAtMs } = medium;
  const title = titleOf(medium) ?? media.unnamed;
  const model = made && (models?.find(({ id }) => id === made.model)?.label ?? made.model);
  return (
    <>
      <h3 className="sr-only">{media.details}</h3>
      <p className="text-[15px] text-pretty whitespace-pre-wrap [overflow-wrap:anywhere]">{title}</p>
      <dl className="mt-4 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-2 text-[13.5px]">
        {model && <Line name={media.model}>{model}</Line>}
        {made?.options.seed !== undefined && <Line name={media.seed}>{made.options.seed}</Line>}
        <Line name={made ? media.madeOn : media.addedOn}>{formats.dateTime(createdAtMs)}</Line>
        {made && <Line name={media.cost}>{usage.credits(made.credits)}</Line>}
        <Line name={media.file}>{fileLine(medium, formats)}</Line>
        <Line name={media.stays}>{stayOf(media, medium)}</Line>
      </dl>
      {threadId && (
        <Link to={threadPath(threadId)} className="mt-4 inline-block text-[13.5px] underline underline-offset-4">
          {media.toChat}
        </Link>
      )}
    </>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="[overflow-wrap:anywhere]">{children}</dd>
    </>
  );
}

function fileLine({ mime, width, height, contentBytes }: LibraryMedium, formats: Words["formats"]): string {
  const type = mime.split("/")[1]?.toUpperCase();
  return [type, width && height && `${width} × ${height}`, formats.bytes(contentBytes)].filter(Boolean).join(" · ");
}

function stayOf(media: Words["media"], { threadId, deletesAt: deletesAtMs }: LibraryMedium): string {
  if (threadId === null) return media.staysKept;
  return deletesAtMs === null ? media.staysWithChat : media.goesWithChat(deletesAtMs);
}
