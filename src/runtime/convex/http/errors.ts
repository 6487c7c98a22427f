/** What clients are told when a request could not be served: `{ code, message }` and a status. */
import { RequestError, type RequestErrorKind } from "../errors.ts";

const STATUS: Record<RequestErrorKind, number> = {
  badRequest: 400,
  unauthenticated: 401,
  forbidden: 403,
  notFound: 404,
  tooLarge: 413,
  rateLimited: 429,
  conflict: 503,
  overloaded: 503,
};

/** Anything unforeseen is logged in full and told to nobody. */
export function errorResponse(error: unknown, log: (line: string) => void): Response {
  if (error instanceof RequestError)
    return Response.json({ code: error.code, message: error.message }, { status: STATUS[error.kind] });
  log(`A request failed with an internal error: ${error instanceof Error ? error.stack : String(error)}`);
  return Response.json(
    { code: "InternalServerError", message: "Your request couldn't be completed. Try again later." },
    { status: 500 },
  );
}
