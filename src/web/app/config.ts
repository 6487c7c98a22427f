/** What the page must know before it can talk to anyone; served at `/config.json`, so that one build fits any server. */
export interface WebConfig {
  /** Where the Convex deployment answers, for example `http://127.0.0.1:3210`. */
  convexUrl: string;
  /** Where its HTTP routes answer, for example `http://127.0.0.1:3211`. */
  convexSiteUrl: string;
  /** Where the embedded sign-in answers. Absent where Clerk signs people in. */
  identityUrl?: string;
  /** How to reach the operator: a mail or web address. Shown on every page. */
  contact: string;
}

/** Fetches the configuration. Rejects when the server does not answer or answers with something else. */
export async function loadConfig(): Promise<WebConfig> {
  const response = await fetch("/config.json");
  if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
  return response.json();
}
