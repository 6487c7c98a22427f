/** What a stand-in says: the same conversation always gets the same reply. Pure. */
import { createHash } from "node:crypto";
import type { Plan, StandInModel } from "./plans.ts";
import { CHARS_PER_TOKEN, countTokens } from "./tokenRule.ts";

export interface Turn {
  role: string;
  text: string;
}

/** One piece of a reply, in the order it is sent. */
export interface Chunk {
  kind: "reasoning" | "text";
  text: string;
}

export interface Reply {
  chunks: Chunk[];
  finishReason: "stop" | "length";
  promptTokens: number;
  completionTokens: number;
  reasoningTokens: number;
}

const OPENINGS = [
  "Good question. Before anything else: I am a **stand-in**, so what follows shows how a reply looks, not what a model knows.",
  "Let us take this step by step. I am a **stand-in model**: no network, no account, the same answer every time.",
  "Here is how I would begin. Mind that I am a **stand-in**, running on this machine in place of a real model.",
];

const BODIES = [
  `A way to go about it:

1. Write down what you already know, in one sentence.
2. Name the part that is unclear, and only that part.
3. Try the smallest thing that could settle it.

Each step is small on purpose: it is easier to turn back from a short path than from a long one.`,
  `Three things tend to decide a question like this:

- **What it is for.** A good answer for a draft is not a good answer for a launch.
- **What it costs to be wrong.** Cheap mistakes are worth making early.
- **Who has to live with it.** Ask them before, not after.

Weigh the second one first; it usually settles the other two.`,
  `Suppose it were code. Then the heart of it would be a few lines:

\`\`\`ts
const known = facts.filter((fact) => fact.isCertain);
const next = known.length > 0 ? smallestStep(known) : askSomebody();
\`\`\`

Everything around those lines is there to make them easy to change.`,
];

const CLOSINGS = [
  "To hear from a real model, set `CHAT_BASE_URL` and its key; everything else stays as it is.",
  "When you connect a real model, this page will not change: only the words will.",
  "That is all a stand-in can say. The streaming, the stop button and the encryption around it are the real ones.",
];

const THOUGHTS =
  "The person asks something. I am a stand-in, so I will not pretend to know. I will show the shape of a careful answer: " +
  "an opening, a middle with some structure, and an honest end.";

/** At most this much of a question is repeated back. */
const LONGEST_ECHO_CHARS = 80;

/** The whole reply to a conversation, cut into chunks as model and plan ask, and to `maxTokens`. */
export function replyTo(turns: readonly Turn[], model: StandInModel, plan: Plan, maxTokens: number): Reply {
  const size = plan.charsPerChunk ?? model.pace.charsPerChunk;
  const wanted =
    plan.chunks === undefined ? textFor(turns, model) : repeated(textFor(turns, model), plan.chunks * size);
  const text = firstChars(wanted, maxTokens * CHARS_PER_TOKEN);
  const thoughts = model.reasons && plan.chunks === undefined ? THOUGHTS : "";
  return {
    chunks: [...cut(thoughts, "reasoning", size), ...cut(text, "text", size)],
    finishReason: text.length < wanted.length ? "length" : "stop",
    promptTokens: turns.reduce((sum, turn) => sum + countTokens(turn.text), 0),
    completionTokens: countTokens(thoughts) + countTokens(text),
    reasoningTokens: countTokens(thoughts),
  };
}

function textFor(turns: readonly Turn[], model: StandInModel): string {
  const question = turns.findLast((turn) => turn.role === "user")?.text ?? "";
  const digest = createHash("sha256")
    .update(JSON.stringify([model.id, turns]))
    .digest();
  const pick = (list: readonly string[], byte: number) => list[digest[byte]! % list.length]!;
  return [echo(question), pick(OPENINGS, 0), pick(BODIES, 1), pick(CLOSINGS, 2)].filter(Boolean).join("\n\n");
}

function echo(question: string): string {
  const line = question.trim().replace(/\s+/g, " ");
  if (line === "") return "";
  const start = firstChars(line, LONGEST_ECHO_CHARS);
  return `You wrote: “${start}${start.length < line.length ? "…" : ""}”`;
}

/** Never cuts a character in two, as `slice` would with those beyond the basic plane. */
function firstChars(text: string, count: number): string {
  return text.length <= count ? text : Array.from(text).slice(0, count).join("");
}

function repeated(text: string, length: number): string {
  const rounds = Math.ceil(length / Array.from(text).length);
  return firstChars(`${text}\n\n`.repeat(rounds), length);
}

function cut(text: string, kind: Chunk["kind"], size: number): Chunk[] {
  const pieces = text.match(new RegExp(`[^]{1,${size}}`, "gu")) ?? [];
  return pieces.map((piece) => ({ kind, text: piece }));
}
