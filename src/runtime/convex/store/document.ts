/** Documents as values: system fields, patches, and the JSON text that is stored. Pure. */
import { DeveloperError } from "../errors.ts";
import type { Json, JsonText } from "../types.ts";
import { type JsonObject, kindOf } from "../values/encoded.ts";
import { checkDocument, checkSystemRow } from "../values/size.ts";

/** A document as it rests in SQLite or in a transaction's pending writes. */
export interface StoredDocument {
  /** Its row in `documents`; null while no commit has written it. */
  readonly rowId: number | null;
  readonly json: JsonText;
  readonly sizeBytes: number;
}

/** A document about to be written: the object for keys and checks, the text for storage. */
export interface BuiltDocument {
  readonly object: JsonObject;
  readonly json: JsonText;
  readonly sizeBytes: number;
}

/** Whose document it is: the app's, or a row of the runtime's own tables. */
interface Ownership {
  isSystem: boolean;
}
const OF_APP: Ownership = { isSystem: false };

/** A new document. `value` must be an object without system fields of its own. */
export function newDocument(value: Json, id: string, creationTime: number, ownership = OF_APP): BuiltDocument {
  return build(requireObject(value), { id, creationTime, ...ownership });
}

/** The document with its content replaced; its id and creation time stay. */
export function replaced(current: JsonObject, value: Json, ownership = OF_APP): BuiltDocument {
  return build(requireObject(value), { ...systemFieldsOf(current), ...ownership });
}

/** The document with top-level fields merged in; a field given as `{"$undefined": null}` is removed. */
export function patched(current: JsonObject, value: Json, ownership = OF_APP): BuiltDocument {
  const merged = { ...contentOf(current), ...requireObject(value) };
  const kept = Object.entries(merged).filter(([, field]) => kindOf(field) !== "undefined");
  return build(Object.fromEntries(kept), { ...systemFieldsOf(current), ...ownership });
}

/** The document without its system fields, as validators see it. */
export function contentOf(document: JsonObject): JsonObject {
  const { _id, _creationTime, ...content } = document;
  return content;
}

function requireObject(value: Json): JsonObject {
  if (kindOf(value) === "object") return value as JsonObject;
  throw new DeveloperError("InvalidValue", "Invalid argument `value`: Value must be an Object");
}

function systemFieldsOf({ _id, _creationTime }: JsonObject): { id: string; creationTime: number } {
  return { id: _id as string, creationTime: _creationTime as number };
}

function build(
  value: JsonObject,
  { id, creationTime, isSystem }: { id: string; creationTime: number } & Ownership,
): BuiltDocument {
  checkSystemFields(value, id, creationTime);
  const object = sortedByName({ ...value, _id: id, _creationTime: creationTime });
  const sizeBytes = isSystem ? checkSystemRow(object) : checkDocument(object);
  return { object, json: JSON.stringify(object), sizeBytes };
}

/** A value may repeat the document's own system fields, as a document read and written back does. */
function checkSystemFields(value: JsonObject, id: string, creationTime: number): void {
  for (const name of Object.keys(value)) {
    if (!name.startsWith("_")) continue;
    if (name === "_id" && value._id === id) continue;
    if (name === "_creationTime" && value._creationTime === creationTime) continue;
    throw new DeveloperError(
      "InvalidDocument",
      name === "_id" || name === "_creationTime"
        ? `The system field \`${name}\` cannot be changed.`
        : `The field \`${name}\` starts with an underscore, which is reserved for system fields.`,
    );
  }
}

function sortedByName(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1)));
}
