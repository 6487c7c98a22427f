import { Link } from "react-router";
import { threadPath } from "../../app/paths.ts";
import { Fact, Facts } from "../../ui/Facts.tsx";
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
      <Facts layout="table" className="mt-4">
        {model && <Fact term={media.model}>{model}</Fact>}
        {made?.options.seed !== undefined && <Fact term={media.seed}>{made.options.seed}</Fact>}
        <Fact term={made ? media.madeOn : media.addedOn}>{formats.dateTime(createdAtMs)}</Fact>
        {made && <Fact term={media.cost}>{usage.credits(made.credits)}</Fact>}
        <Fact term={media.file}>{fileLine(medium, formats)}</Fact>
        <Fact term={media.stays}>{stayOf(media, medium)}</Fact>
      </Facts>
      {threadId && (
        <Link to={threadPath(threadId)} className="mt-4 inline-block text-[13.5px] underline underline-offset-4">
          {media.toChat}
        </Link>
      )}
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
