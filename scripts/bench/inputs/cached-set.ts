import { mkdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * A set of input files that is made once and recognized by its manifest.
 *
 * A set is deterministic: the same parameters give the same bytes on every machine, so results of
 * different machines and days are about the same work.
 */
export interface SetDescription<Facts> {
  /** The folder's name under the data folder. */
  readonly name: string;
  /** Everything that the content depends on. Another value makes the set anew; raise `format` after a fix. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** The approximate size of the files. The free space is checked before the first byte is written. */
  readonly bytes: number;
  /** Writes the files into `folder`. Returns their names and facts about them. */
  make(folder: string): Promise<{ files: string[]; facts: Facts }>;
}

export interface CachedSet<Facts> {
  readonly folder: string;
  /** Paths of the files, in the order they were made. */
  readonly files: string[];
  readonly bytes: number;
  /** Facts about the content: counts, checksums, expected results. */
  readonly facts: Facts;
}

interface Manifest<Facts> {
  parameters: Readonly<Record<string, number | string>>;
  files: { name: string; bytes: number }[];
  facts: Facts;
}

/** A job needs space besides its input: for shuffle files, its output, and a reserve. */
const SPARE_BYTES = 2e9;

/** Returns the set. Makes it if it is missing, incomplete or has other parameters. */
export async function cachedSet<Facts>(
  dataFolder: string,
  description: SetDescription<Facts>,
): Promise<CachedSet<Facts>> {
  const folder = join(dataFolder, description.name);
  const manifestPath = join(folder, "manifest.json");
  const found = await validManifest<Facts>(manifestPath, description);
  if (found !== undefined) {
    return toSet(folder, found);
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await requireFreeSpace(folder, description);
  process.stderr.write(
    `making ${description.name} (${(description.bytes / 1e6).toFixed(0)} MB) …\n`,
  );
  const made = await description.make(folder);
  const files: Manifest<Facts>["files"] = [];
  for (const name of made.files) {
    files.push({ name, bytes: (await stat(join(folder, name))).size });
  }
  const manifest: Manifest<Facts> = {
    parameters: description.parameters,
    files,
    facts: made.facts,
  };
  // The manifest is written last, by a rename, so that an interrupted run leaves no set.
  await writeFile(`${manifestPath}.tmp`, `${JSON.stringify(manifest)}\n`);
  await rename(`${manifestPath}.tmp`, manifestPath);
  return toSet(folder, manifest);
}

function toSet<Facts>(folder: string, manifest: Manifest<Facts>): CachedSet<Facts> {
  return {
    folder,
    files: manifest.files.map((file) => join(folder, file.name)),
    bytes: manifest.files.reduce((total, file) => total + file.bytes, 0),
    facts: manifest.facts,
  };
}

async function validManifest<Facts>(
  path: string,
  description: SetDescription<Facts>,
): Promise<Manifest<Facts> | undefined> {
  let manifest: Manifest<Facts>;
  try {
    manifest = JSON.parse(await readFile(path, "utf8")) as Manifest<Facts>;
  } catch {
    // Without a readable manifest, there is no set yet.
    return undefined;
  }
  if (JSON.stringify(manifest.parameters) !== JSON.stringify(description.parameters)) {
    return undefined;
  }
  for (const file of manifest.files) {
    const found = await stat(join(dirname(path), file.name)).catch(() => undefined);
    if (found?.size !== file.bytes) {
      return undefined;
    }
  }
  return manifest;
}

async function requireFreeSpace(
  folder: string,
  { name, bytes }: { name: string; bytes: number },
): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  // A sort of the set needs it three times: input, shuffle files, output.
  const neededBytes = 3 * bytes + (bytes > 1e8 ? SPARE_BYTES : 0);
  if (freeBytes < neededBytes) {
    const gigabytes = (value: number) => `${(value / 1e9).toFixed(1)} GB`;
    throw new Error(
      `Cannot make the benchmark data "${name}": it needs ${gigabytes(neededBytes)} of disk ` +
        `(data, shuffle files and output), ${gigabytes(freeBytes)} are free, ` +
        `${gigabytes(neededBytes - freeBytes)} are missing`,
    );
  }
}
