/** `crypto`: randomness from the seeded generator, WebCrypto answered at once by the host. */
import { defineGlobal, notImplemented } from "./define.ts";
import type { IsolateHost } from "./host.ts";
import type { Random } from "./random.ts";

const MOST_RANDOM_BYTES = 65_536;

export function installCrypto(host: () => IsolateHost, random: () => Random): void {
  class Crypto {
    get subtle(): SubtleCrypto {
      return subtle;
    }

    getRandomValues<T extends ArrayBufferView>(array: T): T {
      if (!ArrayBuffer.isView(array) || array instanceof Float32Array || array instanceof Float64Array) {
        throw new DOMException("The provided value is not an integer array", "TypeMismatchError");
      }
      if (array.byteLength > MOST_RANDOM_BYTES) {
        throw new DOMException(`At most ${MOST_RANDOM_BYTES} random bytes can be asked for`, "QuotaExceededError");
      }
      random().fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      return array;
    }

    randomUUID(): string {
      return random().uuid();
    }
  }

  class SubtleCrypto {
    async digest(...args: unknown[]): Promise<unknown> {
      return host().subtle("digest", args);
    }
    async sign(...args: unknown[]): Promise<unknown> {
      return host().subtle("sign", args);
    }
    async verify(...args: unknown[]): Promise<unknown> {
      return host().subtle("verify", args);
    }
    async encrypt(...args: unknown[]): Promise<unknown> {
      return host().subtle("encrypt", args);
    }
    async decrypt(...args: unknown[]): Promise<unknown> {
      return host().subtle("decrypt", args);
    }
    async deriveBits(...args: unknown[]): Promise<unknown> {
      return host().subtle("deriveBits", args);
    }
    async deriveKey(...args: unknown[]): Promise<unknown> {
      return host().subtle("deriveKey", args);
    }
    async importKey(...args: unknown[]): Promise<unknown> {
      return host().subtle("importKey", args);
    }
    async exportKey(...args: unknown[]): Promise<unknown> {
      const exported = host().subtle("exportKey", args);
      // A JWK comes as an object of the host's realm; give the code one of its own.
      return exported instanceof ArrayBuffer ? exported : JSON.parse(JSON.stringify(exported));
    }
    async generateKey(...args: unknown[]): Promise<unknown> {
      return host().subtle("generateKey", args);
    }
    async wrapKey(): Promise<never> {
      return notImplemented(host(), "wrapKey for SubtleCrypto");
    }
    async unwrapKey(): Promise<never> {
      return notImplemented(host(), "unwrapKey for SubtleCrypto");
    }
  }

  const subtle = new SubtleCrypto();
  tag(Crypto, "Crypto");
  tag(SubtleCrypto, "SubtleCrypto");
  defineGlobal("Crypto", Crypto);
  defineGlobal("SubtleCrypto", SubtleCrypto);
  defineGlobal("crypto", new Crypto());
}

function tag(target: { prototype: object }, name: string): void {
  Object.defineProperty(target.prototype, Symbol.toStringTag, { value: name });
}
