import { REQUEST_ID_CHARACTERS } from "../../src/shared/limits.ts";
import { refusal } from "./errors.ts";

/**
 * A client's request id as the name of a request, from which the ids of the rows it makes are derived: so a request that
 * is repeated finds what it made. Throws `invalid`.
 */
export function requestName(requestId: string): string {
  if (requestId === "" || requestId.length > REQUEST_ID_CHARACTERS) {
    throw refusal("invalid", `A request id has 1 to ${REQUEST_ID_CHARACTERS} characters.`);
  }
  return `client:${requestId}`;
}
