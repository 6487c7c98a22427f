import { useRef } from "react";
import type { Message } from "../../app/api.ts";
import { useMediaUrl } from "./useMediaUrl.ts";

type Attachment = Message["attachments"][number];

/** A picture or a video, at a size that leaves room for the words around it. */
export function Medium({ medium, label }: { medium: Attachment; label: string }) {
  const { url, renew } = useMediaUrl(medium.mediaId);
  const playedSeconds = useRef(0);
  const { width, height } = medium;
  const shape = width && height ? { aspectRatio: `${width} / ${height}` } : undefined;
  if (!url) return <div style={shape} className="max-h-[60dvh] min-h-40 w-full max-w-[28rem] rounded-xl bg-hover" />;
  if (medium.kind === "video") {
    return (
      // oxlint-disable-next-line jsx-a11y/media-has-caption -- models make videos without captions
      <video
        controls
        playsInline
        preload="metadata"
        src={url}
        aria-label={label}
        onTimeUpdate={({ currentTarget }) => {
          playedSeconds.current = currentTarget.currentTime;
        }}
        onLoadedMetadata={({ currentTarget }) => {
          currentTarget.currentTime = playedSeconds.current;
        }}
        onError={renew}
        className="max-h-[60dvh] w-full max-w-[36rem] rounded-xl bg-black"
      />
    );
  }
  return (
    <img
      src={url}
      alt={label}
      style={shape}
      onError={renew}
      className="max-h-[60dvh] max-w-full rounded-xl object-contain sm:max-w-[28rem]"
    />
  );
}
