/**
 * Convex's limits on values and transactions, so that what runs here also runs there.
 * They are the defaults of the Convex backend (`crates/common/src/knobs.rs`, `crates/value`).
 */
const MIB = 1024 * 1024;

/** A document, its system fields included. */
export const DOCUMENT_BYTES_MAX = 1 * MIB;
/** Levels of arrays and objects in any value, such as a call's arguments. */
export const VALUE_NESTING_MAX = 64;
/** Levels of arrays and objects in a document, itself included. */
export const DOCUMENT_NESTING_MAX = 16;
export const OBJECT_FIELDS_MAX = 1024;
export const ARRAY_LENGTH_MAX = 8192;
export const FIELD_NAME_LENGTH_MAX = 1024;

export const DOCUMENTS_READ_MAX = 32_000;
export const BYTES_READ_MAX = 16 * MIB;
export const INDEX_INTERVALS_READ_MAX = 4096;
export const DOCUMENTS_WRITTEN_MAX = 16_000;
export const BYTES_WRITTEN_MAX = 16 * MIB;

export const SCHEDULED_FUNCTIONS_MAX = 1000;
/** Of one scheduled function. */
export const SCHEDULED_ARGS_BYTES_MAX = 4 * MIB;
/** Of all functions that a mutation schedules. */
export const SCHEDULED_ARGS_TOTAL_BYTES_MAX = 16 * MIB;

export const QUERY_OPERATORS_MAX = 256;

export const TABLES_MAX = 10_000;
export const INDEXES_PER_TABLE_MAX = 64;
export const INDEX_FIELDS_MAX = 16;
export const IDENTIFIER_LENGTH_MAX = 64;
