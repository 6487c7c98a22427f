import clsx from "clsx";
import { useMutation } from "convex/react";
import { Ellipsis, Pencil, Pin, PinOff, Trash2 } from "lucide-react";
import { useRef } from "react";
import { Link, useMatch } from "react-router";
import { EXPIRY_NOTICE_MS } from "../../../policy/retention.ts";
import { api, type Thread } from "../../app/api.ts";
import { threadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { daysLeft } from "./groups.ts";
import { useRemoval } from "./useRemoval.ts";

/** A thread that is to get another title, and the button that was asked with. */
export interface Renaming {
  thread: Thread;
  button: HTMLElement | null;
}

interface ThreadRowProps {
  thread: Thread;
  nowMs: number;
  onNavigate?: () => void;
  onRename: (renaming: Renaming) => void;
}

/** One thread in the list; in its last week with the days it has left, and a way to keep it. */
export function ThreadRow({ thread, nowMs, onNavigate, onRename }: ThreadRowProps) {
  const words = useWords().threads;
  const isOpen = useMatch(threadPath(thread._id)) !== null;
  const togglePin = usePinning(thread);
  const left = daysLeft(thread.deletesAt, { nowMs, noticeMs: EXPIRY_NOTICE_MS });
  const title = thread.title || words.untitled;
  return (
    <li
      className={clsx(
        "group/row relative flex items-center rounded-[10px] has-[[data-state=open]]:bg-hover",
        isOpen ? "bg-tint" : "hover:bg-hover",
      )}
    >
      <Link
        to={threadPath(thread._id)}
        onClick={onNavigate}
        aria-current={isOpen ? "page" : undefined}
        className={clsx("min-w-0 flex-1 rounded-[10px] py-2 pl-3 text-[14.5px]", left === null ? "pr-10" : "pr-18")}
      >
        <span className="block truncate">{title}</span>
        {left !== null && <span className="block text-[12.5px] text-danger">{words.daysLeft(left)}</span>}
      </Link>
      <div className="absolute right-1 flex">
        {left !== null && (
          <IconButton label={words.keep(title)} onClick={togglePin} className="size-8">
            <Pin aria-hidden size={16} />
          </IconButton>
        )}
        <ThreadMenu thread={thread} title={title} onRename={onRename} onTogglePin={togglePin} />
      </div>
    </li>
  );
}

interface ThreadMenuProps extends Pick<ThreadRowProps, "thread" | "onRename"> {
  title: string;
  onTogglePin: () => void;
}

function ThreadMenu({ thread, title, onRename, onTogglePin }: ThreadMenuProps) {
  const words = useWords().threads;
  const button = useRef<HTMLButtonElement>(null);
  const remove = useRemoval();
  return (
    <Menu
      align="end"
      trigger={
        <button
          ref={button}
          type="button"
          aria-label={words.optionsFor(title)}
          className={clsx(
            "grid size-8 place-items-center rounded-lg text-muted hover:text-ink",
            "opacity-0 group-hover/row:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100",
            "pointer-coarse:opacity-100",
          )}
        >
          <Ellipsis aria-hidden size={17} />
        </button>
      }
    >
      <MenuItem
        icon={thread.pinned ? <PinOff aria-hidden size={16} /> : <Pin aria-hidden size={16} />}
        onSelect={onTogglePin}
      >
        {thread.pinned ? words.unpin : words.pin}
      </MenuItem>
      <MenuItem icon={<Pencil aria-hidden size={16} />} onSelect={() => onRename({ thread, button: button.current })}>
        {words.rename}
      </MenuItem>
      <MenuSeparator />
      <MenuItem danger icon={<Trash2 aria-hidden size={16} />} onSelect={() => remove(thread)}>
        {words.remove}
      </MenuItem>
    </Menu>
  );
}

/** Pins the thread, or unpins it. */
function usePinning({ _id: threadId, pinned }: Thread): () => void {
  const setPinned = useMutation(api.threads.setPinned);
  const notify = useNotice();
  return () => void setPinned({ threadId, pinned: !pinned }).catch((error) => notify(sentenceOf(error)));
}
