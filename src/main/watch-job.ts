import { styleText } from "node:util";
import { visibleLines } from "../mr/base/text.ts";
import type { JobEvent } from "../mr/job/events.ts";
import type { Dashboard } from "../mr/watch/dashboard/start-dashboard.ts";
import type { JobProgress } from "../mr/watch/terminal/job-progress.ts";
import type { Style } from "../mr/watch/terminal/render-progress.ts";
import type { UiOption } from "./options.ts";

/** Shorter jobs need no progress. */
const FIRST_LIVE_MS = 300;
const LIVE_MS = 125;
const FIRST_LINE_MS = 2000;
const LINE_MS = 5000;

export interface Watcher {
  readonly onEvent?: (event: JobEvent) => void;
  readonly onOutput?: (text: string) => void;
  /** Prints a line for people, unless they want quiet. */
  readonly say: (line: string) => void;
  /** Removes the progress display. Must be called, whatever happens. */
  readonly end: () => void;
}

/** Shows a job on standard error: live on a terminal, or else in a line now and then. */
export async function watchJob(quiet = false, verbose = false): Promise<Watcher> {
  if (quiet) return { say: () => undefined, end: () => undefined };
  const [{ JobProgress }, { EventDescriber }] = await Promise.all([
    import("../mr/watch/terminal/job-progress.ts"),
    import("../mr/watch/format/describe-event.ts"),
  ]);
  // The user also waits for the app to be compiled: "Done in" counts that as well.
  const beginMs = performance.now();
  const progress = new JobProgress();
  const describer = new EventDescriber();
  const display = canDraw() ? await liveDisplay(progress) : await lineDisplay(progress);
  const say = (line: string) => display.print(`tsmr: ${visibleLines(line)}\n`);
  return {
    ...(display.takesOutput ? { onOutput: display.print } : {}),
    onEvent: (event) => {
      progress.view.apply(event);
      if (event.type === "jobStarted") {
        const originMs = performance.now() - event.atMs;
        progress.headStartMs = originMs - beginMs;
        display.start(originMs);
      }
      if (event.type === "jobEnded") display.end();
      for (const { level, text } of describer.describe(event)) {
        if (verbose) say(text);
        else if (level === "warning") {
          display.print(`${display.warning(`tsmr: ${visibleLines(text)}`)}\n`);
        }
      }
    },
    say,
    end: display.end,
  };
}

/**
 * Starts a dashboard if one is asked for, and prints its address.
 *
 * @param name of the command
 * @throws MrError when it cannot listen there
 */
export async function openDashboard(
  name: string,
  ui: UiOption | undefined,
): Promise<Dashboard | undefined> {
  if (ui === undefined) return undefined;
  // Loaded only when it is asked for.
  const { startDashboard } = await import("../mr/watch/dashboard/start-dashboard.ts");
  const dashboard = await startDashboard(ui === true ? {} : ui);
  process.stderr.write(`${name}: Watch it at ${dashboard.url}\n`);
  return dashboard;
}

interface Display {
  /** Whether output of workers must be printed here, because it would otherwise be drawn over. */
  readonly takesOutput: boolean;
  /** @param originMs when the coordinator started, by the clock of this process */
  readonly start: (originMs: number) => void;
  readonly print: (text: string) => void;
  readonly warning: (text: string) => string;
  readonly end: () => void;
}

/** A terminal without a type may be a dumb one; other programs assume so too. */
function canDraw(): boolean {
  const { TERM = "" } = process.env;
  return process.stderr.isTTY && TERM !== "" && TERM !== "dumb";
}

async function lineDisplay(progress: JobProgress): Promise<Display> {
  const { summarizeProgress } = await import("../mr/watch/terminal/render-progress.ts");
  let timer: NodeJS.Timeout | undefined;
  return {
    takesOutput: false,
    start: (originMs) => {
      const next = (delayMs: number) => {
        timer = setTimeout(() => {
          const state = progress.at(performance.now() - originMs);
          process.stderr.write(`tsmr: ${summarizeProgress(state)}\n`);
          next(LINE_MS);
        }, delayMs).unref();
      };
      next(FIRST_LINE_MS);
    },
    print: (text) => process.stderr.write(text),
    warning: (text) => text,
    end: () => clearTimeout(timer),
  };
}

async function liveDisplay(progress: JobProgress): Promise<Display> {
  const [{ renderProgress }, { LiveBlock }] = await Promise.all([
    import("../mr/watch/terminal/render-progress.ts"),
    import("../mr/watch/terminal/live-block.ts"),
  ]);
  const { stderr } = process;
  const block = new LiveBlock(stderr);
  let timer: NodeJS.Timeout | undefined;
  let originMs = 0;
  const style = colourOf(stderr);
  const unicode = /utf-?8/i.test(
    process.env["LC_ALL"] || process.env["LC_CTYPE"] || process.env["LANG"] || "",
  );
  const draw = () => {
    const { columns, rows } = stderr;
    const state = progress.at(performance.now() - originMs);
    block.draw(renderProgress(state, { columns, rows, unicode, style }));
  };
  const clear = () => block.clear();
  // While the job is suspended, the shell has its cursor and no block.
  const suspend = () => {
    clear();
    process.kill(process.pid, "SIGSTOP");
  };
  const end = () => {
    clearInterval(timer);
    clear();
    process.off("exit", clear);
    process.off("SIGTSTP", suspend);
    stderr.off("resize", draw);
  };
  return {
    takesOutput: true,
    start: (startedMs) => {
      originMs = startedMs;
      process.once("exit", clear);
      process.on("SIGTSTP", suspend);
      timer = setTimeout(() => {
        draw();
        stderr.on("resize", draw);
        timer = setInterval(draw, LIVE_MS).unref();
      }, FIRST_LIVE_MS).unref();
    },
    print: (text) => block.print(text),
    warning: (text) => style("yellow", text),
    end,
  };
}

function colourOf(stream: NodeJS.WriteStream): (name: Style, text: string) => string {
  // Both variables count, see https://no-color.org and https://force-color.org.
  const { NO_COLOR = "", FORCE_COLOR = "" } = process.env;
  const forced = FORCE_COLOR !== "" && FORCE_COLOR !== "0";
  const hasColours = forced || (NO_COLOR === "" && FORCE_COLOR !== "0" && stream.hasColors());
  // Later versions of Node look at standard output, which is another stream.
  const options = { validateStream: false };
  const paint: (name: Style, text: string, options: object) => string = styleText;
  return hasColours ? (name, text) => paint(name, text, options) : (_, text) => text;
}
