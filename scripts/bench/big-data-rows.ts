import { join } from "node:path";
import {
  atMost,
  atMostInTimeAndMemory,
  type Benchmark,
  memoryAtMost,
  type Setup,
  type Side,
} from "./benchmark.ts";
import { checkIndex, checkKeyCounts, checkSorted, outputFiles } from "./check-results.ts";
import { manyKeys } from "./inputs/many-keys.ts";
import { realText, repeatedText, type TextSet } from "./inputs/real-text.ts";
import { sortRecords } from "./inputs/sort-records.ts";
import { appPath, tsmrCommand } from "./tsmr-command.ts";

const WORKERS = 2;
const REDUCES = 8;

export const p6: Benchmark = {
  name: "P6",
  work: "sort, 1 GB of 100-byte records, 2 workers",
  target: "≤ 0.8 × GNU sort",
  rounds: 3,
  prepare: async (setup) => {
    const records = setup.quick
      ? await sortRecords(setup.dataFolder, "quick-records", { files: 10, fileBytes: 500e3 })
      : await sortRecords(setup.dataFolder, "records-1gb", { files: 10, fileBytes: 100e6 });
    return {
      ours: {
        label: "tsmr, 2 workers",
        command: (out) =>
          tsmrCommand(setup.program, {
            app: appPath("sort"),
            inputs: records.files,
            workers: WORKERS,
            reduces: REDUCES,
            out,
            // Two workers with 256 MB each have as much as one sort with 512 MB.
            memory: "256MB",
          }),
        check: async (out) => checkSorted(await outputFiles(out), records),
      },
      theirs: {
        label: "GNU sort",
        command: (out) => ({
          program: "sort",
          arguments: [
            ...["--parallel=2", "-S", "512M", "-T", out, "-o", join(out, "sorted")],
            ...records.files,
          ],
          environment: { LC_ALL: "C" },
        }),
        check: (out) => checkSorted([join(out, "sorted")], records),
      },
      inputs: records.files,
      memory: true,
      judge: atMost(0.8),
    };
  },
};

function indexSide(setup: Setup, text: TextSet, copies: number, source: TextSet): Side {
  return {
    label: copies === 1 ? "tsmr on the text" : `tsmr on ${copies} × the text`,
    command: (out) =>
      tsmrCommand(setup.program, {
        app: appPath("index"),
        inputs: text.files,
        workers: WORKERS,
        reduces: REDUCES,
        out,
      }),
    check: async (out) => checkIndex(await outputFiles(out), source, copies),
  };
}

const COPIES = 10;

export const p7: Benchmark = {
  name: "P7",
  work: "inverted index, 2.4 GB against 240 MB, 2 workers",
  target: "≤ 10.5 ×, same memory (≤ 1.1 ×)",
  rounds: 3,
  prepare: async (setup) => {
    const text = setup.quick
      ? await realText(setup.dataFolder, "quick-text", { files: 8, fileBytes: 250e3 })
      : await realText(setup.dataFolder, "text-240mb", { files: 8, fileBytes: 30e6 });
    const repeated = await repeatedText(setup.dataFolder, text, COPIES);
    return {
      ours: indexSide(setup, repeated, COPIES, text),
      theirs: indexSide(setup, text, 1, text),
      inputs: [...text.files, ...repeated.files],
      bigFolders: setup.quick ? [] : [repeated.folder],
      memory: true,
      judge: atMostInTimeAndMemory(10.5, 1.1),
    };
  },
};

/** The share of the data and keys of P8 that is run by default. */
const P8_SHARE = 4;
const P8_QUICK_SHARE = 400;

export const p8: Benchmark = {
  name: "P8",
  work: "count of 20 M distinct keys in 10 GB, 2 workers",
  target: "≤ 512 MiB a process",
  rounds: 1,
  prepare: async (setup) => {
    const share = setup.quick ? P8_QUICK_SHARE : setup.full ? 1 : P8_SHARE;
    // A quarter of the memory would be below the minimum of a process.
    const memoryMegabytes = share === 1 ? 512 : 160;
    const keys = await manyKeys(setup.dataFolder, share === 1 ? "keys-10gb" : `keys-1-${share}`, {
      files: 8,
      distinctKeys: 20e6 / share,
      recordsPerKey: 5,
    });
    const gigabytes = (keys.bytes / 1e9).toLocaleString("en");
    const note =
      share === 1
        ? undefined
        : `P8 ran smaller: ${gigabytes} GB, ${(20 / share).toLocaleString("en")} M keys, limit ` +
          `${memoryMegabytes} MiB (--full runs all of it)`;
    return {
      ours: {
        label: "tsmr, 2 workers",
        command: (out) =>
          tsmrCommand(setup.program, {
            app: appPath("count-keys"),
            inputs: keys.files,
            workers: WORKERS,
            reduces: REDUCES,
            out,
            memory: `${memoryMegabytes}MB`,
          }),
        check: async (out) => checkKeyCounts(await outputFiles(out), keys),
      },
      inputs: [],
      bigFolders: setup.quick ? [] : [keys.folder],
      memory: true,
      ...(note === undefined ? {} : { note }),
      judge: memoryAtMost(memoryMegabytes * 2 ** 20),
    };
  },
};
