/**
 * Checks that a value comes back from JSON as what it was: strings, finite numbers, booleans, null, and
 * arrays and plain objects of these.
 *
 * @throws TypeError that says what is at which path of the value, such as `.names[3] is undefined`
 */
export function checkJsonValue(value: unknown): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      break;
    case "object":
      if (value === null) return;
      checkMembers(value, "", []);
      return;
  }
  throw unfit(value, "");
}

/** @param above the objects that `value` is a member of, to find cycles */
function checkMembers(value: object, path: string, above: object[]): void {
  if (above.includes(value)) throw unfitBecause(path, "is an object that contains itself");
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    above.push(value);
    for (let index = 0; index < value.length; index++) {
      checkMember(value[index], `${path}[${index}]`, above);
    }
    above.pop();
    return;
  }
  if (prototype !== Object.prototype && prototype !== null) {
    const { name } = value.constructor;
    throw unfitBecause(path, `is an instance of ${name || "a class"}`);
  }
  above.push(value);
  for (const [name, member] of Object.entries(value)) {
    const isPlainName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
    checkMember(member, path + (isPlainName ? `.${name}` : `[${JSON.stringify(name)}]`), above);
  }
  above.pop();
}

function checkMember(member: unknown, path: string, above: object[]): void {
  if (typeof member === "object" && member !== null) checkMembers(member, path, above);
  else if (typeof member === "string" || typeof member === "boolean" || member === null) return;
  else if (typeof member !== "number" || !Number.isFinite(member)) throw unfit(member, path);
}

function unfit(value: unknown, path: string): TypeError {
  const what = typeof value === "function" ? "a function" : String(value);
  const type = typeof value === "bigint" || typeof value === "symbol" ? `the ${typeof value} ` : "";
  return unfitBecause(path, `is ${type}${what}`);
}

function unfitBecause(path: string, why: string): TypeError {
  const where = path === "" ? "the value" : `the value's ${path}`;
  return new TypeError(`${where} ${why}, which JSON can't carry`);
}
