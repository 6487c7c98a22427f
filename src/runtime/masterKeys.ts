/** A home whose ring lacks a master key that is still needed can read nothing of some people: it does not start. */
import { HomeError } from "./homeError.ts";

/** The part of `encryption/rotation:status` that counts here. */
interface MasterKey {
  kid: string;
  isInRing: boolean;
}

/** Throws `HomeError` where keys of people are wrapped with a master key that the functions do not have. */
export async function refuseMissingMasterKeys(apiUrl: string, adminKey: string): Promise<void> {
  const missing = (await readMasterKeys(apiUrl, adminKey)).filter(({ isInRing }) => !isInRing);
  if (missing.length === 0) return;
  const kids = missing.map(({ kid }) => `"${kid}"`).join(", ");
  throw new HomeError(
    `CRYPTO_KEYRING lacks the master key ${kids}, which people's keys are still wrapped with: put it back, then run ` +
      "npm run ops -- rotate-keys.",
  );
}

/** What the functions say; nothing where they cannot, which they then say themselves to whoever calls them. */
async function readMasterKeys(apiUrl: string, adminKey: string): Promise<MasterKey[]> {
  const response = await fetch(`${apiUrl}/api/function`, {
    method: "POST",
    headers: { authorization: `Convex ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({ path: "encryption/rotation:status", args: {}, format: "json" }),
  });
  const { value } = (await response.json()) as { value?: MasterKey[] };
  return value ?? [];
}
