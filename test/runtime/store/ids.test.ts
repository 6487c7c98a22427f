import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeId, encodeId } from "../../../src/runtime/convex/values/ids.ts";

const internalIds = fc.uint8Array({ minLength: 16, maxLength: 16 });
const tableNumbers = fc.integer({ min: 1, max: 0xffff_ffff });

/** Ids that Convex deployments have given out, with what they hold. */
const PRINTED_BY_CONVEX: [id: string, tableNumber: number, internalId: string][] = [
  ["kg25efbgcywfzkr6h78cjw1pzx85r2ha", 540, "573d7067b8ffcf0689d0c97036ff505c"],
  ["kg27rxfv99gzp01wmph0gvt92d6hnvy6", 540, "7c75fb4a61fb003ca5a2086f49134d1a"],
  ["k570e9j5cj1t5gf0zwf3tq3vkawxhqr0", 10_009, "0726456483a2c1e0ff1e3d5c7b9ab9d8"],
  ["nx70paj9d23tdhf40ch42r3zktyxrddc", 10_031, "0b2a496887a6c5e4032241607f9ebddc"],
];

describe("document ids", () => {
  test.each(PRINTED_BY_CONVEX)(
    "%s, from a Convex deployment, decodes to its table and encodes to itself",
    (id, tableNumber, hex) => {
      const internalId = new Uint8Array(Buffer.from(hex, "hex"));
      expect(decodeId(id)).toEqual({ tableNumber, internalId });
      expect(encodeId(tableNumber, internalId)).toBe(id);
    },
  );

  test("encoding and decoding are inverse for every table number and internal id", () => {
    fc.assert(
      fc.property(tableNumbers, internalIds, (tableNumber, internalId) => {
        expect(decodeId(encodeId(tableNumber, internalId))).toEqual({ tableNumber, internalId });
      }),
    );
  });

  test("the length follows the table number: 31 characters below 128, 32 below 16,384, at most 37", () => {
    const lengthFor = (tableNumber: number) => encodeId(tableNumber, new Uint8Array(16)).length;
    expect([1, 127, 128, 16_383, 16_384, 0xffff_ffff].map(lengthFor)).toEqual([31, 31, 32, 32, 34, 37]);
  });

  test("one changed character makes an id undecodable", () => {
    const alphabet = [..."0123456789abcdefghjkmnpqrstvwxyz"];
    fc.assert(
      fc.property(internalIds, fc.nat(31), fc.constantFrom(...alphabet), (internalId, position, letter) => {
        const id = encodeId(10_001, internalId);
        fc.pre(id[position] !== letter);
        const changed = id.slice(0, position) + letter + id.slice(position + 1);
        expect(decodeId(changed)).toBeNull();
      }),
    );
  });

  test("no string makes decoding throw, and only canonical spellings decode", () => {
    const nearMisses = fc.string({
      unit: fc.constantFrom(..."0123456789abcdefghjkmnpqrstvwxyz"),
      minLength: 30,
      maxLength: 38,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearMisses), (text) => {
        const decoded = decodeId(text);
        expect(decoded && encodeId(decoded.tableNumber, decoded.internalId)).toBe(decoded && text);
      }),
    );
    expect(decodeId("KG25EFBGCYWFZKR6H78CJW1PZX85R2HA")).toBeNull();
  });

  test("a table number of zero or an internal id of another length is refused", () => {
    expect(() => encodeId(0, new Uint8Array(16))).toThrow(RangeError);
    expect(() => encodeId(1, new Uint8Array(15))).toThrow(RangeError);
  });
});
