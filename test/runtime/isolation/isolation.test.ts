import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestRuntime } from "../functions/runtime.ts";

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await TestRuntime.start(`${import.meta.dirname}/fixtures/convex`);
});
afterAll(() => runtime.close());

/** What a probe came to: its value, the error it could catch, or the one that ended its function all the same. */
async function outcome(place: "inQuery" | "inMutation" | "inAction", name: string): Promise<unknown> {
  const path = `probe:${place}`;
  const ran =
    place === "inQuery"
      ? runtime.query(path, { name })
      : await (place === "inMutation" ? runtime.mutation(path, { name }) : runtime.action(path, { name }));
  return ran.outcome.ok ? JSON.parse(ran.outcome.value) : { died: ran.outcome.error.message };
}

const value = (expected: unknown) => ({ value: expected });
const caught = (pattern: RegExp) => ({ caught: expect.stringMatching(pattern) });
const died = (pattern: RegExp) => ({ died: expect.stringMatching(pattern) });

const refused = caught(/in queries and mutations\. Please consider using an action/);
const diesOfTimer = died(/Can't use set(Timeout|Interval) in queries and mutations/);
const notImplemented = died(/Not implemented/);
const isMissing = caught(/TypeError.*(is not a (function|constructor)|undefined)/);
const missingAlgorithm = expect.toSatisfy((met) => "caught" in met || "died" in met, "an error");

/** Expectations where Convex makes no difference between the kinds of functions. */
const ALIKE: Record<string, unknown> = {
  clearTimers: value(2),
  signHmac: value(32),
  digest: value(32),
  wrapKey: notImplemented,
  unwrapKey: notImplemented,
  aesKw: missingAlgorithm,
  ed448: missingAlgorithm,
  sha3: missingAlgorithm,
  randomUUID: value(36),
  randomBytes: value(65_536),
  tooManyRandomBytes: caught(/65536/),
  randomFloats: caught(/integer/),
  urlHost: notImplemented,
  urlUsername: notImplemented,
  urlPassword: notImplemented,
  urlPathname: value("https://a.test/b"),
  requestDestination: notImplemented,
  requestReferrer: notImplemented,
  requestMode: notImplemented,
  requestCredentials: notImplemented,
  requestCache: notImplemented,
  requestRedirect: notImplemented,
  requestIntegrity: notImplemented,
  requestKeepalive: notImplemented,
  requestDuplex: notImplemented,
  requestMethod: value("GET"),
  responseText: value("text"),
  responseJson: value({ a: [1] }),
  responseBytes: value([1, 2]),
  responseBlob: value("a/b"),
  responseClone: value(["clone", "clone", true]),
  responseTwice: caught(/TypeError/),
  responseNoBody: value([null, ""]),
  requestText: value("request"),
  requestOfRequest: value(["body", true]),
  contentTypes: value([
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded;charset=UTF-8",
    "a/b",
    null,
    "application/json",
  ]),
  blobText: value("blob"),
  blobSlice: value("blo"),
  blobStream: value("blob"),
  file: value(["a.txt", "text/plain", 4, 5, true, "file"]),
  readStream: value(["a", "b"]),
  readByteStream: value([7]),
  writeStream: value(["written"]),
  transformStream: value("SHOUT"),
  textStreams: value(["😀!", 5, "utf-8"]),
  webAssembly: value([[], true]),
  performanceMarks: value(2),
  abortSignal: value([true, false]),
  abort: value("enough"),
  events: value("hear"),
  headers: value([
    ["a", "1"],
    ["b", "2"],
  ]),
  formData: value("b"),
  base64: value("base64"),
  textDecoder: value("tëxt"),
  relativeRequest: caught(/TypeError/),
  cloneTransfer: caught(/transfer/),
  clone: value(5),
  consoleTable: isMissing,
  consoleGroup: isMissing,
  consoleCount: isMissing,
  consoleDir: isMissing,
  consoleAssert: isMissing,
  processNextTick: isMissing,
  processCwd: isMissing,
  processVersion: value("undefined"),
  processPlatform: value("undefined"),
  setImmediate: isMissing,
  navigator: isMissing,
  messageChannel: isMissing,
  webSocket: isMissing,
  eventSource: isMissing,
  localStorage: isMissing,
  compressionStream: isMissing,
  nodeGlobal: isMissing,
  moduleObject: isMissing,
  dirname: isMissing,
  buffer: isMissing,
  require: isMissing,
  atomicsWait: caught(/Atomics\.wait cannot be called in this context/),
  weakRef: value(true),
  finalizationRegistry: value("registered"),
  timeZone: value(0),
  wholeMilliseconds: value(true),
  tenthsOfMilliseconds: value(true),
  // Twice each, since the first run would see nothing in any case.
  leakGlobal: value("nothing"),
  leakModule: value(1),
  leakPrototype: value(false),
};

/** Expectations in a query or mutation, and in an action. */
const APART: Record<string, [inTransaction: unknown, inAction: unknown]> = {
  fetch: [refused, value("hello")],
  setTimeout: [diesOfTimer, value("woke")],
  setInterval: [diesOfTimer, value("woke")],
  abortTimeout: [diesOfTimer, value(false)],
  dynamicImport: [refused, value(["here"])],
  generateKey: [refused, value("AES-GCM")],
  signEcdsa: [refused, value(64)],
  encryptRsa: [refused, value(256)],
  responseFormData: [caught(/Can't parse form data in queries and mutations/), value("b")],
  deriveX25519: [refused, notImplemented],
  frozenDate: [value(true), expect.anything()],
};

describe.each(["inQuery", "inMutation", "inAction"] as const)("a probe %s", (place) => {
  test.each(Object.keys({ ...ALIKE, ...APART }))("meets what Convex has for it: %s", async (name) => {
    const [inTransaction, inAction] = APART[name] ?? [ALIKE[name], ALIKE[name]];
    const expected = place === "inAction" ? inAction : inTransaction;
    expect(await outcome(place, name)).toEqual(expected);
    expect(await outcome(place, name)).toEqual(expected);
  });
});

test("every probe is expected to meet something", () => {
  const { outcome: listed } = runtime.query("probe:list");
  expect(listed.ok && JSON.parse(listed.value).toSorted()).toEqual(Object.keys({ ...ALIKE, ...APART }).toSorted());
});
