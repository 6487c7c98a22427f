/** Convex's limits on the code of a deployment, checked before any of it runs. */
import type { Bundle } from "./bundle.ts";
import { DeploymentError } from "./deploymentError.ts";

/** Of the app, or of one component. */
const MODULES_MAX = 4096;
/** Of all modules, as they are bundled. */
const CODE_BYTES_MAX = 32 * 1024 * 1024;

/** Throws `DeploymentError` when a bundle is larger than Convex takes. */
export function checkBundle({ definitions, node }: Bundle): void {
  for (const { definitionPath, modules } of definitions) {
    const count = modules.length + (definitionPath === "" ? node.modules.length : 0);
    if (count > MODULES_MAX) throw new DeploymentError(`Too many modules: ${count} (limit: ${MODULES_MAX}).`);
  }
  const modules = [...definitions.flatMap((each) => each.modules), ...node.modules];
  const bytes = modules.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0);
  if (bytes > CODE_BYTES_MAX)
    throw new DeploymentError(`The code is too large: ${bytes} bytes (limit: ${CODE_BYTES_MAX} bytes).`);
}
