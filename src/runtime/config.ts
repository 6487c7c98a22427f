/** Settings of the embedded home, as data: flags and environment variables with one line of description each. */
import path from "node:path";
import { parseArgs, parseEnv } from "node:util";
import { readIfThere } from "./dataFolder.ts";
import { HomeError } from "./homeError.ts";

/** Environment as plain data. */
export type Env = Record<string, string>;

export interface Ports {
  web: number;
  api: number;
  site: number;
  objects: number;
  identity: number;
  models: number;
}

export interface HomeConfig {
  host: string;
  ports: Ports;
  dataDir: string;
  /** What the person set, in the environment or in `.env.local`; the environment wins. */
  env: Env;
}

interface Flag {
  description: string;
  value: string;
  default: string;
}

const FLAGS = {
  "port-base": {
    description:
      "first port: web N, Convex API N+210, HTTP actions N+211, objects N+212, identity N+213, models N+214; 0: any free",
    value: "N",
    default: "3000",
  },
  data: { description: "data folder", value: "DIR", default: ".noruxa" },
} as const satisfies Record<string, Flag>;

/** Environment variables the home itself reads; every other known one goes to the functions. */
export const HOME_VARIABLES = {
  HOST: "address to listen on (127.0.0.1)",
  OPERATOR_EMAILS: "who may see the operator's page, separated by commas",
} as const;

/** Environment variables of the functions in `convex/`. A group stands together: set by the person, or by the home. */
export const FUNCTION_VARIABLES = {
  identity: ["CLERK_JWT_ISSUER_DOMAIN", "CLERK_SECRET_KEY", "CLERK_API_URL", "CLERK_WEBHOOK_SECRET"],
  chat: ["CHAT_BASE_URL", "CHAT_API_KEY", "CHAT_MODELS"],
  media: ["R2_ENDPOINT", "R2_BUCKET", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"],
  image: ["IMAGE_PROVIDER", "IMAGE_BASE_URL", "IMAGE_API_KEY", "IMAGE_WEBHOOK_SECRET", "IMAGE_MODELS"],
  video: ["VIDEO_PROVIDER", "VIDEO_BASE_URL", "VIDEO_API_KEY", "VIDEO_WEBHOOK_SECRET", "VIDEO_MODELS"],
  jobs: ["MEDIA_PARALLELISM", "MEDIA_MAX_BYTES"],
  crypto: ["CRYPTO_KEYRING", "CRYPTO_ACTIVE_KID", "CRYPTO_ENV_ID"],
  erasure: ["ERASURE_KEY"],
  site: ["APP_URL", "ALLOWED_ORIGINS"],
  operators: ["OPERATOR_USER_IDS"],
  operator: ["OPERATOR_NAME", "PRIVACY_EMAIL", "SECURITY_EMAIL"],
} as const;

/** Text of `--help`. */
export function helpText(): string {
  const rows = [
    ...Object.entries(FLAGS).map(([name, flag]) => [
      `--${name} ${flag.value}`,
      `${flag.description} (${flag.default})`,
    ]),
    ["--help", "this text"],
    ...Object.entries(HOME_VARIABLES).map(([name, description]) => [name, `environment: ${description}`]),
  ];
  const lines = rows.map(([left, right]) => `  ${left!.padEnd(15)} ${right}`);
  return ["Starts Noruxa on this machine: npm start -- [flags]", "", ...lines].join("\n");
}

/** Reads flags, environment and `.env.local` of `projectDir`; `null`: help was asked for. Throws `HomeError`. */
export function readConfig(args: string[], processEnv: NodeJS.ProcessEnv, projectDir: string): HomeConfig | null {
  const flags = parseFlags(args);
  if (flags.help) return null;
  const env = { ...readEnvFile(path.join(projectDir, ".env.local")), ...definedOnly(processEnv) };
  return {
    host: env["HOST"] || "127.0.0.1",
    ports: portsFrom(parsePortBase(flags["port-base"] ?? FLAGS["port-base"].default)),
    dataDir: path.resolve(flags.data ?? path.join(projectDir, FLAGS.data.default)),
    env,
  };
}

/** Ports of a home whose web page is on `base`; base 0 lets the operating system choose each. */
function portsFrom(base: number): Ports {
  const at = (offset: number) => (base === 0 ? 0 : base + offset);
  return { web: at(0), api: at(210), site: at(211), objects: at(212), identity: at(213), models: at(214) };
}

/** The settings of one group when the person set its first variable, else null. */
export function chosenGroup(env: Env, group: keyof typeof FUNCTION_VARIABLES): Env | null {
  const names = FUNCTION_VARIABLES[group];
  if (!env[names[0]]) return null;
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

function parseFlags(args: string[]) {
  try {
    const options = { "port-base": { type: "string" }, data: { type: "string" }, help: { type: "boolean" } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new HomeError(`${(error as Error).message.split(". ")[0]}: see --help.`);
  }
}

const HIGHEST_PORT = 65_535;
const HIGHEST_OFFSET = 214;

function parsePortBase(text: string): number {
  const base = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (base >= 0 && base + HIGHEST_OFFSET <= HIGHEST_PORT) return base;
  throw new HomeError(`--port-base must be a number from 0 to ${HIGHEST_PORT - HIGHEST_OFFSET}, not "${text}".`);
}

function readEnvFile(file: string): Env {
  return definedOnly(parseEnv(readIfThere(file) ?? ""));
}

function definedOnly(env: NodeJS.Dict<string>): Env {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
