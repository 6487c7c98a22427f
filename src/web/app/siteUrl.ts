import { createContext, use } from "react";

/** Where the HTTP routes answer, from `/config.json`: files, archives and the public privacy page. Set once for the app. */
export const SiteUrlContext = createContext("");

export function useSiteUrl(): string {
  return use(SiteUrlContext);
}
