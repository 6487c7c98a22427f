import { z } from "zod";
import { readText } from "../body.ts";
import { type Answer, type Call, xmlAnswer } from "../call.ts";
import { S3Error } from "../s3Errors.ts";
import { document, parseXml } from "../xml.ts";

const MOST_KEYS = 1000;

const deleteBody = z.object({
  Delete: z.strictObject({
    Quiet: z.enum(["true", "false"]).optional(),
    Object: z
      .array(z.strictObject({ Key: z.string().min(1) }))
      .min(1)
      .max(MOST_KEYS),
  }),
});

/** `POST /bucket?delete`: removes up to 1,000 objects and answers for each key on its own. */
export async function deleteObjects(call: Call): Promise<Answer> {
  const { catalogue, blobs } = call.store;
  const { Quiet, Object: objects } = parse(await readText(call));
  const keys = objects.map(({ Key }) => Key);
  const failed = keys.filter((key) => call.plan.failKeys.includes(key));
  const deleted = keys.filter((key) => !failed.includes(key));
  const removed = deleted.filter((key) => !call.plan.keptKeys.includes(key));
  for (const key of removed) await blobs.remove(catalogue.removeObject(key, () => undefined));
  return xmlAnswer(
    document("DeleteResult", {
      Deleted: Quiet === "true" ? [] : deleted.map((Key) => ({ Key })),
      Error: failed.map((Key) => ({ Key, Code: "InternalError", Message: "Failing as POST /_control asked." })),
    }),
  );
}

function parse(text: string): z.infer<typeof deleteBody>["Delete"] {
  try {
    return deleteBody.parse(parseXml(text, ["Object"])).Delete;
  } catch {
    throw new S3Error(
      "MalformedXML",
      `The XML you provided was not well-formed or is not a list of 1 to ${MOST_KEYS} keys.`,
    );
  }
}
