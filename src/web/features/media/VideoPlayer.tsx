import { useEffect, useEffectEvent, useRef } from "react";

interface VideoPlayerProps {
  url: string;
  /** Asks for another address. */
  renew: () => void;
  label: string;
  className: string;
}

/** An address holds for five minutes at least; a video is given another before that. */
const renewEachMs = 4.5 * 60_000;

/** A video that goes on where it was when its address changes, which it does before the old one runs out. */
export function VideoPlayer({ url, renew, label, className }: VideoPlayerProps) {
  const played = useRef({ seconds: 0, playing: false });
  const note = ({ currentTarget: video }: { currentTarget: HTMLVideoElement }) => {
    played.current = { seconds: video.currentTime, playing: !video.paused };
  };
  return (
    <>
      <Renewal key={url} renew={renew} />
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption -- models make videos without captions */}
      <video
        controls
        playsInline
        preload="metadata"
        src={url}
        aria-label={label}
        onTimeUpdate={note}
        onPlay={note}
        onPause={note}
        onLoadedMetadata={({ currentTarget: video }) => {
          const { seconds, playing } = played.current;
          video.currentTime = seconds;
          if (playing) void video.play().catch(() => undefined);
        }}
        onError={renew}
        className={className}
      />
    </>
  );
}

/** Asks for another address in time; each address has its own. */
function Renewal({ renew }: Pick<VideoPlayerProps, "renew">) {
  const renewNow = useEffectEvent(renew);
  useEffect(() => {
    const timer = setTimeout(() => renewNow(), renewEachMs);
    return () => clearTimeout(timer);
  }, []);
  return null;
}
