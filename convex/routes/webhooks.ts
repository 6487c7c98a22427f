import { Webhook } from "standardwebhooks";
import { internal } from "../_generated/api.js";
import { httpAction } from "../_generated/server.js";
import { readProfile } from "../account/profile.ts";
import { keptFields } from "../webhooks/fields.ts";
import { respondJson } from "./responses.ts";

/** Largest message that is read. Clerk's have a few kilobytes. */
const MOST_BYTES = 256 * 1024;

type Refusal = "too_large" | "unsigned" | "malformed";

const STATUS: Record<Refusal, number> = { too_large: 413, unsigned: 401, malformed: 400 };

/**
 * `POST /webhooks/clerk`: verifies a message (Standard Webhooks, with Svix's header names; at most five minutes old; any
 * of the secrets in `CLERK_WEBHOOK_SECRET`) and enters it in the inbox. Answers 200 once that is committed, also to a
 * message that is known or parked; 4xx to what is not genuine, of which nothing is kept but a count; 503 where no secret
 * is set. See [Note: Inbox].
 */
export const clerkWebhook = httpAction(async (ctx, request) => {
  const secrets = (process.env.CLERK_WEBHOOK_SECRET ?? "").split(/[\s,]+/u).filter(Boolean);
  if (secrets.length === 0) return respondJson(request, { code: "unavailable" }, { status: 503 });
  const refuse = async (reason: Refusal) => {
    await ctx.runMutation(internal.webhooks.inbox.countRefusal, { reason });
    return respondJson(request, { code: reason }, { status: STATUS[reason] });
  };
  const body = await readBounded(request);
  if (body === null) return refuse("too_large");
  if (!secrets.some((secret) => isGenuine(secret, body, request.headers))) return refuse("unsigned");
  const event = parseObject(body);
  if (!event) return refuse("malformed");
  const messageId = request.headers.get("svix-id") ?? "";
  const fields = JSON.stringify(keptFields(event));
  const profile = readProfile((event as { data?: unknown }).data) ?? undefined;
  const { state } = await ctx.runMutation(internal.webhooks.inbox.receive, { messageId, fields, profile });
  return respondJson(request, { state });
});

/** The body as text, or null once it is larger than may be read. */
export async function readBounded(request: Request): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (const reader = request.body?.getReader(); reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.byteLength;
    if (bytes > MOST_BYTES) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

function isGenuine(secret: string, body: string, headers: Headers): boolean {
  const header = (name: string) => headers.get(`svix-${name}`) ?? "";
  try {
    new Webhook(secret).verify(
      body,
      {
        "webhook-id": header("id"),
        "webhook-timestamp": header("timestamp"),
        "webhook-signature": header("signature"),
      },
      { jsonParse: false },
    );
    return true;
  } catch {
    // The library throws for whatever is wrong with a message, and none of it is to be told to its sender.
    return false;
  }
}

function parseObject(json: string): object | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
