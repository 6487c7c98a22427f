import clsx from "clsx";
import { useAction } from "convex/react";
import { FileText, Film, Image, Play } from "lucide-react";
import { useState } from "react";
import type { MediaKind } from "../../../shared/media.ts";
import { api } from "../../app/api.ts";

interface ThumbnailProps {
  mediaId: string;
  kind: MediaKind;
  /** Its address; null while there is none. */
  url: string | null;
  /** What it shows, for those who do not see it. */
  alt: string;
  /** It is still being made. */
  due?: boolean;
}

/** The small picture of a medium, or a sign of its kind where there is none. Fills what it stands in. */
export function Thumbnail({ mediaId, kind, url, alt, due = false }: ThumbnailProps) {
  const { shownUrl, attempt, renew } = useThumbnailUrl(mediaId, url);
  if (!shownUrl) {
    return (
      <span className={clsx("grid size-full place-items-center bg-sunken text-muted", due && "breathing")}>
        <KindSign kind={kind} />
        <span className="sr-only">{alt}</span>
      </span>
    );
  }
  return (
    <>
      <img
        key={attempt}
        src={shownUrl}
        alt={alt}
        onError={renew}
        draggable={false}
        className="size-full bg-sunken object-cover"
      />
      {kind === "video" && (
        <span className="absolute right-2 bottom-2 grid size-7 place-items-center rounded-full bg-black/60 text-white">
          <Play aria-hidden size={13} fill="currentColor" />
        </span>
      )}
    </>
  );
}

/** A sign for media that have no picture. */
export function KindSign({ kind }: { kind: MediaKind }) {
  if (kind === "image") return <Image aria-hidden size={26} strokeWidth={1.5} />;
  if (kind === "video") return <Film aria-hidden size={26} strokeWidth={1.5} />;
  return <FileText aria-hidden size={26} strokeWidth={1.5} />;
}

/**
 * The address a thumbnail is shown from: the first that was given, since later ones show the same picture and would load
 * it anew. Where that could not be loaded, because it had run out or the line was down, another is asked for once. It may
 * be the same one, so what shows it has to begin anew with each attempt.
 */
function useThumbnailUrl(mediaId: string, url: string | null) {
  const ticket = useAction(api.media.ticket);
  const [shown, setShown] = useState({ url, attempt: 0 });
  if (!shown.url && url && shown.attempt === 0) setShown({ url, attempt: 0 });
  const renew = () => {
    if (shown.attempt > 0) return setShown({ url: null, attempt: 1 });
    ticket({ mediaId, variant: "thumbnail" }).then(
      (given) => setShown({ url: given.url, attempt: 1 }),
      () => setShown({ url: null, attempt: 1 }),
    );
  };
  return { shownUrl: shown.url, attempt: shown.attempt, renew };
}
