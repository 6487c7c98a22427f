/** The addresses of the app's pages, as the router's patterns and as links. */
export const newThreadPath = "/";
/** Where a new thread begins that is in no list, and is deleted when it is left. */
export const temporaryPath = "/temporary";
export const threadPattern = "/threads/:threadId";
export const createPath = "/create";
export const libraryPath = "/library";
export const mediaPattern = "/library/:mediaId";
export const usagePath = "/usage";
export const privacyPath = "/privacy";
export const operatorPath = "/operator";

export function threadPath(threadId: string): string {
  return `/threads/${threadId}`;
}

/** One picture or video, opened over the library. */
export function mediaPath(mediaId: string): string {
  return `/library/${mediaId}`;
}
