/**
 * Makes docs/images/run.svg, the picture of a run in README.md, from a real run: `tsmr` counts words in a terminal
 * of 80 columns with three workers, one of which is killed. Needs the example data (`npm run data`) and `script`
 * of util-linux.
 *
 *     npx tsx scripts/picture.ts
 */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { animateTerminal, type Frame } from "./pictures/animate-terminal.ts";
import { TerminalScreen } from "./pictures/terminal-screen.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** How often each book is in the input, so that the run lasts long enough to watch. */
const TIMES = Number(process.argv[2] ?? 12);
const COMMAND = "tsmr run wc 'books/*.txt' --workers 3 --top 5";
/** The shortest time between two frames. */
const MAX_FRAMES = 40;
/** One update is printed in several pieces. A frame is taken when nothing has been printed for this long. */
const SETTLED_MS = 30;
/** A longer run is played faster. */
const MAX_SHOWN_MS = 12_000;
const KILL_AFTER_MS = 1500;

const home = mkdtempSync(join(tmpdir(), "tsmr-picture-"));
try {
  makeBooks(join(home, "books"));
  const ended = record();
  await killWorker();
  await ended;
  const frames = framesOf(
    readFileSync(join(home, "output")),
    readFileSync(join(home, "timing"), "utf8"),
  );
  const svg = animateTerminal(frames);
  mkdirSync(join(ROOT, "docs/images"), { recursive: true });
  writeFileSync(join(ROOT, "docs/images/run.svg"), svg);
  console.log(`docs/images/run.svg: ${frames.length} frames, ${svg.length} bytes`);
} finally {
  rmSync(home, { recursive: true, force: true });
}

function makeBooks(directory: string): void {
  mkdirSync(directory);
  const books = readdirSync(join(ROOT, "data")).filter((name) => name.endsWith(".txt"));
  for (const name of books) {
    const book = readFileSync(join(ROOT, "data", name));
    writeFileSync(join(directory, name), Buffer.concat(new Array<Buffer>(TIMES).fill(book)));
  }
}

/** Runs the command in a terminal, and records its output with times. */
function record(): Promise<void> {
  const tsx = join(ROOT, "node_modules/.bin/tsx");
  const run = COMMAND.replace("tsmr", `${tsx} ${join(ROOT, "src/main/tsmr.ts")}`);
  const program = `stty cols 80 rows 30; exec ${run} --split 8MB`;
  const args = ["-qefc", program, "-O", join(home, "output"), "-T", join(home, "timing")];
  const env = { ...process.env, TERM: "xterm-256color", LANG: "C.UTF-8", FORCE_COLOR: "1" };
  const child = spawn("script", args, { cwd: home, env, stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`The run ended with exit code ${code}`));
    });
  });
}

/** Kills a worker in the middle of the job. */
async function killWorker(): Promise<void> {
  const log = join(home, "mr-out/.mr-events");
  const hasBegun = () => /"attemptStarted"[^\n]*"worker":2,/.test(readFileSync(log, "utf8"));
  while (!existsSync(log) || !hasBegun()) await sleep(50);
  await sleep(KILL_AFTER_MS);
  const joined = /"type":"workerJoined","worker":2,"pid":([0-9]+)/.exec(readFileSync(log, "utf8"));
  if (joined !== null) process.kill(Number(joined[1]), "SIGKILL");
}

/** @param timing lines, each with a delay in seconds and the number of bytes printed after it */
function framesOf(output: Buffer, timing: string): Frame[] {
  const screen = new TerminalScreen();
  screen.write(`\x1b[32m$\x1b[0m ${COMMAND}\n\r`);
  const frames: Frame[] = [{ atMs: 0, lines: screen.lines }];
  // `script` writes a header before the output.
  let at = output.indexOf("\n") + 1;
  let nowMs = 0;
  for (const [, seconds, bytes] of timing.matchAll(/^([0-9.]+) ([0-9]+)$/gm)) {
    nowMs += Number(seconds) * 1000;
    screen.write(output.toString("utf8", at, at + Number(bytes)));
    at += Number(bytes);
    frames.push({ atMs: Math.round(nowMs), lines: screen.lines });
  }
  return thinOut(frames);
}

/** Leaves out frames that were on the screen for a short time only. */
function thinOut(frames: readonly Frame[]): Frame[] {
  const totalMs = frames.at(-1)?.atMs ?? 0;
  const speed = Math.max(1, totalMs / MAX_SHOWN_MS);
  const kept: Frame[] = [];
  frames.forEach(({ atMs, lines }, at) => {
    const next = frames[at + 1];
    if (next !== undefined && next.atMs - atMs < SETTLED_MS) return;
    const shownMs = Math.round(atMs / speed);
    const last = kept.at(-1);
    const isDue = last === undefined || shownMs - last.atMs >= totalMs / speed / MAX_FRAMES;
    if (isDue || at === frames.length - 1) kept.push({ atMs: shownMs, lines });
  });
  return kept;
}
