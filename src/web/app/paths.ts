/** The addresses of the app's pages. */
export const newThreadPath = "/";
export const usagePath = "/usage";

/** Matches both an address that names a thread (as `threadId`) and the one where a new thread begins. */
export const conversationPattern = /^\/(?:threads\/(?<threadId>[^/]+)\/?)?$/;

export function threadPath(threadId: string): string {
  return `/threads/${threadId}`;
}
