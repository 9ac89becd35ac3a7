import { fileURLToPath } from "node:url";
import type { Random } from "../../test/simulation/random.ts";
import type { InputSet } from "./inputs.ts";

/** What a job is like. */
export interface Shape {
  /** `lab`: a coordinator and workers that are started one by one; `run`: one command has all. */
  readonly style: "lab" | "run";
  /** As the commands take it. */
  readonly app: string;
  readonly inputs: InputSet;
  readonly workers: number;
  readonly reduces: number;
  /** Options of a worker's memory and of the size of splits, as the commands take them. */
  readonly memory: string | undefined;
  readonly split: string | undefined;
  /** Whether its directory is a small disk of its own, which can be filled. */
  readonly hasOwnDisk: boolean;
}

interface Kind {
  readonly app: string;
  readonly inputs: readonly InputSet[];
  readonly splits?: readonly string[];
  readonly memory?: string;
}

const KINDS: readonly Kind[] = [
  { app: "wc", inputs: ["few", "many"] },
  { app: "indexer", inputs: ["few", "many", "gz"] },
  { app: own("slow-count"), inputs: ["few", "many", "gz"] },
  { app: own("slow-count"), inputs: ["many"] },
  { app: own("word-lines"), inputs: ["large", "many", "gz"], splits: ["8K", "20K", "100K"] },
  { app: own("sort-lines"), inputs: ["lines"], splits: ["300K", "2M"], memory: "160MB" },
  { app: own("csv-totals"), inputs: ["csv"] },
  { app: own("line-index"), inputs: ["many", "gz"] },
];

export function chooseShape(random: Random): Shape {
  const { app, inputs, splits = [], memory } = pick(random, KINDS);
  return {
    style: pick(random, ["lab", "run"] as const),
    app,
    inputs: pick(random, inputs),
    workers: random.whole(1, 5),
    reduces: pick(random, [1, 3, 10, 40]),
    memory,
    split: splits.length === 0 ? undefined : pick(random, splits),
    hasOwnDisk: random.chance(0.4),
  };
}

/** One line for people. */
export function describeShape({ style, app, inputs, ...shape }: Shape): string {
  const name = app.replace(/^.*\/|\.ts$/g, "");
  const parts = [`${style} ${name} ${inputs}`, `${shape.workers}w`, `${shape.reduces}r`];
  if (shape.split !== undefined) parts.push(`split ${shape.split}`);
  if (shape.memory !== undefined) parts.push(shape.memory);
  return parts.join(" ");
}

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = random.pick(items);
  if (item === undefined) throw new Error("There is nothing to choose from");
  return item;
}

function own(name: string): string {
  return fileURLToPath(new URL(`./apps/${name}.ts`, import.meta.url));
}
