/** Convex's rules for schemas, checked before anything is changed. */
import { SchemaError } from "../errors.ts";
import type { SchemaJson, TableJson, ValidatorJson } from "../types.ts";
import { IDENTIFIER_LENGTH_MAX, INDEX_FIELDS_MAX, INDEXES_PER_TABLE_MAX, TABLES_MAX } from "../values/limits.ts";

type IndexJson = TableJson["indexes"][number];

/** A table or index name: letters, digits and underscores, starting with a letter. */
export function isIdentifier(name: string): boolean {
  return name.length <= IDENTIFIER_LENGTH_MAX && /^[A-Za-z][A-Za-z0-9_]*$/.test(name);
}

/** Throws `SchemaError` for the first rule the schema breaks. */
export function checkSchema(schema: SchemaJson): void {
  if (schema.tables.length > TABLES_MAX) throw new SchemaError(`Number of tables cannot exceed ${TABLES_MAX}.`);
  const names = schema.tables.map((table) => table.tableName);
  const twice = firstDuplicate(names);
  if (twice !== undefined) throw new SchemaError(`Table "${twice}" is defined twice.`);
  for (const table of schema.tables) checkTable(table, schema.schemaValidation);
}

function checkTable(table: TableJson, schemaValidation: boolean): void {
  const name = table.tableName;
  if (!isIdentifier(name)) {
    throw new SchemaError(
      `Invalid table name: "${name}". Identifiers must be ${IDENTIFIER_LENGTH_MAX} characters or less, start with a letter and only contain letters, digits and underscores.`,
    );
  }
  refuseSearch(table);
  checkDocumentType(table);
  const indexes = [...table.indexes, ...(table.stagedDbIndexes ?? [])];
  if (indexes.length > INDEXES_PER_TABLE_MAX) {
    throw new SchemaError(`Table "${name}" cannot have more than ${INDEXES_PER_TABLE_MAX} indexes.`);
  }
  for (const index of indexes) checkIndex(name, index, schemaValidation ? table.documentType : null);
  checkDistinct(name, indexes);
}

function refuseSearch(table: TableJson): void {
  const search = [...(table.searchIndexes ?? []), ...(table.stagedSearchIndexes ?? [])];
  const vector = [...(table.vectorIndexes ?? []), ...(table.stagedVectorIndexes ?? [])];
  const [first] = [...search, ...vector];
  if (!first) return;
  throw new SchemaError(
    `In table "${table.tableName}" the index "${first.indexDescriptor}" is a search or vector index, which the embedded runtime does not offer; deploy to Convex to use it.`,
  );
}

function checkDocumentType(table: TableJson): void {
  const type = table.documentType;
  if (!type || isDocumentType(type)) return;
  throw new SchemaError(
    `The document type of table "${table.tableName}" must be an object, a union of objects, or any.`,
  );
}

function isDocumentType(type: ValidatorJson): boolean {
  if (type.type === "union") return type.value.every(isDocumentType);
  return type.type === "object" || type.type === "any";
}

function checkIndex(tableName: string, index: IndexJson, documentType: ValidatorJson | null | undefined): void {
  const name = index.indexDescriptor;
  if (name === "by_id" || name === "by_creation_time" || name.startsWith("_")) {
    throw new SchemaError(`In table "${tableName}" cannot name an index "${name}" because the name is reserved.`);
  }
  if (!isIdentifier(name)) {
    throw new SchemaError(
      `Invalid index name: "${name}". Identifiers must be ${IDENTIFIER_LENGTH_MAX} characters or less, start with a letter and only contain letters, digits and underscores.`,
    );
  }
  if (index.fields.length === 0) {
    throw new SchemaError(`In table "${tableName}" index "${name}" must have at least one field.`);
  }
  if (index.fields.length > INDEX_FIELDS_MAX) {
    throw new SchemaError(`In table "${tableName}" index "${name}" has more than ${INDEX_FIELDS_MAX} fields.`);
  }
  const twice = firstDuplicate(index.fields);
  if (twice !== undefined) {
    throw new SchemaError(`In table "${tableName}" index "${name}" has the duplicate field ${twice}.`);
  }
  for (const field of index.fields) checkIndexField(tableName, name, field, documentType);
}

function checkIndexField(
  tableName: string,
  indexName: string,
  field: string,
  documentType: ValidatorJson | null | undefined,
): void {
  const where = `In table "${tableName}" the index "${indexName}" is invalid because`;
  const steps = field.split(".");
  if (field === "_id") throw new SchemaError(`${where} \`_id\` is not a valid index field. Use \`db.get(id)\`.`);
  if (field === "_creationTime") {
    throw new SchemaError(`${where} \`_creationTime\` is added to the end of each index by itself.`);
  }
  if (steps[0]?.startsWith("_")) throw new SchemaError(`${where} fields starting with \`_\` are reserved.`);
  if (!steps.every((step) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(step))) {
    throw new SchemaError(`${where} "${field}" is not a dot path of identifiers.`);
  }
  if (documentType && !canContain(documentType, steps)) {
    throw new SchemaError(`${where} it references the field ${field} that does not exist.`);
  }
}

function canContain(type: ValidatorJson, [first, ...rest]: string[]): boolean {
  if (first === undefined || type.type === "any") return true;
  if (type.type === "union") return type.value.some((member) => canContain(member, [first, ...rest]));
  if (type.type === "record") return canContain(type.values.fieldType, rest);
  if (type.type !== "object" || !Object.hasOwn(type.value, first)) return false;
  return canContain((type.value[first] as { fieldType: ValidatorJson }).fieldType, rest);
}

function checkDistinct(tableName: string, indexes: readonly IndexJson[]): void {
  const name = firstDuplicate(indexes.map((index) => index.indexDescriptor));
  if (name !== undefined) {
    throw new SchemaError(`Table "${tableName}" has two or more definitions of index "${name}".`);
  }
  const fields = firstDuplicate(indexes.map((index) => JSON.stringify(index.fields)));
  if (fields === undefined) return;
  const same = indexes.filter((index) => JSON.stringify(index.fields) === fields);
  throw new SchemaError(
    `In table "${tableName}" index "${same[0]?.indexDescriptor}" and index "${same[1]?.indexDescriptor}" have the same fields. Indexes must be unique within a table.`,
  );
}

function firstDuplicate(names: readonly string[]): string | undefined {
  return names.find((name, position) => names.indexOf(name) !== position);
}
