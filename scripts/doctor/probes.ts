/**
 * Asks the services that a deployment's variables point to. Every question is bounded in time, and every answer is a
 * sentence; secrets and response bodies never appear in one.
 */
import { AwsClient } from "aws4fetch";
import { parseChatModels } from "../../src/shared/chatModels.ts";
import type { Step, Values } from "./variables.ts";

export interface Probe {
  step: Step;
  /** What is asked, as the report prints it. */
  question: string;
  /** The variables it needs; with one of them unset or wrong it is left out. */
  needs: string[];
  /** Throws when nobody answers. */
  ask: (values: Record<string, string>, request: BoundedFetch) => Promise<Verdict>;
}

/** Null when all is well; what is wrong and what to do; or why it cannot be told. */
type Verdict = string | null | { leftOut: string };

export interface Answer {
  step: Step;
  question: string;
  state: "ok" | "wrong" | "left out";
  message: string;
}

export type BoundedFetch = (url: string, init?: RequestInit) => Promise<Response>;

const CLERK_API_URL = "https://api.clerk.com";

export const probes: readonly Probe[] = [
  {
    step: "Identity (Clerk)",
    question: "the issuer publishes its keys",
    needs: ["CLERK_JWT_ISSUER_DOMAIN"],
    ask: issuerAnswers,
  },
  {
    step: "Identity (Clerk)",
    question: 'a JWT template named "convex" has the audience "convex"',
    needs: ["CLERK_SECRET_KEY"],
    ask: jwtTemplateExists,
  },
  {
    step: "Chat models",
    question: "the endpoint accepts the key and has every model of CHAT_MODELS",
    needs: ["CHAT_BASE_URL", "CHAT_API_KEY", "CHAT_MODELS"],
    ask: modelsAnswer,
  },
  {
    step: "Media storage (R2)",
    question: "the bucket accepts the keys",
    needs: ["R2_ENDPOINT", "R2_BUCKET", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"],
    ask: bucketAcceptsKeys,
  },
  {
    step: "Media storage (R2)",
    question: "the bucket has a rule that aborts abandoned uploads",
    needs: ["R2_ENDPOINT", "R2_BUCKET", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"],
    ask: bucketHasLifecycle,
  },
  {
    step: "Media storage (R2)",
    question: "the bucket refuses strangers",
    needs: ["R2_ENDPOINT", "R2_BUCKET"],
    ask: bucketIsPrivate,
  },
];

/** Asks every probe whose variables are `usable`, each for at most `timeoutMs`, all at once. */
export function askAll(values: Values, usable: (name: string) => boolean, timeoutMs: number): Promise<Answer[]> {
  const request: BoundedFetch = (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  return Promise.all(probes.map((probe) => askOne(probe, values, usable, request)));
}

async function askOne(
  { step, question, needs, ask }: Probe,
  values: Values,
  usable: (name: string) => boolean,
  request: BoundedFetch,
): Promise<Answer> {
  const lacking = needs.filter((name) => !usable(name));
  if (lacking.length > 0) return { step, question, state: "left out", message: `needs ${lacking.join(", ")}` };
  try {
    const verdict = await ask(values as Record<string, string>, request);
    if (verdict === null) return { step, question, state: "ok", message: "" };
    if (typeof verdict === "string") return { step, question, state: "wrong", message: verdict };
    return { step, question, state: "left out", message: verdict.leftOut };
  } catch (error) {
    return { step, question, state: "wrong", message: unreachable(error) };
  }
}

function unreachable(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "gave no answer in time";
  if (error instanceof SyntaxError) return "answered with something that is not JSON";
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  return `could not be reached: ${cause}`;
}

async function issuerAnswers(values: Record<string, string>, request: BoundedFetch): Promise<Verdict> {
  const issuer = (values.CLERK_JWT_ISSUER_DOMAIN ?? "").replace(/\/$/, "");
  const discovery = await request(`${issuer}/.well-known/openid-configuration`);
  if (!discovery.ok)
    return `CLERK_JWT_ISSUER_DOMAIN answers ${discovery.status} to OpenID discovery; is it the Frontend API URL?`;
  const { issuer: named, jwks_uri: jwksUrl } = (await discovery.json()) as { issuer?: string; jwks_uri?: string };
  if (named?.replace(/\/$/, "") !== issuer)
    return `the issuer calls itself ${JSON.stringify(named)}; set CLERK_JWT_ISSUER_DOMAIN to that`;
  const jwks = await request(String(jwksUrl));
  const { keys } = (await jwks.json()) as { keys?: unknown[] };
  return jwks.ok && keys?.length ? null : "the issuer publishes no keys";
}

async function jwtTemplateExists(values: Record<string, string>, request: BoundedFetch): Promise<Verdict> {
  const api = (values.CLERK_API_URL ?? CLERK_API_URL).replace(/\/$/, "");
  const response = await request(`${api}/v1/jwt_templates`, {
    headers: { authorization: `Bearer ${values.CLERK_SECRET_KEY}` },
  });
  if (response.status === 401) return "Clerk refuses CLERK_SECRET_KEY";
  if (!response.ok) return `Clerk's API answers ${response.status}`;
  const body = (await response.json()) as { data?: JwtTemplate[] } | JwtTemplate[];
  const templates = Array.isArray(body) ? body : (body.data ?? []);
  const template = templates.find(({ name }) => name === "convex");
  if (!template) return 'Clerk has no JWT template named "convex": make one from its Convex preset';
  return template.claims?.aud === "convex" ? null : 'the JWT template "convex" must carry the claim "aud": "convex"';
}

interface JwtTemplate {
  name?: string;
  claims?: { aud?: unknown };
}

async function modelsAnswer(values: Record<string, string>, request: BoundedFetch): Promise<Verdict> {
  const response = await request(`${(values.CHAT_BASE_URL ?? "").replace(/\/$/, "")}/models`, {
    headers: { authorization: `Bearer ${values.CHAT_API_KEY}` },
  });
  if (response.status === 401 || response.status === 403) return "the endpoint refuses CHAT_API_KEY";
  if (!response.ok)
    return `the endpoint answers ${response.status} to GET /models; does CHAT_BASE_URL end with its version?`;
  const { data } = (await response.json()) as { data?: { id?: string }[] };
  if (!Array.isArray(data)) return "the endpoint does not list models as OpenAI's API does";
  const offered = new Set(data.map(({ id }) => id));
  const lacking = parseChatModels(values.CHAT_MODELS).filter(({ id }) => !offered.has(id));
  return lacking.length === 0 ? null : `the endpoint does not offer ${lacking.map(({ id }) => id).join(", ")}`;
}

async function bucketAcceptsKeys(values: Record<string, string>, request: BoundedFetch): Promise<Verdict> {
  const response = await askBucket(values, "list-type=2&max-keys=1", request);
  if (response.status === 403) return "R2 refuses the keys";
  if (response.status === 404) return "there is no such bucket";
  return response.ok ? null : `R2 answers ${response.status}`;
}

async function bucketHasLifecycle(values: Record<string, string>, request: BoundedFetch): Promise<Verdict> {
  const response = await askBucket(values, "lifecycle", request);
  if (response.status === 403) return { leftOut: "these keys may not read the bucket's settings, as it should be" };
  const found = response.ok && abortsAbandonedUploads(await response.text());
  return found ? null : "add a lifecycle rule that aborts multipart uploads after 1 day";
}

async function askBucket(values: Record<string, string>, query: string, request: BoundedFetch): Promise<Response> {
  const client = new AwsClient({
    accessKeyId: values.R2_ACCESS_KEY_ID ?? "",
    secretAccessKey: values.R2_SECRET_ACCESS_KEY ?? "",
    service: "s3",
    region: "auto",
  });
  const signed = await client.sign(`${bucketUrl(values)}?${query}`);
  return request(signed.url, { headers: signed.headers });
}

/** Whether a bucket's lifecycle configuration (XML of the S3 API) has an enabled rule against abandoned multipart uploads. */
export function abortsAbandonedUploads(lifecycleXml: string): boolean {
  const rules = lifecycleXml.match(/<Rule>[\s\S]*?<\/Rule>/g) ?? [];
  return rules.some(
    (rule) => rule.includes("<Status>Enabled</Status>") && rule.includes("<AbortIncompleteMultipartUpload>"),
  );
}

async function bucketIsPrivate(values: Record<string, string>, request: BoundedFetch): Promise<Verdict> {
  const response = await request(`${bucketUrl(values)}?list-type=2`);
  return response.ok ? "anyone can list the bucket: take its public access away" : null;
}

function bucketUrl(values: Record<string, string>): string {
  return `${(values.R2_ENDPOINT ?? "").replace(/\/$/, "")}/${values.R2_BUCKET}`;
}
