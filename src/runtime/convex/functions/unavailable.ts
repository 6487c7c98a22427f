/** The parts of Convex that the embedded runtime leaves out, each with the sentence it answers. */
import { DeveloperError } from "../errors.ts";

const ADVICE = "is not available in the embedded runtime; use a Convex deployment for it.";

const MISSING: [RegExp, string][] = [
  [/^(1\.0\/)?storage/, "File storage"],
  [/vectorSearch$/, "Vector search"],
  [/auditLog$/i, "The audit log"],
  [/signJwt$/, "Signing tokens (ctx.auth.signJwt)"],
  [/createServiceToken$|getServiceUrl$/, "Calling Convex services"],
];

/** The error for a syscall that is left out on purpose, or null for one that is not known at all. */
export function unavailableFeature(operation: string): DeveloperError | null {
  const missing = MISSING.find(([pattern]) => pattern.test(operation));
  return missing ? missingFeature(missing[1]) : null;
}

export function fileStorageIsMissing(): DeveloperError {
  return missingFeature("File storage");
}

function missingFeature(name: string): DeveloperError {
  return new DeveloperError("NotAvailable", `${name} ${ADVICE}`);
}
