/** Puts what is in `convex/` into service, at start and whenever it changes. */
import type { Application } from "./application.ts";
import type { Runner } from "./functions/runner.ts";
import type { Store } from "./types.ts";

/**
 * Bundles, analyses, applies schemas, and switches over in one turn of the event loop. When anything is wrong
 * it throws, naming file and line, and the deployment in service stays.
 */
export async function deploy(parts: { store: Store; runner: Runner; application: Application }): Promise<void> {
  const { store, runner, application } = parts;
  const prepared = await runner.prepare();
  const { deployment } = prepared;
  for (const component of deployment.components) store.catalog.applySchema(component, deployment.schemaOf(component));
  runner.activate(prepared);
  application.live.invalidateAll();
}
