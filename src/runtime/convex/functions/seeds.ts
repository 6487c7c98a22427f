/** Seeds for the isolates' generators: 128 bits as four 32-bit numbers. */
import { createHash, randomBytes } from "node:crypto";

/** For one execution. */
export function newSeed(): Uint32Array {
  return seedOf(randomBytes(16));
}

/** For everything that modules of a deployment do while they are imported: one constant per deploy. */
export function importSeed(deploymentVersion: number): Uint32Array {
  return seedOf(createHash("sha256").update(`import ${deploymentVersion}`).digest());
}

function seedOf(bytes: Buffer): Uint32Array {
  return Uint32Array.from([0, 4, 8, 12], (offset) => bytes.readUInt32LE(offset));
}
