import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findLayerViolations } from "../scripts/layers.ts";

describe("the layering gate", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "tsmr-layers-"));
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }

  it("finds nothing wrong with the sources", () => {
    const src = fileURLToPath(new URL("../src", import.meta.url));
    expect(findLayerViolations(src)).toEqual([]);
  });

  it("refuses a data file that imports a control file, even if only for a type", () => {
    write("mr/shuffle/merge.ts", 'import type { Scheduler } from "../scheduler/scheduler.ts";');
    expect(findLayerViolations(root)).toEqual([
      'mr/shuffle/merge.ts imports mr/scheduler/scheduler.ts: "mr/shuffle" may not import "mr/scheduler"',
    ]);
  });

  it("refuses a scheduler that imports anything but the base", () => {
    write("mr/scheduler/scheduler.ts", 'export { RpcServer } from "../rpc/server.ts";');
    expect(findLayerViolations(root)).toHaveLength(1);
  });

  it("refuses an app that reaches behind the public face", () => {
    write(
      "mrapps/wc.ts",
      'import { MrError } from "../mr/errors.ts";\nawait import("../mr/index.ts");',
    );
    write("mrapps/indexer.ts", 'const x = await import("../mr/task/map-task.ts");');
    expect(findLayerViolations(root)).toHaveLength(1);
  });

  it("lets everybody import the base, and a folder itself", () => {
    write("mr/shuffle/merge.ts", 'import "../errors.ts";\nimport "./record.ts";');
    expect(findLayerViolations(root)).toEqual([]);
  });

  it("refuses a folder that the table does not know", () => {
    write("mr/utils/misc.ts", "");
    expect(findLayerViolations(root)).toEqual([
      'mr/utils/misc.ts: folder "mr/utils" has no place in the layers',
    ]);
  });
});
