import { editDistance } from "../../base/nearest-word.ts";
import type { Fold, Union } from "./combiners.ts";
import type { AppDefinition, Written } from "./contract.ts";

type Check = readonly [isRight: (member: unknown) => boolean, expected: string];

/** The members of a definition. */
const MEMBERS: Readonly<Record<string, Check>> = {
  input: [
    (it) => isObject(it) && isFunction(it["open"]) && "splitting" in it,
    "a reader such as lines()",
  ],
  checkInputs: [isFunction, "a function"],
  map: [isFunction, "a function"],
  reduce: [isFunction, "a function"],
  combine: [
    (it) => isFunction(it) || (isObject(it) && "isUnion" in it),
    "a function of two values, nor union",
  ],
  partition: [isFunction, "a function"],
  orderValues: [isFunction, "a function"],
  output: [(it) => isObject(it) && isFunction(it["write"]), "an output format such as text()"],
};
const REQUIRED = ["input", "map", "reduce"];

declare const TYPES: unique symbol;

/**
 * A checked app in the record form. Its functions take and return unknown types; the type parameters, those
 * of {@link AppDefinition}, carry the real ones to tests of the app.
 */
export interface RecordApp<R = unknown, V = unknown, Out = unknown>
  extends AppDefinition<unknown, unknown, unknown> {
  /** Distinguishes it from an app in the classic form. */
  readonly form: "record";
  // `first` is a function, though its type doesn't say so.
  /** The combiner of the definition. */
  readonly combine?: Fold<unknown> | Union;
  /** Exists in the type only: carries the types to `runMap`, `runReduce` and `runSequential`. */
  readonly [TYPES]?: readonly [record: R, value: V, output: Out];
}

/**
 * Defines an app in the record form. Export the result as default.
 *
 * The type of values is inferred from `combine`, or from a type annotation of `emit` or `values`, such as
 * `map(line, emit: Emit<string>)`. `emit` then takes the values that `reduce` gets.
 * Without an `output`, the outputs of `reduce` must be values that JSON can carry, see {@link Written}.
 *
 * @throws TypeError that names all members that are missing, misspelt or of the wrong type
 */
export function defineApp<R, V = unknown, Out = unknown>(
  definition: AppDefinition<R, V, Out> & Written<Out>,
): RecordApp<R, V, Out> {
  const problems = findProblems(definition);
  if (problems.length > 0) throw new TypeError(`defineApp: ${problems.join("; ")}`);
  return Object.freeze({ ...definition, form: "record" }) as unknown as RecordApp<R, V, Out>;
}

/**
 * Checks a module's default export.
 *
 * @throws TypeError as {@link defineApp} does
 */
export function checkRecordApp(exported: unknown): RecordApp {
  if (isRecordApp(exported)) return exported;
  return defineApp(exported as AppDefinition<unknown, unknown, unknown>);
}

/** Whether a value has members of the record form that the classic form does not have. */
export function hasRecordMembers(exported: object): boolean {
  return Object.keys(exported).some((name) => {
    return name === "form" || !["map", "reduce", undefined].includes(memberMeant(name));
  });
}

/** Whether {@link defineApp} made this value. */
export function isRecordApp(app: unknown): app is RecordApp {
  return isObject(app) && app["form"] === "record";
}

/** The faults of a definition, in sentences; empty if it is valid. */
function findProblems(definition: unknown): string[] {
  if (!isObject(definition)) return ["it takes an object"];
  const problems = Object.keys(definition)
    .filter((name) => !Object.hasOwn(MEMBERS, name))
    .map((name) => {
      const meant = memberMeant(name);
      const guess = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
      return `there is no member "${name}"${guess}`;
    });
  for (const [name, [isRight, expected]] of Object.entries(MEMBERS)) {
    const member = definition[name];
    if (member === undefined && REQUIRED.includes(name)) problems.push(`"${name}" is missing`);
    if (member !== undefined && !isRight(member)) problems.push(`"${name}" is not ${expected}`);
  }
  return problems;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isFunction(member: unknown): boolean {
  return typeof member === "function";
}

/** The member with this name, or the one that is probably meant by it. */
function memberMeant(name: string): string | undefined {
  const distance = (member: string) => editDistance(member.toLowerCase(), name.toLowerCase());
  if (Object.hasOwn(MEMBERS, name)) return name;
  return Object.keys(MEMBERS).find((member) => distance(member) <= 2);
}
