/**
 * Which HTTP action answers a request: the app's exact route, else the longest of its prefix routes and the
 * mounts of its components; a mounted component is searched in the same way for the rest of the path.
 */
import type { ComponentPath } from "../types.ts";
import type { ComponentInstance } from "./deployment.ts";

/** The part of a deployment that routing looks at. */
interface Routable {
  instance(component: ComponentPath): Pick<ComponentInstance, "routes">;
}

export interface RoutedRequest {
  component: ComponentPath;
  /** The path to look up in the component's own router. */
  path: string;
  method: string;
}

/** Null when nothing matches. HEAD is routed as GET. */
export function routeRequest(deployment: Routable, method: string, pathname: string): RoutedRequest | null {
  return routeIn(deployment, "", { method: method === "HEAD" ? "GET" : method, path: pathname });
}

function routeIn(
  deployment: Routable,
  component: ComponentPath,
  { method, path }: { method: string; path: string },
): RoutedRequest | null {
  const { routes } = deployment.instance(component);
  const own = withoutPrefix(path, routes.prefix);
  const isExact = own !== null && routes.exact.some((route) => route.method === method && route.path === own);
  if (isExact) return { component, path: own, method };
  const prefixes =
    own === null ? [] : routes.prefixes.filter((each) => each.method === method && own.startsWith(each.prefix));
  // Compared in terms of the whole path, because mounts ignore the app's own prefix.
  const ownOffset = path.length - (own?.length ?? 0);
  const longestPrefix = Math.max(-1, ...prefixes.map((each) => each.prefix.length + ownOffset));
  const mounts = routes.mounts.filter((mount) => path.startsWith(mount.prefix) || `${path}/` === mount.prefix);
  const [mount] = mounts.sort((a, b) => b.prefix.length - a.prefix.length);
  if (mount && mount.prefix.length > longestPrefix) {
    return routeIn(deployment, mount.component, { method, path: `/${path.slice(mount.prefix.length)}` });
  }
  return own !== null && longestPrefix >= 0 ? { component, path: own, method } : null;
}

/** The path below `prefix` ("/x/"), still with its leading slash; null when it lies elsewhere. */
function withoutPrefix(path: string, prefix: string): string | null {
  if (prefix === "" || prefix === "/") return path;
  return path.startsWith(prefix) ? path.slice(prefix.length - 1) : null;
}
