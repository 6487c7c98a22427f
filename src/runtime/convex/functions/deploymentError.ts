/** The `convex/` folder cannot be deployed; the message says why, with file and line where there is one. */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError";
}
