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

/**
 * Node's own keys are dear, of which opening a page of sealed rows takes hundreds: each is checked anew, holds an object of
 * OpenSSL until it is collected, and gives out what it is as copies. So Node is asked once for each kind of secret key.
 */
export class CryptoKey {
  readonly #traits: Traits;
  readonly #material: Material;
  #shown: Pick<Traits, "algorithm" | "usages"> | undefined;

  private constructor(traits: Traits, material: Material) {
    this.#traits = traits;
    this.#material = material;
  }

  /** A secret key. Throws what WebCrypto rejects with, where there is none of that kind. */
  static ofSecret(bytes: Uint8Array, algorithm: KeyAlgorithm, extractable: boolean, usages: Usage[]): CryptoKey {
    return new CryptoKey(traitsOfSecret(bytes, algorithm, extractable, usages), bytes);
  }

  /** The key of a pair. Throws as `ofSecret` does. */
  static ofPair(key: crypto.KeyObject, algorithm: KeyAlgorithm, extractable: boolean, usages: Usage[]): CryptoKey {
    return new CryptoKey(traitsOf(key.toCryptoKey(algorithm as never, extractable, usages)), key);
  }

  /** What a key is. Throws a TypeError where it is none. */
  static traitsOf(key: CryptoKey): Readonly<Traits> {
    return CryptoKey.#checked(key).#traits;
  }

  /** The bytes of a secret key. */
  static secretOf(key: CryptoKey): Uint8Array {
    const material = CryptoKey.#checked(key).#material;
    if (material instanceof Uint8Array) return material;
    throw new TypeError("The key is no secret key");
  }

  /** The key of a pair. */
  static pairedOf(key: CryptoKey): crypto.KeyObject {
    const material = CryptoKey.#checked(key).#material;
    if (!(material instanceof Uint8Array)) return material;
    throw new TypeError("The key is a secret key");
  }

  static #checked(key: CryptoKey): CryptoKey {
    if (typeof key === "object" && key !== null && #material in key) return key;
    throw new TypeError("The provided value is not of type 'CryptoKey'");
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

const traitsOfSecrets = new Map<string, Traits>();

function traitsOfSecret(bytes: Uint8Array, algorithm: KeyAlgorithm, extractable: boolean, usages: Usage[]): Traits {
  const kind = JSON.stringify([algorithm, bytes.length, extractable, usages]);
  const known = traitsOfSecrets.get(kind);
  if (known) return known;
  const key = crypto.createSecretKey(bytes).toCryptoKey(algorithm as never, extractable, usages);
  if (traitsOfSecrets.size >= TRAITS_MAX) traitsOfSecrets.clear();
  const traits = traitsOf(key);
  traitsOfSecrets.set(kind, traits);
  return traits;
}

function traitsOf({ type, extractable, algorithm, usages }: NodeKey): Traits {
  return { type, extractable, algorithm: { ...algorithm }, usages: [...usages] };
}
