/** `POST /v1/images/generations`, in the format of OpenAI's API reference: draws a picture of the prompt's words. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { drawPicture } from "./drawing.ts";
import { IMAGE_MODEL, IMAGE_SIZES } from "./mediaPlans.ts";
import type { Plan } from "./plans.ts";

/** The parts of a request the stand-in acts on; the rest is accepted and ignored. */
export const pictureBody = z.looseObject({
  model: z.literal(IMAGE_MODEL.id),
  prompt: z.string().min(1),
  size: z.enum(IMAGE_SIZES).nullish(),
  n: z.literal(1).nullish(),
  seed: z.number().int().nullish(),
});

export type PictureRequest = z.infer<typeof pictureBody>;

const PAGE = Buffer.from("<!doctype html><title>Not a picture</title><script>alert(1)</script>");

/** The answer's `data`: the picture in base64, or whatever the plan puts in its place. Rejects when `gone` aborts. */
export async function makePicture(request: PictureRequest, plan: Plan, gone: AbortSignal): Promise<object[]> {
  await sleep(plan.workMs ?? IMAGE_MODEL.workMs, undefined, { signal: gone });
  if (plan.resultUrl !== undefined) return [{ url: plan.resultUrl }];
  const [width = 0, height = 0] = (request.size ?? IMAGE_SIZES[0]).split("x").map(Number);
  const drawn = await drawPicture({ prompt: request.prompt, seed: request.seed ?? 0 }, { width, height });
  const picture = plan.html ? PAGE : drawn;
  const missingBytes = Math.max(0, (plan.resultBytes ?? 0) - picture.length);
  return [{ b64_json: Buffer.concat([picture, Buffer.alloc(missingBytes)]).toString("base64") }];
}
