/** The headers every answer of the page's server carries: for our own server, and as a file for static hosts. Pure. */
import { type ContentPolicy, contentPolicy } from "./contentPolicy.ts";

export interface PageServices {
  convexUrl: string;
  convexSiteUrl: string;
  /** Absent where Clerk signs people in. */
  identityUrl?: string | undefined;
}

const YEAR_S = 365 * 24 * 60 * 60;

/** For what is named by its content, and so never changes. */
export const KEPT_FOR_EVER = `public, max-age=${YEAR_S}, immutable`;

/** Names in lower case, values as they are sent. `clerkHost` is Clerk's Frontend API, where Clerk signs people in. */
export function pageHeaders(services: PageServices, clerkHost: string | null): Record<string, string> {
  return {
    "content-security-policy": policyText(contentPolicy(originsOf(services), clerkHost)),
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "origin-agent-cluster": "?1",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": `max-age=${YEAR_S}; includeSubDomains`,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
}

/**
 * The same as the `_headers` file that static hosts read: a path, and below it the headers of what matches. Where the
 * Convex deployment is not known when the page is built, any of Convex's own is allowed.
 */
export function headersFile(env: Record<string, string | undefined>, clerkHost: string | null): string {
  const section = (route: string, headers: Record<string, string>) =>
    [route, ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)].join("\n");
  return [
    section("/*", pageHeaders(deploymentOf(env), clerkHost)),
    section("/assets/*", { "cache-control": KEPT_FOR_EVER }),
    section("/config.json", { "cache-control": "no-store" }),
    "",
  ].join("\n\n");
}

/** `convex deploy --cmd` tells a build `VITE_CONVEX_URL`; its HTTP routes are at the same name under `convex.site`. */
function deploymentOf(env: Record<string, string | undefined>): PageServices {
  const convexUrl = env["VITE_CONVEX_URL"] || "https://*.convex.cloud";
  const convexSiteUrl = env["VITE_CONVEX_SITE_URL"] || convexUrl.replace(/\.cloud$/, ".site");
  return { convexUrl, convexSiteUrl };
}

function originsOf({ convexUrl, convexSiteUrl, identityUrl }: PageServices): string[] {
  return [convexUrl, convexUrl.replace(/^http/, "ws"), convexSiteUrl, ...(identityUrl ? [identityUrl] : [])];
}

function policyText(policy: ContentPolicy): string {
  return Object.entries(policy)
    .map(([directive, sources]) => `${kebabCase(directive)} ${sources.join(" ")}`)
    .join("; ");
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
