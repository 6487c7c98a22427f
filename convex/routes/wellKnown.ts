import { httpAction } from "../_generated/server.js";
import { readKeyring } from "../encryption/vault.ts";
import { chatModels } from "../models/catalogue.ts";
import { respond, respondJson, respondPreflight } from "./responses.ts";

/** How long a `security.txt` is valid from the moment it is read; RFC 9116 recommends less than a year. */
const SECURITY_TXT_VALID_MS = 180 * 24 * 60 * 60 * 1000;

/** `GET /health`: 200 where functions run and find their keys and models, 503 otherwise. The logs say what is missing. */
export const health = httpAction(async (_ctx, request) => {
  try {
    readKeyring();
    chatModels();
  } catch (error) {
    console.error(error);
    return respondJson(request, { status: "unavailable" }, { status: 503 });
  }
  return respondJson(request, { status: "ok" });
});

/** `GET /.well-known/security.txt` (RFC 9116), with the contact of `SECURITY_EMAIL`; 404 where none is set. */
export const securityTxt = httpAction(async (_ctx, request) => {
  const contact = process.env.SECURITY_EMAIL;
  if (!contact) return respond(request, null, { status: 404 });
  const expires = new Date(Date.now() + SECURITY_TXT_VALID_MS).toISOString();
  const lines = [`Contact: mailto:${contact}`, `Expires: ${expires}`, "Preferred-Languages: en", ""];
  return respond(request, lines.join("\n"), { headers: { "Content-Type": "text/plain; charset=utf-8" } });
});

/** Any path that has no route. */
export const nothingHere = httpAction(async (_ctx, request) =>
  respondJson(request, { code: "not_found" }, { status: 404 }),
);

/** `OPTIONS` of any path. */
export const preflight = httpAction(async (_ctx, request) => respondPreflight(request));
