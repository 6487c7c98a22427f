/** Calls internal functions of a deployment, for whoever holds its admin key. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import type { FunctionArgs, FunctionReference, FunctionReturnType } from "convex/server";

type Kind = "query" | "mutation" | "action";
type Internal = FunctionReference<Kind, "internal">;

/** A deployment that answers to its operator. */
export interface Deployment {
  call<Called extends Internal>(called: Called, args: FunctionArgs<Called>): Promise<FunctionReturnType<Called>>;
}

/** What the client offers administrators and does not publish in its types. */
interface AdminClient {
  setAdminAuth(adminKey: string): void;
  function(called: unknown, componentPath: undefined, args: unknown): Promise<unknown>;
}

const EMBEDDED_URL = "http://127.0.0.1:3210";

/** Connects to the deployment that flags and environment name. Throws an Error where no admin key is found. */
export function connect({ url, data }: { url?: string; data?: string }, env: NodeJS.ProcessEnv): Deployment {
  const address = url ?? env.CONVEX_SELF_HOSTED_URL ?? EMBEDDED_URL;
  const client = new ConvexHttpClient(address, { logger: false }) as unknown as AdminClient;
  client.setAdminAuth(adminKey(data, env));
  return {
    call: (called, args) => client.function(called, undefined, args) as ReturnType<Deployment["call"]>,
  };
}

function adminKey(data: string | undefined, env: NodeJS.ProcessEnv): string {
  const set = env.CONVEX_SELF_HOSTED_ADMIN_KEY ?? env.CONVEX_DEPLOY_KEY;
  if (set && data === undefined) return set;
  const file = path.join(data ?? ".noruxa", "admin.key");
  if (!existsSync(file)) {
    throw new Error(`There is no admin key in ${file}: name a data folder with --data, or set CONVEX_DEPLOY_KEY.`);
  }
  return readFileSync(file, "utf8").trim();
}
