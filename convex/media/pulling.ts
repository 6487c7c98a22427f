"use node";

import { lookup } from "node:dns";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP, isIPv4, isIPv6, type LookupFunction } from "node:net";

/*
 * [Note: Addresses from outside]
 * A provider says where its result is, and a wrong or broken-into provider could name an address inside the operator's
 * network. So a result is pulled by https from public addresses alone. The address is judged where the connection is
 * made, in its own look-up of the name, so that a name cannot be public when it is judged and internal when it is used;
 * and every redirect is judged again. Exempt is the provider's own address, as the operator has set it.
 */

const REDIRECTS = 3;
/** Until the server begins to answer, and between one piece and the next. */
const SILENCE_MS = 30_000;

/**
 * Addresses that are not of the public internet: the registries of RFC 6890. Two lists, because Node's would hold IPv4
 * addresses against the rules for IPv6 too.
 */
const INTERNAL = {
  ipv4: listOf("ipv4", {
    "0.0.0.0": 8,
    "10.0.0.0": 8,
    "100.64.0.0": 10,
    "127.0.0.0": 8,
    "169.254.0.0": 16,
    "172.16.0.0": 12,
    "192.0.0.0": 24,
    "192.0.2.0": 24,
    "192.88.99.0": 24,
    "192.168.0.0": 16,
    "198.18.0.0": 15,
    "198.51.100.0": 24,
    "203.0.113.0": 24,
    "224.0.0.0": 3,
  }),
  // Everything but 2000::/3, and in it what embeds IPv4 addresses or is for documentation.
  ipv6: listOf("ipv6", {
    "::": 3,
    "4000::": 2,
    "8000::": 1,
    "2001::": 23,
    "2001:db8::": 32,
    "2002::": 16,
    "3fff::": 20,
  }),
};

/** A result could not be pulled. `isForGood` where asking again would change nothing. */
export class PullError extends Error {
  readonly isForGood: boolean;

  constructor(detail: string, isForGood: boolean, cause?: unknown) {
    super(`The result could not be pulled: ${detail}`, { cause });
    this.name = "PullError";
    this.isForGood = isForGood;
  }
}

export interface Pulled {
  url: string;
  /** Sent to the origin of `url` alone. */
  headers: Record<string, string>;
  /** The one origin that may be internal and need not be https. */
  trustedOrigin: string;
}

/** Opens a result to be read once. Throws `PullError`; so does reading it. */
export async function pull({ url, headers, trustedOrigin }: Pulled): Promise<AsyncIterable<Uint8Array>> {
  let target = parse(url);
  for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
    const isTrusted = target.origin === trustedOrigin;
    if (!isTrusted) refuseUnfit(target);
    const sent = target.origin === parse(url).origin ? headers : {};
    const response = await get(target, sent, isTrusted);
    const { statusCode = 0 } = response;
    if (statusCode === 200) return read(response);
    response.destroy();
    const { location } = response.headers;
    if (statusCode < 300 || statusCode > 399 || !location) {
      throw new PullError(`status ${statusCode}`, statusCode < 500 && statusCode !== 429);
    }
    target = parse(new URL(location, target).href);
  }
  throw new PullError("too many redirects", true);
}

/** Whether an IP address is of the public internet. Pure. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !INTERNAL.ipv4.check(address, "ipv4");
  return isIPv6(address) && !INTERNAL.ipv6.check(address, "ipv6");
}

function refuseUnfit({ protocol, hostname }: URL): void {
  if (protocol !== "https:") throw new PullError("not https", true);
  const address = hostname.replace(/^\[|\]$/g, "");
  if (isIP(address) && !isPublicAddress(address)) throw new PullError("an internal address", true);
}

function get(url: URL, headers: Record<string, string>, isTrusted: boolean): Promise<IncomingMessage> {
  const request = url.protocol === "http:" ? requestHttp : requestHttps;
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, timeout: SILENCE_MS, lookup: isTrusted ? undefined : lookupPublic }, resolve);
    sent.on("timeout", () => sent.destroy(new PullError("silence", false)));
    sent.on("error", (error) => reject(error instanceof PullError ? error : new PullError("no answer", false, error)));
    sent.end();
  });
}

/** Looks a name up as Node would, and refuses it where any of its addresses is internal. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error || !first) return callback(error ?? new PullError("an unknown host", false), "");
    if (!addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new PullError("an internal address", true), "");
    }
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

async function* read(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response;
  } catch (error) {
    throw error instanceof PullError ? error : new PullError("cut off", false, error);
  } finally {
    response.destroy();
  }
}

function parse(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new PullError("no address", true);
}

function listOf(family: "ipv4" | "ipv6", bitsByAddress: Record<string, number>): BlockList {
  const list = new BlockList();
  for (const [address, bits] of Object.entries(bitsByAddress)) list.addSubnet(address, bits, family);
  return list;
}
