import { formats } from "./formats.ts";

const days = (count: number) => formats.count(count, { one: "day", other: "days" });
const messages = (count: number) => formats.count(count, { one: "message", other: "messages" });

/** The list of chats and what can be done with one. */
export const threads = {
  title: "Chats",
  newThread: "New chat",
  newTemporary: "New temporary chat",
  temporary: "Temporary chat",
  untitled: "Untitled",
  none: "Your chats will be listed here, sealed with a key of your own.",
  showOlder: "Show older",
  groups: { pinned: "Pinned", today: "Today", yesterday: "Yesterday", week: "Last 7 days", month: "Last 30 days" },
  daysLeft: (count: number) => (count < 1 ? "Deleted today" : `${days(count)} left`),
  keep: (title: string) => `Keep “${title}”`,
  optionsFor: (title: string) => `Options for ${title}`,
  pin: "Pin to top",
  unpin: "Unpin",
  rename: "Rename",
  renameTitle: "Rename chat",
  titleField: "Title",
  remove: "Delete",
  removed: (title: string) => `“${title}” is deleted.`,
  undo: "Undo",
  search: "Search chats",
  searchFurther: "Search further",
  clearSearch: "Clear the search",
  searching: (count: number) => `Searching: ${messages(count)} so far`,
  searched: (count: number) =>
    count === 0 ? "Nothing found." : formats.count(count, { one: "place", other: "places" }),
  inTitles: "Titles",
  inMessages: "Messages",
};
