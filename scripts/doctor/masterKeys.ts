/** Whether a ring of master keys may be set at a deployment: it must hold every one that keys of people are wrapped with. */
import { parseKeyring } from "../../src/shared/keyring.ts";
import { runQuietly } from "../programs.ts";
import type { Answer } from "./probes.ts";
import type { Values } from "./variables.ts";

const QUESTION = "the ring holds every master key that is still in use";

/** Asks the deployment of the Convex CLI which master keys are in use, and compares them with these values. */
export async function askForMasterKeys(values: Values, prod: boolean): Promise<Answer> {
  const { exitCode, output } = await runQuietly("convex", [
    "run",
    "encryption/rotation:status",
    ...(prod ? ["--prod"] : []),
  ]);
  if (exitCode !== 0) return answer("left out", "the deployment has no functions yet, or they do not answer");
  return judgeMasterKeys(values, output);
}

/** What is to be said of these values where the deployment has answered with its master keys, as JSON. Pure. */
export function judgeMasterKeys(values: Values, output: string): Answer {
  const used = (JSON.parse(output.slice(output.indexOf("["))) as InUse[]).filter(({ wraps }) => wraps.count > 0);
  const missing = used.filter(({ kid }) => !kidsIn(values).includes(kid));
  if (missing.length === 0) return answer("ok", "");
  const kids = missing.map(({ kid }) => kid).join(", ");
  return answer("wrong", `put ${kids} back, and wrap people's keys anew first: npm run ops -- rotate-keys`);
}

interface InUse {
  kid: string;
  wraps: { count: number };
}

/** The ids in a ring; none where it is malformed, which is another finding. */
function kidsIn({ CRYPTO_KEYRING, CRYPTO_ACTIVE_KID, CRYPTO_ENV_ID }: Values): string[] {
  try {
    return [...parseKeyring({ CRYPTO_KEYRING, CRYPTO_ACTIVE_KID, CRYPTO_ENV_ID }).roots.keys()];
  } catch {
    return [];
  }
}

function answer(state: Answer["state"], message: string): Answer {
  return { step: "Encryption", question: QUESTION, state, message };
}
