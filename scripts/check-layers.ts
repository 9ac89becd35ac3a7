import { fileURLToPath } from "node:url";
import { findLayerViolations } from "./layers.ts";

const violations = findLayerViolations(fileURLToPath(new URL("../src", import.meta.url)));
for (const violation of violations) console.error(violation);
process.exitCode = violations.length === 0 ? 0 : 1;
