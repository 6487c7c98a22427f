/** Errors in the shape of Clerk's Backend API: `{ errors: [{ code, message, long_message, meta }] }`. */
import { randomBytes } from "node:crypto";
import type { Context, ErrorHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ZodError, ZodType } from "zod";

/** A refusal that travels to the caller as it is. */
export class ClerkError extends Error {
  override readonly name = "ClerkError";
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly longMessage: string;
  readonly paramName: string | undefined;

  constructor(status: ContentfulStatusCode, code: string, message: string, longMessage = message, paramName?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.longMessage = longMessage;
    this.paramName = paramName;
  }
}

export function notFound(what: string, id: string): ClerkError {
  return new ClerkError(404, "resource_not_found", "not found", `No ${what} was found with id ${id}.`);
}

/** The JSON body, checked; `{}` when there is none. Throws `ClerkError` 400 or 422. */
export async function readBody<T>(c: Context, shape: ZodType<T>): Promise<T> {
  const text = await c.req.text();
  const parsed = shape.safeParse(text === "" ? {} : parseJson(text));
  if (parsed.success) return parsed.data;
  throw fromZod(parsed.error);
}

/** Turns whatever a route threw into an answer. */
export const answerError: ErrorHandler = (error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  const known =
    error instanceof ClerkError
      ? error
      : new ClerkError(500, "internal_clerk_error", "Oops, an unexpected error occurred");
  if (known !== error) console.error(error);
  const meta = known.paramName === undefined ? {} : { param_name: known.paramName };
  const body = { code: known.code, message: known.message, long_message: known.longMessage, meta };
  return c.json({ errors: [body], clerk_trace_id: randomBytes(16).toString("hex") }, known.status);
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ClerkError(400, "request_body_invalid", "Request body invalid", "The request body is not valid JSON.");
  }
}

function fromZod(error: ZodError): ClerkError {
  const issue = error.issues[0]!;
  if (issue.code === "unrecognized_keys") {
    const param = issue.keys[0]!;
    return new ClerkError(422, "form_param_unknown", "is unknown", `${param} is not a valid parameter here.`, param);
  }
  const param = issue.path.join(".") || "body";
  return new ClerkError(422, "form_param_format_invalid", "is invalid", `${param}: ${issue.message}`, param);
}
