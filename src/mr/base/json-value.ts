/** How deeply arrays and objects may be nested: JSON.parse and JSON.stringify take this on any stack. */
const MAX_DEPTH = 1000;
/** Longer paths are cut in the middle. */
const MAX_PATH_LENGTH = 200;

/**
 * Checks that JSON carries a value unchanged: strings, finite numbers, booleans, null, and arrays and plain
 * objects of these, up to {@link MAX_DEPTH} levels deep.
 *
 * @param path of the value in a larger one, if it is a part of one
 * @throws TypeError that names the path of the unfit member, such as `.names[3] is undefined`
 */
export function checkJsonValue(value: unknown, path = ""): void {
  // Building the path of each member would be expensive: it is searched for when a member is unfit.
  if (!isFit(value, 0)) findUnfit(value, path, []);
}

function isFit(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return value - value === 0;
    case "object":
      return value === null || (depth < MAX_DEPTH && isFitObject(value, depth + 1));
    default:
      return false;
  }
}

function isFitObject(value: object, depth: number): boolean {
  if (whyUnfit(value) !== undefined) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isFit(value[index], depth)) return false;
    }
    return true;
  }
  for (const name of Object.keys(value)) {
    if (!isFit((value as Record<string, unknown>)[name], depth)) return false;
  }
  return true;
}

/** Why JSON would change an object, apart from its members. */
function whyUnfit(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) ? Array.prototype : Object.prototype;
  if (prototype !== plain && (prototype !== null || Array.isArray(value))) {
    const { name } = (value.constructor ?? {}) as { readonly name?: unknown };
    return `is an instance of ${typeof name === "string" && name !== "" ? name : "a class"}`;
  }
  if (Object.getOwnPropertySymbols(value).length > 0) return "has a member named by a symbol";
  if (typeof (value as { toJSON?: unknown }).toJSON === "function")
    return "has a toJSON of its own";
  return undefined;
}

/** @param above the objects that contain `value`, to find cycles */
function findUnfit(value: unknown, path: string, above: object[]): void {
  if (typeof value !== "object" || value === null) {
    if (!isFit(value, 0)) throw unfitBecause(path, `is ${describe(value)}`);
    return;
  }
  if (above.includes(value)) throw unfitBecause(path, "is an object that contains itself");
  const why = whyUnfit(value);
  if (why !== undefined) throw unfitBecause(path, why);
  if (above.length === MAX_DEPTH) throw unfitBecause(path, `is more than ${MAX_DEPTH} levels deep`);
  above.push(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      findUnfit(value[index], `${path}[${index}]`, above);
    }
  } else {
    for (const [name, member] of Object.entries(value)) {
      const isPlainName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
      findUnfit(member, path + (isPlainName ? `.${name}` : `[${JSON.stringify(name)}]`), above);
    }
  }
  above.pop();
}

function describe(value: unknown): string {
  if (typeof value === "function") return "a function";
  const isNamed = typeof value === "bigint" || typeof value === "symbol";
  return `${isNamed ? `the ${typeof value} ` : ""}${String(value)}`;
}

function unfitBecause(path: string, why: string): TypeError {
  const half = MAX_PATH_LENGTH / 2;
  const isLong = path.length > MAX_PATH_LENGTH;
  const short = isLong ? `${path.slice(0, half)}…${path.slice(-half)}` : path;
  const where = path === "" ? "the value" : `the value's ${short}`;
  return new TypeError(`${where} ${why}, which JSON can't carry`);
}
