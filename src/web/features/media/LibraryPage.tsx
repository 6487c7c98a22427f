import { usePaginatedQuery } from "convex/react";
import { Images } from "lucide-react";
import { useState } from "react";
import { Link, useLocation, useMatch, useNavigate } from "react-router";
import type { MediaKind } from "../../../shared/media.ts";
import { MEDIA_KINDS } from "../../../shared/media.ts";
import { type Account, api } from "../../app/api.ts";
import { Boundary } from "../../app/Boundary.tsx";
import { useCommands } from "../../app/commands/Commands.tsx";
import { createPath, libraryPath, mediaPath, mediaPattern } from "../../app/paths.ts";
import { Splash } from "../../app/Splash.tsx";
import { Button } from "../../ui/Button.tsx";
import { ChoiceChips } from "../../ui/ChoiceChips.tsx";
import { Page } from "../../ui/Page.tsx";
import { useWords } from "../../words/words.ts";
import { Empty } from "./Empty.tsx";
import { Gone } from "./Gone.tsx";
import { LibraryGrid } from "./LibraryGrid.tsx";
import type { LibraryMedium } from "./optimism.ts";
import { ReadOnly } from "./ReadOnly.tsx";
import { SelectionBar } from "./SelectionBar.tsx";
import { useMediaSession } from "./useMediaSession.ts";
import { type Selection, useSelection } from "./useSelection.ts";
import { Viewer } from "./Viewer.tsx";
import { viewerKeys } from "./viewerKeys.ts";

/** A page of the library is one query, and as many small pictures at most. */
const MEDIA_PER_PAGE = 60;

type Shown = MediaKind | "all";

/** Every picture, video and file a person has. What is opened stands above the grid, which keeps its place. */
export default function LibraryPage({ account }: { account: Account }) {
  useMediaSession();
  useViewerKeyList();
  const { media: words } = useWords();
  const [shown, setShown] = useState<Shown>("all");
  const kind = shown === "all" ? undefined : shown;
  const media = usePaginatedQuery(api.media.library, { kind }, { initialNumItems: MEDIA_PER_PAGE });
  const selection = useSelection(media.results);
  const readOnly = account.state === "restricted";
  const isEmpty = media.results.length === 0 && media.status === "Exhausted";
  return (
    <Page
      wide
      title={words.libraryTitle}
      lead={words.libraryLead}
      aside={!readOnly && !isEmpty && <SelectButton selection={selection} />}
    >
      {readOnly && <ReadOnly />}
      <div className="mt-6">
        <Filter shown={shown} onShow={setShown} />
      </div>
      {media.status === "LoadingFirstPage" && <Splash />}
      {isEmpty && <NothingHere shown={shown} />}
      <LibraryGrid
        media={media.results}
        selection={selection}
        loading={media.status === "LoadingMore"}
        onScarce={() => media.loadMore(MEDIA_PER_PAGE)}
      />
      {selection.isOn && <SelectionBar selection={selection} />}
      <OpenedMedium media={media.results} readOnly={readOnly} />
    </Page>
  );
}

function SelectButton({ selection }: { selection: Selection }) {
  const { media } = useWords();
  return (
    <Button small aria-pressed={selection.isOn} onClick={selection.toggleMode}>
      {selection.isOn ? media.selectDone : media.select}
    </Button>
  );
}

function Filter({ shown, onShow }: { shown: Shown; onShow: (shown: Shown) => void }) {
  const { media } = useWords();
  const kinds = Object.keys(MEDIA_KINDS) as MediaKind[];
  const options = [
    { value: "all" as Shown, label: media.all },
    ...kinds.map((kind) => ({ value: kind as Shown, label: media.kindsShown[kind] })),
  ];
  return <ChoiceChips label={media.filter} hiddenLabel value={shown} options={options} onChange={onShow} />;
}

function NothingHere({ shown }: { shown: Shown }) {
  const { media } = useWords();
  const action = (
    <Link
      to={createPath}
      className="mt-2 inline-flex h-9 items-center rounded-[10px] bg-accent px-3.5 text-[14px] font-medium text-on-accent hover:bg-accent-strong"
    >
      {media.toCreate}
    </Link>
  );
  return (
    <div className="mt-6">
      <Empty
        icon={<Images aria-hidden size={26} strokeWidth={1.5} />}
        title={shown === "all" ? media.libraryEmpty : media.noneOfKind}
        action={action}
      >
        {media.libraryEmptyLead}
      </Empty>
    </div>
  );
}

/** What the address names, with what stands before and after it in the grid. */
function OpenedMedium({ media, readOnly }: { media: LibraryMedium[]; readOnly: boolean }) {
  const mediaId = useMatch(mediaPattern)?.params.mediaId;
  const { state } = useLocation();
  const navigate = useNavigate();
  if (!mediaId) return null;
  const from = (state as { from?: string } | null)?.from;
  const at = media.findIndex((medium) => medium.mediaId === mediaId);
  const close = () => void navigate(from ?? libraryPath);
  const goTo = (medium: LibraryMedium | undefined) =>
    medium && (() => void navigate(mediaPath(medium.mediaId), { replace: true, state }));
  return (
    <Boundary resetKey={mediaId} fallback={() => <Gone onClose={close} />}>
      <Viewer
        mediaId={mediaId}
        listed={media[at]}
        readOnly={readOnly}
        onEarlier={at > 0 ? goTo(media[at - 1]) : undefined}
        onLater={at >= 0 ? goTo(media[at + 1]) : undefined}
        onClose={close}
      />
    </Boundary>
  );
}

/** The keys of the viewer, for the list of shortcuts: the viewer answers them itself. */
function useViewerKeyList(): void {
  const { media } = useWords();
  const labels = {
    earlier: media.earlier,
    later: media.later,
    play: media.play,
    download: media.download,
    remove: media.remove,
    close: media.close,
  };
  useCommands(
    Object.entries(viewerKeys).map(([name, shortcut]) => ({
      id: `viewer.${name}`,
      section: media.viewer,
      label: labels[name as keyof typeof viewerKeys],
      shortcut,
    })),
  );
}
