/** The `convex/` folder cannot be deployed; the message says why, with file and line where there is one. */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError";
  /** Stable short name, by which the official CLI recognises what it can explain further. */
  readonly code: "InvalidModules" | "AuthConfigMissingEnvironmentVariable";

  constructor(message: string, code: DeploymentError["code"] = "InvalidModules") {
    super(message);
    this.code = code;
  }
}
