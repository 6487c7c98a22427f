/** The checksums that S3 lets a client send along with bytes, and the running digests behind them. */
import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Crc32c, Crc64NvmeJs } from "@aws-sdk/checksums/crc";

export const CHECKSUM_NAMES = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] as const;
export type ChecksumName = (typeof CHECKSUM_NAMES)[number];

/** A checksum as S3 writes it: base64 of the big-endian bytes, with "-N" after it when it covers N parts' checksums. */
export interface Checksum {
  name: ChecksumName;
  value: string;
}

export interface RunningDigest {
  update(bytes: Uint8Array): void;
  /** Ends the digest; base64. */
  end(): Promise<string>;
}

export function startChecksum(name: ChecksumName): RunningDigest {
  switch (name) {
    case "crc32":
      return runningCrc32();
    case "crc32c":
      return fromSdk(new Crc32c());
    case "crc64nvme":
      return fromSdk(new Crc64NvmeJs());
    case "sha1":
    case "sha256":
      return fromHash(createHash(name));
  }
}

export async function checksumOf(name: ChecksumName, bytes: Uint8Array): Promise<string> {
  const digest = startChecksum(name);
  digest.update(bytes);
  return digest.end();
}

export function isChecksumName(name: string): name is ChecksumName {
  return (CHECKSUM_NAMES as readonly string[]).includes(name);
}

function runningCrc32(): RunningDigest {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    end: async () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString("base64");
    },
  };
}

function fromSdk(digest: { update(bytes: Uint8Array): void; digest(): Promise<Uint8Array> }): RunningDigest {
  return {
    update: (bytes) => digest.update(bytes),
    end: async () => Buffer.from(await digest.digest()).toString("base64"),
  };
}

function fromHash(hash: Hash): RunningDigest {
  return { update: (bytes) => void hash.update(bytes), end: async () => hash.digest("base64") };
}
