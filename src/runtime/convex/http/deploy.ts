/**
 * The endpoints by which the official CLI deploys and sets environment variables, for whoever holds the admin key.
 * Paths, bodies and answers are those of Convex's open-source backend (crates/local_backend).
 */

import { Hono } from "hono";
import { z } from "zod";
import type { OnNode } from "../../listen.ts";
import type { Authenticator } from "../auth/identity.ts";
import type { Deployer, PendingPush } from "../deploy.ts";
import { badRequest, SchemaError } from "../errors.ts";
import { DeploymentError } from "../functions/deploymentError.ts";
import { analysisOf, authInfo, componentTree, indexDiffs, pushDiff } from "../push/report.ts";
import { bundleOfPush, type PushRequest, vPushRequest } from "../push/request.ts";
import type { Catalog, Deployment } from "../types.ts";
import { adminOnly, bodyOf } from "./admin.ts";

const vPushId = z.object({ schemaIds: z.string() });
const vWait = z.object({ schemaChange: vPushId });
const vFinish = z.object({ startPush: z.object({ schemaChange: vPushId }), dryRun: z.boolean() });
const vVariables = z.object({ changes: z.array(z.object({ name: z.string(), value: z.string().nullable() })) });

export interface DeployRoutesParts {
  authenticator: Authenticator;
  deployer: Deployer;
  catalog: Catalog;
  /** What is in service. */
  deployment: () => Deployment;
  urls: { apiUrl: string; siteUrl: string };
  /** The folder whose `node_modules` serves packages that stay out of bundles. */
  projectDir: string;
  version: string;
}

export function deployRoutes(parts: DeployRoutesParts): Hono<OnNode> {
  const { deployer, urls, version } = parts;
  const routes = new Hono<OnNode>();
  const admin = adminOnly(parts.authenticator);
  routes.post("/api/deploy2/start_push", admin, async (context) => {
    const pending = await startPush(parts, await bodyOf(context, vPushRequest));
    return context.json(startPushAnswer(parts, pending));
  });
  routes.post("/api/deploy2/evaluate_push", admin, async (context) => {
    const pending = await startPush(parts, await bodyOf(context, vPushRequest));
    return context.json({ schemaChange: schemaChangeOf(parts, pending) });
  });
  routes.post("/api/deploy2/wait_for_schema", admin, async (context) => {
    const { schemaChange } = await bodyOf(context, vWait);
    return context.json(schemaStatus(parts, schemaChange.schemaIds));
  });
  routes.post("/api/deploy2/finish_push", admin, async (context) => {
    const { startPush, dryRun } = await bodyOf(context, vFinish);
    return context.json(await finishPush(parts, startPush.schemaChange.schemaIds, dryRun));
  });
  routes.post("/api/deploy2/report_push_completed", admin, (context) => context.json(null));
  // No hashes: the CLI then sends every module, and none has to be kept for it here.
  routes.post("/api/get_config_hashes", admin, (context) =>
    context.json({ config: { functions: "convex/" }, moduleHashes: [], udfServerVersion: version }),
  );
  routes.get("/api/v1/get_canonical_urls", admin, (context) =>
    context.json({ convexCloudUrl: urls.apiUrl, convexSiteUrl: urls.siteUrl }),
  );
  routes.post("/api/update_environment_variables", admin, async (context) => {
    const { changes } = await bodyOf(context, vVariables);
    await explained(() => deployer.changeVariables(changes));
    return context.body(null, 200);
  });
  return routes;
}

function startPush({ deployer, projectDir }: DeployRoutesParts, request: PushRequest): Promise<PendingPush> {
  return explained(async () => deployer.startPush(await bundleOfPush(request, projectDir)));
}

function startPushAnswer(parts: DeployRoutesParts, pending: PendingPush) {
  const { deployment, env } = pending;
  return {
    environmentVariables: env,
    externalDepsId: null,
    componentDefinitionPackages: {},
    appAuth: deployment.authProviders.map(authInfo),
    analysis: analysisOf(deployment, parts.version),
    app: componentTree(deployment, deployment.instance("")),
    schemaChange: schemaChangeOf(parts, pending),
  };
}

/** The CLI hands this back when it waits and finishes; `schemaIds` carries which push it is about. */
function schemaChangeOf(parts: DeployRoutesParts, { id, deployment }: PendingPush) {
  return { allocatedComponentIds: {}, schemaIds: id, indexDiffs: indexDiffs(parts.deployment(), deployment) };
}

function schemaStatus({ deployer, catalog }: DeployRoutesParts, id: string) {
  const pending = deployer.pendingPush(id);
  if (!pending) return { type: "raceDetected" };
  for (const component of pending.deployment.components) {
    try {
      catalog.checkSchema(component, pending.deployment.schemaOf(component));
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      return { type: "failed", error: error.message, componentPath: component, tableName: error.table ?? null };
    }
  }
  return { type: "complete" };
}

async function finishPush({ deployer, deployment }: DeployRoutesParts, id: string, dryRun: boolean) {
  const pending = deployer.pendingPush(id);
  const diff = pending && pushDiff(deployment(), pending.deployment);
  if (dryRun && diff) deployer.abandonPush(id);
  else await explained(() => deployer.finishPush(id));
  return diff;
}

/** What is wrong with the code is what the CLI should print. */
async function explained<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeploymentError) throw badRequest(error.code, `Hit an error while pushing:\n${error.message}`);
    if (error instanceof SchemaError) throw badRequest("SchemaDefinitionError", error.message);
    throw error;
  }
}
