const idBytes = 16;

/**
 * A name for a request, made by chance, so that sending it twice does its work once. `crypto.randomUUID` would do as
 * well, but browsers keep it from pages that are served without TLS from another machine.
 */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(idBytes));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
