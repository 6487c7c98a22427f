/** The page's content security policy: what it may load, and whom it may talk to. Pure. */

type Sources = string[];

export interface ContentPolicy {
  defaultSrc: Sources;
  scriptSrc: Sources;
  styleSrc: Sources;
  imgSrc: Sources;
  mediaSrc: Sources;
  fontSrc: Sources;
  connectSrc: Sources;
  workerSrc: Sources;
  frameSrc: Sources;
  manifestSrc: Sources;
  baseUri: Sources;
  formAction: Sources;
  frameAncestors: Sources;
}

const SELF = "'self'";
const NONE = "'none'";

/**
 * Scripts and fonts are the page's own. It connects to `services` (origins), shows their pictures and videos, and goes
 * nowhere else; pictures may also be the page's memory (`blob:`), where a file is previewed before it is uploaded.
 * Neither scripts nor style sheets may be inline; Clerk's components bring style sheets of that kind, so with Clerk they
 * may. With Clerk (`clerkHost`, its Frontend API), the sources Clerk's documentation asks for are added.
 */
export function contentPolicy(services: readonly string[], clerkHost: string | null): ContentPolicy {
  const clerk = (...sources: Sources) => (clerkHost ? sources : []);
  const clerkOrigin = `https://${clerkHost}`;
  const challenges = "https://challenges.cloudflare.com";
  return {
    defaultSrc: [NONE],
    scriptSrc: [SELF, ...clerk(clerkOrigin, challenges)],
    styleSrc: [SELF, ...clerk("'unsafe-inline'")],
    imgSrc: [SELF, "blob:", ...services.filter(isHttp), ...clerk("https://img.clerk.com")],
    mediaSrc: [SELF, ...services.filter(isHttp)],
    fontSrc: [SELF],
    connectSrc: [SELF, ...services, ...clerk(clerkOrigin)],
    workerSrc: [SELF, ...clerk("blob:")],
    frameSrc: clerkHost ? [challenges] : [NONE],
    manifestSrc: [SELF],
    baseUri: [NONE],
    formAction: [SELF],
    frameAncestors: [NONE],
  };
}

function isHttp(origin: string): boolean {
  return origin.startsWith("http");
}

/** The Frontend API host a publishable key names: base64 of `host$` after `pk_test_` or `pk_live_`; null for none. */
export function clerkHostOf(publishableKey: string | undefined): string | null {
  const encoded = /^pk_(?:test|live)_(.+)$/.exec(publishableKey ?? "")?.[1];
  if (!encoded) return null;
  return /^([a-z0-9.-]+)\$$/.exec(Buffer.from(encoded, "base64").toString())?.[1] ?? null;
}
