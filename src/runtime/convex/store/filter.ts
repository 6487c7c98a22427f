/**
 * Filter expressions of `.filter(...)`, as the client library encodes them. Comparisons use Convex's total value
 * order, in which a missing field is `undefined`, the lowest; arithmetic and logic want operands of their type.
 */
import { DeveloperError } from "../errors.ts";
import type { Json } from "../types.ts";
import { encodeFloat64, encodeInt64, fieldAt, float64Of, int64Of, type JsonObject, kindOf } from "../values/encoded.ts";
import { keyOfValue } from "../values/indexKey.ts";

/** Whether a document passes. Throws `DeveloperError` where the expression has no meaning for it. */
export type Predicate = (document: JsonObject) => boolean;

type Evaluate = (document: JsonObject) => Json | undefined;
type Operator = (operand: Json) => Evaluate;

/** Compiles an expression once, to be run for every document. */
export function compileFilter(expression: Json): Predicate {
  const evaluate = compile(expression);
  return (document) => booleanOf(evaluate(document));
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

const OPERATORS: Readonly<Record<string, Operator>> = {
  $field: (path) => {
    const steps = String(path).split(".");
    return (document) => fieldAt(document, steps);
  },
  $literal: (value) => () => (kindOf(value) === "undefined" ? undefined : value),
  $eq: comparison((left, right) => left === right),
  $neq: comparison((left, right) => left !== right),
  $lt: comparison((left, right) => left < right),
  $lte: comparison((left, right) => left <= right),
  $gt: comparison((left, right) => left > right),
  $gte: comparison((left, right) => left >= right),
  $add: arithmetic(
    "add",
    (left, right) => left + right,
    (left, right) => left + right,
  ),
  $sub: arithmetic(
    "subtract",
    (left, right) => left - right,
    (left, right) => left - right,
  ),
  $mul: arithmetic(
    "multiply",
    (left, right) => left * right,
    (left, right) => left * right,
  ),
  $div: arithmetic(
    "divide",
    (left, right) => left / right,
    (left, right) => left / right,
  ),
  $mod: arithmetic(
    "mod",
    (left, right) => left % right,
    (left, right) => left % right,
  ),
  $neg: (operand) => {
    const evaluate = compile(operand);
    return (document) => negated(evaluate(document));
  },
  $not: (operand) => {
    const evaluate = compile(operand);
    return (document) => !booleanOf(evaluate(document));
  },
  $and: (operands) => {
    const evaluations = compileAll(operands);
    return (document) => evaluations.every((evaluate) => booleanOf(evaluate(document)));
  },
  $or: (operands) => {
    const evaluations = compileAll(operands);
    return (document) => evaluations.some((evaluate) => booleanOf(evaluate(document)));
  },
};

function compile(expression: Json): Evaluate {
  const [name, ...others] = expression && typeof expression === "object" ? Object.keys(expression) : [];
  if (name === undefined || others.length > 0 || !Object.hasOwn(OPERATORS, name)) {
    throw new DeveloperError("InvalidFilter", `Unknown filter expression${name === undefined ? "" : ` "${name}"`}.`);
  }
  return (OPERATORS[name] as Operator)((expression as JsonObject)[name] as Json);
}

function compileAll(operands: Json): Evaluate[] {
  if (!Array.isArray(operands))
    throw new DeveloperError("InvalidFilter", "A filter operator needs a list of operands.");
  return operands.map(compile);
}

function compilePair(operands: Json): [Evaluate, Evaluate] {
  const [left, right, ...others] = compileAll(operands);
  if (left && right && others.length === 0) return [left, right];
  throw new DeveloperError("InvalidFilter", "A binary filter operator needs two operands.");
}

/** Keys compare as values do, whatever their types. */
function comparison(holds: (left: string, right: string) => boolean): Operator {
  return (operands) => {
    const [left, right] = compilePair(operands);
    return (document) => holds(keyOfValue(left(document)), keyOfValue(right(document)));
  };
}

function arithmetic(
  verb: string,
  onInt64: (left: bigint, right: bigint) => bigint,
  onFloat64: (left: number, right: number) => number,
): Operator {
  return (operands) => {
    const [leftOperand, rightOperand] = compilePair(operands);
    return (document) => {
      const left = leftOperand(document);
      const right = rightOperand(document);
      const leftKind = kindOf(left);
      const rightKind = kindOf(right);
      if (leftKind !== rightKind || (leftKind !== "int64" && leftKind !== "float64")) {
        throw evaluationError(`Cannot ${verb} a value of type ${leftKind} and one of type ${rightKind}`);
      }
      if (leftKind === "float64") return encodeFloat64(onFloat64(float64Of(left as Json), float64Of(right as Json)));
      return int64Result(verb, onInt64, int64Of(left as Json), int64Of(right as Json));
    };
  };
}

function int64Result(verb: string, apply: (left: bigint, right: bigint) => bigint, left: bigint, right: bigint): Json {
  if (right === 0n && (verb === "divide" || verb === "mod")) throw evaluationError(`Cannot ${verb} ${left} by zero`);
  const result = apply(left, right);
  if (result >= INT64_MIN && result <= INT64_MAX) return encodeInt64(result);
  throw evaluationError(`Cannot ${verb} ${left} and ${right}: the result is out of range for Int64`);
}

function negated(value: Json | undefined): Json {
  const kind = kindOf(value);
  if (kind === "float64") return encodeFloat64(-float64Of(value as Json));
  if (kind !== "int64") throw evaluationError(`Cannot negate a value of type ${kind}`);
  const int64 = int64Of(value as Json);
  if (int64 === INT64_MIN) throw evaluationError(`Cannot negate ${int64}: the result is out of range for Int64`);
  return encodeInt64(-int64);
}

function booleanOf(value: Json | undefined): boolean {
  if (typeof value === "boolean") return value;
  throw evaluationError(`Expected a boolean in a filter, got a value of type ${kindOf(value)}`);
}

function evaluationError(message: string): DeveloperError {
  return new DeveloperError("EvalError", message);
}
