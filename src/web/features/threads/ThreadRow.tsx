import clsx from "clsx";
import { useMutation } from "convex/react";
import { Ellipsis, Pencil, Pin, PinOff, Trash2 } from "lucide-react";
import { useRef } from "react";
import { Link, useMatch } from "react-router";
import { api, type Thread } from "../../app/api.ts";
import { threadPath } from "../../app/paths.ts";
import { sentenceOf } from "../../app/sentences.ts";
import { Menu, MenuItem, MenuSeparator } from "../../ui/Menu.tsx";
import { useNotice } from "../../ui/Notices.tsx";

/** What a row's menu asks for that needs a dialog, and the button it was asked with. */
export interface ThreadCommand {
  kind: "rename" | "remove";
  thread: Thread;
  button: HTMLElement | null;
}

export interface ThreadDialogProps {
  thread: Thread;
  onClose: () => void;
  returnFocusTo: HTMLElement | null;
}

interface ThreadRowProps {
  thread: Thread;
  onNavigate?: () => void;
  onCommand: (command: ThreadCommand) => void;
}

export function ThreadRow({ thread, onNavigate, onCommand }: ThreadRowProps) {
  const active = useMatch(threadPath(thread._id)) !== null;
  return (
    <li
      className={clsx(
        "group/row relative flex items-center rounded-[10px] has-[[data-state=open]]:bg-hover",
        active ? "bg-tint" : "hover:bg-hover",
      )}
    >
      <Link
        to={threadPath(thread._id)}
        onClick={onNavigate}
        aria-current={active ? "page" : undefined}
        className="min-w-0 flex-1 truncate rounded-[10px] py-2 pr-10 pl-3 text-[14.5px]"
      >
        {thread.title || "Untitled"}
      </Link>
      <ThreadMenu thread={thread} onCommand={onCommand} />
    </li>
  );
}

function ThreadMenu({ thread, onCommand }: Pick<ThreadRowProps, "thread" | "onCommand">) {
  const button = useRef<HTMLButtonElement>(null);
  const command = (kind: ThreadCommand["kind"]) => onCommand({ kind, thread, button: button.current });
  const setPinned = useMutation(api.threads.setPinned);
  const notify = useNotice();
  const togglePin = () =>
    setPinned({ threadId: thread._id, pinned: !thread.pinned }).catch((error) => notify(sentenceOf(error)));
  return (
    <Menu
      align="end"
      trigger={
        <button
          ref={button}
          type="button"
          aria-label={`Options for ${thread.title || "Untitled"}`}
          className={clsx(
            "absolute right-1 grid size-8 place-items-center rounded-lg text-muted hover:text-ink",
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
        onSelect={() => void togglePin()}
      >
        {thread.pinned ? "Unpin" : "Pin to top"}
      </MenuItem>
      <MenuItem icon={<Pencil aria-hidden size={16} />} onSelect={() => command("rename")}>
        Rename
      </MenuItem>
      <MenuSeparator />
      <MenuItem danger icon={<Trash2 aria-hidden size={16} />} onSelect={() => command("remove")}>
        Delete
      </MenuItem>
    </Menu>
  );
}
