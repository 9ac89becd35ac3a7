import { existsSync } from "node:fs";
import { extname } from "node:path";
import { Command } from "commander";
import { MrError, UsageError } from "../mr/base/errors.ts";
import { socketPathOf } from "../mr/base/socket-path.ts";
import { HttpListener } from "../mr/control/protocol/http-listener.ts";
import type { CoordinateOptions } from "./coordinate.ts";
import { addOptions, isSocketName } from "./options.ts";
import { runCommand } from "./run-command.ts";

type Options = Omit<CoordinateOptions, "socketPath" | "listener"> & {
  readonly socketPath?: string;
};

const command = new Command("mrcoordinator")
  .description(
    "Coordinate a MapReduce job in the current directory: hand its tasks to workers (mrworker) until\n" +
      "the output is complete in mr-out-0, mr-out-1, … Files of an earlier job there are removed.",
  )
  .argument("[inputs...]", "[socket,] input files, directories or quoted patterns");
addOptions(
  command,
  ...(["reduces", "resumeHere", "socket", "lease", "taskTimeout", "attempts"] as const),
  ...(["recordSplit", "skipBadRecords", "maxBadRecords", "noBackups", "ui", "quiet"] as const),
).addHelpText(
  "after",
  "\nExample:\n  tsx mrcoordinator.ts pg-*.txt        and, in other terminals:  tsx mrworker.ts wc.ts\n" +
    "  tsx mrcoordinator.ts mr-sock pg-*.txt                                tsx mrworker.ts wc.ts mr-sock\n\n" +
    "Exit code 0 if the job is complete, 1 if it failed, 2 for wrong usage, 130 when interrupted.",
);

runCommand(command, async (words: string[], options: Options): Promise<number> => {
  const { socketPath = socketPathOf(process.cwd()), inputs } = takeSocket(words, options);
  if (inputs.length === 0 && options.resume !== true) {
    throw new UsageError("no input files (see mrcoordinator --help)");
  }
  // Before everything else is loaded: scripts of the lab start workers a second after their coordinator. If it is
  // impossible, the job itself finds out why.
  const listener = await HttpListener.listen(socketPath).catch(() => undefined);
  try {
    const { coordinate } = await import("./coordinate.ts");
    return await coordinate({ ...options, inputs, socketPath, listener });
  } catch (error) {
    throw withSocketHint(error, inputs, options);
  } finally {
    listener?.close();
  }
});

/** The lab's command line of 2026 names the socket first. */
function takeSocket(words: readonly string[], { socketPath }: Options) {
  const [first = "", ...inputs] = words;
  const isFirst = socketPath === undefined && inputs.length > 0 && isSocketName(first);
  return isFirst ? { socketPath: first, inputs } : { socketPath, inputs: words };
}

/** A socket whose name is not like that of a socket is taken for an input, because a misspelt input must not be lost. */
function withSocketHint(
  error: unknown,
  [first = "", ...others]: readonly string[],
  { socketPath }: Options,
): unknown {
  const isMissing = error instanceof MrError && error.code === "INPUT_NOT_FOUND";
  const mayBeSocket = isMissing && !existsSync(first) && extname(first) === "";
  if (socketPath !== undefined || others.length === 0 || !mayBeSocket) return error;
  return new MrError(error.code, `${error.message}; a socket of that name needs --socket`);
}
