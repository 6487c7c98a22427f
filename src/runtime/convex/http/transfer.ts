/** The endpoints of `npx convex export` and `npx convex import`, for whoever holds the admin key. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { Hono } from "hono";
import { z } from "zod";
import type { OnNode } from "../../listen.ts";
import type { Authenticator } from "../auth/identity.ts";
import { RequestError } from "../errors.ts";
import type { Exports } from "../transfer/exports.ts";
import type { Imports } from "../transfer/imports.ts";
import { adminOnly, bodyOf } from "./admin.ts";

const vImport = z.object({
  tableName: z.string().optional(),
  componentPath: z.string().nullish(),
  mode: z.enum(["requireEmpty", "append", "replace", "replaceAll"]),
  format: z.enum(["csv", "jsonLines", "jsonArray", "zip"]),
});
const vFinishUpload = z.object({ import: vImport, uploadToken: z.string(), partTokens: z.array(z.string()) });
const vPerform = z.object({ importId: z.string() });

export interface TransferParts {
  authenticator: Authenticator;
  exports: Exports;
  imports: Imports;
}

export function transferRoutes({ authenticator, exports, imports }: TransferParts): Hono<OnNode> {
  const routes = new Hono<OnNode>();
  const admin = adminOnly(authenticator);
  routes.post("/api/export/request/zip", admin, async (context) => {
    await exports.request();
    return context.body(null, 200);
  });
  routes.get("/api/export/zip/:startTs", admin, async (context) => {
    const startTs = context.req.param("startTs");
    return fileResponse(exports.fileOf(startTs), `snapshot_${startTs}.zip`);
  });
  routes.post("/api/import/start_upload", admin, async (context) =>
    context.json({ uploadToken: await imports.startUpload() }),
  );
  routes.post("/api/import/upload_part", admin, async (context) => {
    const { uploadToken = "", partNumber } = context.req.query();
    const bytes = Buffer.from(await context.req.arrayBuffer());
    return context.json(await imports.uploadPart(uploadToken, Number(partNumber), bytes));
  });
  routes.post("/api/import/finish_upload", admin, async (context) => {
    const { uploadToken, partTokens, import: request } = await bodyOf(context, vFinishUpload);
    return context.json({ importId: await imports.finishUpload(uploadToken, partTokens, request) });
  });
  routes.post("/api/perform_import", admin, async (context) => {
    imports.perform((await bodyOf(context, vPerform)).importId);
    return context.body(null, 200);
  });
  return routes;
}

async function fileResponse(file: string, name: string): Promise<Response> {
  const { size } = await stat(file).catch(() => {
    throw new RequestError("notFound", "ExportNotFound", "There is no such export, or it was made too long ago.");
  });
  const headers = {
    "Content-Type": "application/zip",
    "Content-Length": String(size),
    "Content-Disposition": `attachment; filename=${name}`,
  };
  return new Response(Readable.toWeb(createReadStream(file)) as ReadableStream, { headers });
}
