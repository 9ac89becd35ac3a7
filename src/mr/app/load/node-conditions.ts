/**
 * The conditions of `exports` and `imports` in a package.json that hold in this process, besides those that always do:
 * `node`, `import` or `require`, and `default`. They depend on the version of Node.js and on its options.
 */
export function nodeConditions(): string[] {
  const options = [...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/), ...process.execArgv];
  const given = options.flatMap((option, at) => {
    const [name = "", value] = option.split("=");
    return ["--conditions", "-C"].includes(name) ? [value ?? options[at + 1] ?? ""] : [];
  });
  const hasAddons = !options.includes("--no-addons");
  // Node 20.19 brought it; the types of Node 20 don't know it.
  const { require_module: canRequireModules } = process.features as { require_module?: boolean };
  return [
    ...given,
    ...(hasAddons ? ["node-addons"] : []),
    ...(canRequireModules === true ? ["module-sync"] : []),
  ];
}
