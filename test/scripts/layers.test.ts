import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { findLayerViolations } from "../../scripts/layers.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

describe("the layering gate", () => {
  let root: string;

  beforeEach(() => {
    root = temporaryDirectory();
  });

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }

  it("finds nothing wrong with the sources", () => {
    const src = fileURLToPath(new URL("../../src", import.meta.url));
    expect(findLayerViolations(src)).toEqual([]);
  });

  it("refuses a data file that imports a control file, even if only for a type", () => {
    write(
      "mr/data/shuffle/merge.ts",
      'import type { Scheduler } from "../../control/scheduler/scheduler.ts";',
    );
    expect(findLayerViolations(root)).toEqual([
      'mr/data/shuffle/merge.ts imports mr/control/scheduler/scheduler.ts: "mr/data/shuffle" may not import "mr/control/scheduler"',
    ]);
  });

  it("refuses a scheduler that imports anything but the base", () => {
    write(
      "mr/control/scheduler/scheduler.ts",
      'export { RpcServer } from "../protocol/server.ts";',
    );
    expect(findLayerViolations(root)).toHaveLength(1);
  });

  it("refuses plain JavaScript, storages outside the registry, and other ways to Node's modules", () => {
    write("mr/watch/format/quantities.js", 'import "../../control/scheduler/scheduler.ts";');
    write("mr/storage/storage.ts", 'import "./file/file-storage.ts";');
    write(
      "mr/storage/registry.ts",
      'import "./file/file-storage.ts"; import "./memory/memory.ts";',
    );
    write("mr/data/input/csv.ts", 'import "node:tls"; import "fs"; import "node:zlib";');
    write("mr/data/input/lines.ts", 'process.getBuiltinModule("node:cluster");');
    expect(findLayerViolations(root)).toEqual([
      expect.stringMatching(/^mr\/data\/input\/csv\.ts imports node:tls: only no room may$/),
      expect.stringMatching(/^mr\/data\/input\/csv\.ts imports node:fs: only /),
      expect.stringMatching(/^mr\/data\/input\/lines\.ts imports node:cluster: /),
      expect.stringMatching(/^mr\/storage\/storage\.ts imports mr\/storage\/file\/file-storage/),
      expect.stringMatching(/^mr\/watch\/format\/quantities\.js imports mr\/control/),
    ]);
  });

  it("refuses an app that reaches behind the public face", () => {
    write(
      "mrapps/wc.ts",
      'import { MrError } from "../mr/base/errors.ts";\nawait import("../mr/index.ts");',
    );
    write("mrapps/indexer.ts", 'const x = await import("../mr/data/task/map-task.ts");');
    expect(findLayerViolations(root)).toEqual([
      'mrapps/indexer.ts imports mr/data/task/map-task.ts: "mrapps" may not import "mr/data/task"',
      'mrapps/wc.ts imports mr/base/errors.ts: "mrapps" may not import "mr/base"',
    ]);
  });

  it("refuses an engine that imports another one, and lets the registry name all of them", () => {
    const text = 'const engine = await import("../sequential/sequential-engine.ts");';
    write("mr/engines/local/local-engine.ts", text);
    write("mr/engines/run-job.ts", text.replace("../", "./"));
    write("mr/engines/registry.ts", text.replace("../", "./"));
    expect(findLayerViolations(root)).toEqual([
      'mr/engines/local/local-engine.ts imports mr/engines/sequential/sequential-engine.ts: "mr/engines/local" may not import "mr/engines/sequential"',
      'mr/engines/run-job.ts imports mr/engines/sequential/sequential-engine.ts: "mr/engines" may not import "mr/engines/sequential"',
    ]);
  });

  it("refuses watchers that import from the control or the data plane", () => {
    write("mr/watch/format/a.ts", 'import "../../control/protocol/protocol.ts";');
    write("mr/watch/report/b.ts", 'import "../../data/output/tsv.ts";');
    expect(findLayerViolations(root)).toHaveLength(2);
  });

  it.each([
    ["fs", "mr/data/shuffle/spill.ts"],
    ["fs/promises", "mr/kernel/kernel.ts"],
    ["net", "mr/data/task/socket.ts"],
    ["http", "mr/worker/poll.ts"],
    ["child_process", "mr/worker/start.ts"],
    ["worker_threads", "mr/data/task/thread.ts"],
  ])("refuses node:%s in %s", (name, file) => {
    write(file, `const module = await import("node:${name}");`);
    const [violation, ...others] = findLayerViolations(root);
    expect(violation).toContain(`${file} imports node:${name.replace("/promises", "")}: only mr/`);
    expect(others).toEqual([]);
    write(file, 'import { join } from "node:path";');
    expect(findLayerViolations(root)).toEqual([]);
  });

  it("refuses a module that looks for files beside itself", () => {
    write("mr/base/assets.ts", "export const ROOT = import.meta.url;");
    write("mr/data/task/page.ts", 'export const PAGE = new URL("page.html", import.meta.url);');
    expect(findLayerViolations(root)).toEqual([
      "mr/data/task/page.ts uses import.meta.url: only mr/base/assets.ts may",
    ]);
  });

  it("lets everybody import the base, and a folder itself", () => {
    write("mr/data/shuffle/merge.ts", 'import "../../base/errors.ts";\nimport "./record.ts";');
    expect(findLayerViolations(root)).toEqual([]);
  });

  it("refuses a folder that the table does not know", () => {
    write("mr/utils/misc.ts", "");
    expect(findLayerViolations(root)).toEqual([
      'mr/utils/misc.ts: folder "mr/utils" has no place in the layers',
    ]);
  });
});
