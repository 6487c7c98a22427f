import { internal } from "../../convex/_generated/api.js";
import type { MasterKey } from "../../convex/encryption/rotation.ts";
import { Progress } from "../progress.ts";
import type { Command, Run } from "./command.ts";
import { countInWords } from "./words.ts";

/** Wraps the keys of all people with the active master key; exits 1 while a master key is missing. */
export const rotateKeys: Command = {
  name: "rotate-keys",
  synopsis: "rotate-keys",
  purpose: "says which master keys are in use; --apply wraps everybody's key with the active one",
  details: [
    "1. Add a new key to CRYPTO_KEYRING. 2. Point CRYPTO_ACTIVE_KID at it. 3. Run this with --apply, while people go on.",
    "4. When it says that the old key may leave the ring, and once backups of keys from before are gone, take it out.",
    "Exits with 1 while people's keys need a master key that the ring does not hold.",
  ],
  run: async (run) => {
    if (run.apply) await rewrapAll(run);
    const masterKeys = await run.deployment.call(internal.encryption.rotation.status, {});
    for (const masterKey of masterKeys) run.print(line(masterKey));
    return masterKeys.every(({ isInRing }) => isInRing) ? 0 : 1;
  },
};

async function rewrapAll({ deployment, print }: Run): Promise<void> {
  const progress = new Progress("keys wrapped anew");
  let total = 0;
  for (let isDone = false; !isDone; ) {
    const step = await deployment.call(internal.encryption.rotation.rewrapNext, {});
    total += step.swapped;
    isDone = step.isDone;
    progress.reached(total);
  }
  progress.end();
  print(`Keys wrapped anew: ${total}`);
}

function line({ kid, isActive, isInRing, wraps }: MasterKey): string {
  const use = `${kid}: wraps ${countInWords(wraps)} of people's keys`;
  if (!isInRing) return `${use} and is MISSING from CRYPTO_KEYRING: put it back`;
  if (isActive) return `${use} and is the active one`;
  return wraps.count === 0 ? `${use} and may leave the ring` : `${use} and must stay in the ring`;
}
