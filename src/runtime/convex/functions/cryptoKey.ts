/** WebCrypto's `CryptoKey`, as code of the app gets it. */
import * as crypto from "node:crypto";

type NodeKey = crypto.webcrypto.CryptoKey;
type Usage = crypto.webcrypto.KeyUsage;
export type KeyAlgorithm = { name: string } & Record<string, unknown>;

/** What a key is, besides its material. */
interface Traits {
  type: NodeKey["type"];
  extractable: boolean;
  algorithm: KeyAlgorithm;
  usages: Usage[];
}

/** A secret's bytes, or one half of a pair. */
type Material = Uint8Array | crypto.KeyObject;

/** Kinds of secret keys that are remembered: an app has a handful. */
const TRAITS_MAX = 100;

/** What only this file may make a key with: code of the app meets the class as the constructor of its keys. */
const OURS = Symbol("ours");

let known: (key: CryptoKey) => { traits: Traits; material: Material } | null;

/**
 * Node's own keys are dear, of which opening a page of sealed rows takes hundreds: each is checked anew, holds an object of
 * OpenSSL until it is collected, and gives out what it is as copies. So Node is asked once for each kind of secret key.
 */
export class CryptoKey {
  readonly #traits: Traits;
  readonly #material: Material;
  #shown: Pick<Traits, "algorithm" | "usages"> | undefined;

  static {
    known = (key) => (#material in key ? { traits: key.#traits, material: key.#material } : null);
  }

  constructor(ours: symbol, traits: Traits, material: Material) {
    if (ours !== OURS) throw new TypeError("Illegal constructor");
    this.#traits = traits;
    this.#material = material;
  }

  get type(): Traits["type"] {
    return this.#traits.type;
  }

  get extractable(): boolean {
    return this.#traits.extractable;
  }

  get algorithm(): KeyAlgorithm {
    return this.#show.algorithm;
  }

  get usages(): Usage[] {
    return this.#show.usages;
  }

  get [Symbol.toStringTag](): string {
    return "CryptoKey";
  }

  /** Copies, which may be changed and change nothing. */
  get #show(): Pick<Traits, "algorithm" | "usages"> {
    const { algorithm, usages } = this.#traits;
    this.#shown ??= structuredClone({ algorithm, usages });
    return this.#shown;
  }
}

// Code that runs in different contexts meets the same class.
Object.freeze(CryptoKey);
Object.freeze(CryptoKey.prototype);

/** A secret key. Throws what WebCrypto rejects with, where there is none of that kind. */
export function secretKey(
  bytes: Uint8Array,
  algorithm: KeyAlgorithm,
  extractable: boolean,
  usages: Usage[],
): CryptoKey {
  return new CryptoKey(OURS, traitsOfSecret(bytes, algorithm, extractable, usages), bytes);
}

/** The key of a pair. Throws as `secretKey` does. */
export function pairedKey(
  key: crypto.KeyObject,
  algorithm: KeyAlgorithm,
  extractable: boolean,
  usages: Usage[],
): CryptoKey {
  return new CryptoKey(OURS, readTraits(key.toCryptoKey(algorithm as never, extractable, usages)), key);
}

/** What a key is. Throws a TypeError where it is none. */
export function traitsOf(key: CryptoKey): Readonly<Traits> {
  return checked(key).traits;
}

/** The bytes of a secret key. Throws a TypeError where it is none. */
export function secretOf(key: CryptoKey): Uint8Array {
  const { material } = checked(key);
  if (material instanceof Uint8Array) return material;
  throw new TypeError("The key is no secret key");
}

/** The key of a pair. Throws a TypeError where it is none. */
export function pairedOf(key: CryptoKey): crypto.KeyObject {
  const { material } = checked(key);
  if (!(material instanceof Uint8Array)) return material;
  throw new TypeError("The key is a secret key");
}

function checked(key: CryptoKey): { traits: Traits; material: Material } {
  const found = typeof key === "object" && key !== null ? known(key) : null;
  if (found) return found;
  throw new TypeError("The provided value is not of type 'CryptoKey'");
}

const traitsOfSecrets = new Map<string, Traits>();

function traitsOfSecret(bytes: Uint8Array, algorithm: KeyAlgorithm, extractable: boolean, usages: Usage[]): Traits {
  const kind = JSON.stringify([algorithm, bytes.length, extractable, usages]);
  const remembered = traitsOfSecrets.get(kind);
  if (remembered) return remembered;
  const key = crypto.createSecretKey(bytes).toCryptoKey(algorithm as never, extractable, usages);
  if (traitsOfSecrets.size >= TRAITS_MAX) traitsOfSecrets.clear();
  const traits = readTraits(key);
  traitsOfSecrets.set(kind, traits);
  return traits;
}

function readTraits({ type, extractable, algorithm, usages }: NodeKey): Traits {
  return { type, extractable, algorithm: { ...algorithm }, usages: [...usages] };
}
