import { FileText } from "lucide-react";
import { Button } from "../../ui/Button.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import type { LibraryMedium } from "./optimism.ts";
import { useMediaUrl } from "./useMediaUrl.ts";
import { VideoPlayer } from "./VideoPlayer.tsx";

interface MediumStageProps {
  medium: LibraryMedium;
  label: string;
}

/** A medium as large as there is room. */
export function MediumStage({ medium, label }: MediumStageProps) {
  const { media } = useWords();
  const address = useMediaUrl(medium.mediaId);
  const { kind, width, height } = medium;
  if (kind !== "image" && kind !== "video") {
    return (
      <div className="grid justify-items-center gap-3 p-6 text-center text-muted">
        <FileText aria-hidden size={40} strokeWidth={1.25} />
        <p className="[overflow-wrap:anywhere]">{label}</p>
      </div>
    );
  }
  if (address.failed) {
    return (
      <Problem
        action={
          <Button small onClick={address.renew}>
            {media.tryAgain}
          </Button>
        }
      >
        {media.notLoaded}
      </Problem>
    );
  }
  if (!address.url) return <div aria-busy className="breathing size-full max-h-[60dvh] rounded-xl bg-sunken" />;
  if (kind === "video")
    return (
      <VideoPlayer {...address} url={address.url} label={label} className="max-h-full max-w-full rounded-xl bg-black" />
    );
  const size = width && height ? { width, height } : {};
  return (
    <img
      src={address.url}
      alt={label}
      {...size}
      onError={address.renew}
      className="h-auto max-h-[80dvh] w-auto max-w-full rounded-xl object-contain lg:max-h-full"
    />
  );
}
