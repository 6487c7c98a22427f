/** The stand-ins for models that make pictures and videos, and what can be made to go wrong with them. */
import { z } from "zod";

const LONGEST_MS = 10 * 60 * 1000;
const LARGEST_RESULT_BYTES = 1024 * 1024 * 1024;

/**
 * Fields of a plan (see plans.ts) that models of pictures and videos obey; `failStatus` and `times` apply to them too.
 *
 *     workMs        how long making it takes
 *     refuse        refuses the prompt, as a content policy would
 *     fail          a video fails after its time
 *     html          gives a page where the result should be
 *     resultBytes   the result is at least that long
 *     resultUrl     the result is somewhere else: pictures are given as this address, videos are redirected to it
 *     webhooks      "none", or "forged": signed with another key; normally one is sent when a video has ended
 */
export const mediaPlanFields = {
  workMs: z.number().min(0).max(LONGEST_MS).optional(),
  refuse: z.boolean().optional(),
  fail: z.boolean().optional(),
  html: z.boolean().optional(),
  resultBytes: z.number().int().min(0).max(LARGEST_RESULT_BYTES).optional(),
  resultUrl: z.string().optional(),
  webhooks: z.enum(["none", "forged"]).optional(),
};

export interface StandInMediaModel {
  id: string;
  label: string;
  workMs: number;
}

/** What they cost is in environment.ts, with the rest of the catalogue. */
export const IMAGE_MODEL: StandInMediaModel = { id: "standin-sketch", label: "Stand-in Sketch", workMs: 800 };
export const VIDEO_MODEL: StandInMediaModel = { id: "standin-reel", label: "Stand-in Reel", workMs: 4_000 };

/** Sizes of pictures, as OpenAI has them and one smaller. */
export const IMAGE_SIZES = ["1024x1024", "1536x1024", "1024x1536", "512x512"] as const;
/** Longest video, in seconds. */
export const LONGEST_VIDEO_SECONDS = 8;
