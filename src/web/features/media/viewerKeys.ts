/** What the keys do in the viewer of the library. */
export const viewerKeys = {
  earlier: "ArrowLeft",
  later: "ArrowRight",
  play: "Space",
  download: "d",
  remove: "Delete",
  close: "Escape",
} as const;

export type ViewerDeed = keyof typeof viewerKeys;

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"> & {
  target: EventTarget | null;
};

/** Elements that answer the space bar themselves. */
const answersSpace = "button, a, video, input, [role=slider]";

/** What a key press asks the viewer for; null for nothing. */
export function deedOf({ key, ctrlKey, metaKey, altKey, shiftKey, target }: Pressed): ViewerDeed | null {
  if (ctrlKey || metaKey || altKey || shiftKey) return null;
  const isVideo = target instanceof Element && target.tagName === "VIDEO";
  if (key === "ArrowLeft" && !isVideo) return "earlier";
  if (key === "ArrowRight" && !isVideo) return "later";
  if (key === "Escape") return "close";
  if (key === "Delete") return "remove";
  if (key.toLowerCase() === "d") return "download";
  if (key === " " && !(target instanceof Element && target.closest(answersSpace))) return "play";
  return null;
}
