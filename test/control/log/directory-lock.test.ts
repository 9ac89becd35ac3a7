import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { lockDirectory } from "../../../src/mr/control/log/directory-lock.ts";
import { isLock } from "../../../src/mr/job/names.ts";
import { isSkippedFor } from "../../support/needs.ts";
import { refuseLockSockets } from "../../support/no-lock-sockets.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { NO_OTHER_USER, NO_UNPRIVILEGED_RUN, unprivilegedUid } from "../../support/unprivileged.ts";

const MODULE = JSON.stringify(import.meta.resolve("../../../src/mr/control/log/directory-lock.ts"));
/** The flags for a script that imports sources. */
const LOADER = ["--import", import.meta.resolve("tsx"), "--input-type=module"];

const REFUSAL = `import { refuseLockSockets } from ${JSON.stringify(import.meta.resolve("../../support/no-lock-sockets.ts"))};
  refuseLockSockets();`;

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

/** Starts a process that holds the lock of the directory until it is killed. */
async function startHolder(begin: string): Promise<ChildProcess> {
  const script = `${begin} import { lockDirectory } from ${MODULE};
    await lockDirectory(${JSON.stringify(directory)});
    console.log();
    setInterval(() => undefined, 1000);`;
  const holder = spawn(process.execPath, [...LOADER, "-e", script]);
  onTestFinished(() => void holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  return holder;
}

const FILE_SYSTEMS = [
  { where: "", hasSockets: true },
  { where: " on a file system without sockets", hasSockets: false },
];

describe.each(FILE_SYSTEMS)("the lock of a job directory$where", ({ hasSockets }) => {
  /** The beginning of a script. */
  const begin = `${hasSockets ? "" : REFUSAL} import { lockDirectory } from ${MODULE};`;
  beforeEach(() => {
    if (!hasSockets) onTestFinished(refuseLockSockets());
  });

  it("F31 goes to one of many who want it at once, by whatever path", async () => {
    const link = join(directory, "link");
    symlinkSync(directory, link);
    const paths = [directory, link, directory, `${directory}/.`];
    const results = await Promise.allSettled(paths.map((path) => lockDirectory(path)));
    const winners = results.flatMap((result) => {
      return result.status === "fulfilled" ? result.value : [];
    });
    expect(winners).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "JOB_IN_USE" });
    }
    winners[0]?.unlock();
  });

  it.skipIf(process.platform !== "linux" || isSkippedFor(NO_OTHER_USER ?? NO_UNPRIVILEGED_RUN))(
    "F31 is refused to another user, too (needs Linux, root, and a project that user 65534 can read)",
    async () => {
      chmodSync(directory, 0o777);
      const lock = await lockDirectory(directory);
      const script = `${begin}
        await lockDirectory(${JSON.stringify(directory)}).then(() => console.log("locked"), ({ code }) => console.log(code));`;
      const { stdout } = spawnSync(process.execPath, [...LOADER, "-e", script], {
        ...{ uid: unprivilegedUid, encoding: "utf8" },
      });
      lock.unlock();
      expect(stdout).toBe("JOB_IN_USE\n");
    },
  );

  it("F31 goes to one of many who find the lock of a killed process", async () => {
    const script = `${begin}
      await lockDirectory(${JSON.stringify(directory)});
      process.kill(process.pid, "SIGKILL");`;
    spawnSync(process.execPath, [...LOADER, "-e", script]);
    expect(readdirSync(directory).filter(isLock)).toHaveLength(1);
    for (let round = 0; round < 5; round++) {
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, () => lockDirectory(directory)),
      );
      const winners = results.flatMap((result) => {
        return result.status === "fulfilled" ? result.value : [];
      });
      expect(winners).toHaveLength(1);
      expect(readdirSync(directory).filter(isLock)).toHaveLength(1);
      winners[0]?.unlock();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it("F31 belongs to the directory: one that takes its place is free", async () => {
    const place = join(directory, "place");
    mkdirSync(place);
    const first = await lockDirectory(place);
    renameSync(place, join(directory, "moved"));
    await expect(lockDirectory(join(directory, "moved"))).rejects.toMatchObject({
      code: "JOB_IN_USE",
    });
    mkdirSync(place);
    const second = await lockDirectory(place);
    first.unlock();
    await expect(lockDirectory(place)).rejects.toMatchObject({ code: "JOB_IN_USE" });
    second.unlock();
    rmSync(place, { recursive: true });
    await expect(lockDirectory(place)).rejects.toMatchObject({ code: "DIRECTORY_UNUSABLE" });
  });

  it("F31 works where the path is longer than that of a socket may be", async () => {
    const long = join(directory, "a".repeat(120));
    mkdirSync(long);
    const lock = await lockDirectory(long);
    await expect(lockDirectory(long)).rejects.toMatchObject({ code: "JOB_IN_USE" });
    lock.unlock();
    (await lockDirectory(long)).unlock();
    expect(readdirSync(long)).toEqual([]);
  });

  it("F31 is had by one process of a cluster, whose processes share listening sockets", () => {
    const script = `${begin} import cluster from "node:cluster";
      if (cluster.isPrimary) {
        cluster.setupPrimary({ exec: process.argv[1] });
        let said = [];
        for (let i = 0; i < 3; i++) cluster.fork().on("message", (what) => {
          said.push(what);
          if (said.length < 3) return;
          console.log(said.sort().join());
          process.exit();
        });
      } else process.send(await lockDirectory(${JSON.stringify(directory)}).then(() => "locked", ({ code }) => code));
      setInterval(() => undefined, 1000);`;
    const file = join(temporaryDirectory(), "cluster.mjs");
    writeFileSync(file, script);
    const { stdout } = spawnSync(process.execPath, [...LOADER.slice(0, 2), file], {
      encoding: "utf8",
    });
    expect(stdout).toBe("JOB_IN_USE,JOB_IN_USE,locked\n");
  });

  it.skipIf(isSkippedFor(NO_OTHER_USER ?? NO_UNPRIVILEGED_RUN))(
    "F31 can't be taken by a user who may not write there (needs root, and a project that user 65534 can read)",
    async () => {
      chmodSync(directory, 0o755);
      const script = `${begin}
        await lockDirectory(${JSON.stringify(directory)}).catch(({ code }) => console.log(code));`;
      const { stdout } = spawnSync(process.execPath, [...LOADER, "-e", script], {
        ...{ uid: unprivilegedUid, encoding: "utf8" },
      });
      expect(stdout).toBe("DIRECTORY_UNUSABLE\n");
      (await lockDirectory(directory)).unlock();
    },
  );

  it.skipIf(isSkippedFor(NO_OTHER_USER))(
    "F35 can't be taken ahead by another user in a shared directory (needs root)",
    async (context) => {
      const listen = `require("node:net").createServer((s) => s.end("H")).listen("${directory}/.mr-lock-00", () => console.log())`;
      chmodSync(directory, 0o1777);
      const other = spawn(process.execPath, ["-e", listen], { uid: unprivilegedUid ?? 0 });
      context.onTestFinished(() => void other.kill("SIGKILL"));
      await once(other.stdout, "data");
      const lock = await lockDirectory(directory);
      await expect(lockDirectory(directory)).rejects.toMatchObject({ code: "JOB_IN_USE" });
      lock.unlock();
      // Where they can remove each other's files, it is said whose lock it is.
      chmodSync(directory, 0o777);
      await expect(lockDirectory(directory)).rejects.toMatchObject({
        code: "JOB_IN_USE",
        message: expect.stringContaining('its lock ".mr-lock-00" belongs to another user'),
      });
      expect(readdirSync(directory)).toEqual([".mr-lock-00"]);
      // The owner of the directory may lock it, too.
      chmodSync(directory, 0o1777);
      chownSync(directory, unprivilegedUid ?? 0, 0);
      await expect(lockDirectory(directory)).rejects.toMatchObject({ code: "JOB_IN_USE" });
    },
  );

  const ODD: ReadonlyArray<readonly [string, (socket: Socket) => unknown, RegExp]> = [
    ["closes every connection at once", (socket) => socket.destroy(), /neither holds/],
    ["ends every connection without an answer", (socket) => socket.end(), /neither holds/],
    ["always says that it wants the lock", (socket) => socket.end("C"), /neither holds/],
    ["answers something else", (socket) => socket.end("HTTP/1.1 400\r\n"), /running/],
  ];
  it.each(ODD)("F35 is refused soon where a process %s", async (_, answer, message) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      answer(socket);
    });
    onTestFinished(() => void server.close());
    server.listen(join(directory, ".mr-lock-00"));
    await once(server, "listening");
    const refusal = lockDirectory(directory, 500);
    await expect(refusal).rejects.toMatchObject({ code: "JOB_IN_USE" });
    await expect(refusal).rejects.toThrow(message);
    expect(readdirSync(directory)).toEqual([".mr-lock-00"]);
  });

  it.skipIf(process.platform !== "linux")(
    "F31 is kept by a process that is so busy that its queue of connections is full",
    async () => {
      const path = join(directory, ".mr-lock-00");
      const script = `require("node:net").createServer().listen({ path: ${JSON.stringify(path)}, backlog: 1 }, () => {
        require("node:fs").writeSync(1, "listening");
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`;
      const busy = spawn(process.execPath, ["-e", script]);
      onTestFinished(() => void busy.kill("SIGKILL"));
      await once(busy.stdout, "data");
      for (let isFull = false; !isFull; ) {
        const socket = connect(path);
        onTestFinished(() => void socket.destroy());
        isFull = await once(socket, "connect").then(
          () => false,
          ({ code }) => code === "EAGAIN",
        );
        socket.on("error", () => undefined);
      }
      await expect(lockDirectory(directory)).rejects.toMatchObject({ code: "JOB_IN_USE" });
      expect(readdirSync(directory)).toEqual([".mr-lock-00"]);
    },
  );

  it.skipIf(process.platform === "win32")("F31 is kept by a process that is stopped", async () => {
    const holder = await startHolder(hasSockets ? "" : REFUSAL);
    holder.kill("SIGSTOP");
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: "JOB_IN_USE" });
    holder.kill("SIGKILL");
    await once(holder, "exit");
    (await lockDirectory(directory)).unlock();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("F61 is refused if the directory is replaced before it is locked, and leaves no file", async () => {
    const place = join(directory, "place");
    mkdirSync(place);
    const refusal = lockDirectory(place);
    renameSync(place, join(directory, "moved"));
    mkdirSync(place);
    await expect(refusal).rejects.toMatchObject({ code: "DIRECTORY_UNUSABLE" });
    expect(readdirSync(join(directory, "moved"))).toEqual([]);
    (await lockDirectory(place)).unlock();
  });

  it("F35 is free where only other files have the name of one", async () => {
    writeFileSync(join(directory, ".mr-lock-00"), "no key");
    writeFileSync(join(directory, ".mr-lock-01"), "");
    writeFileSync(join(directory, ".mr-lock-02"), "0".repeat(100_000));
    // Too large to be read. It takes no place on the disk.
    writeFileSync(join(directory, ".mr-lock-05"), "");
    truncateSync(join(directory, ".mr-lock-05"), 3 * 2 ** 30);
    symlinkSync("nowhere", join(directory, ".mr-lock-03"));
    spawnSync("mkfifo", [join(directory, ".mr-lock-04")]);
    (await lockDirectory(directory)).unlock();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("can be taken again once it is given free, and says nothing of other directories", async () => {
    const other = temporaryDirectory();
    const first = await lockDirectory(directory);
    (await lockDirectory(other)).unlock();
    first.unlock();
    await new Promise((resolve) => setTimeout(resolve, 10));
    (await lockDirectory(directory)).unlock();
  });
});

describe.skipIf(process.platform !== "linux")(
  "the key of a lock, where there are no sockets",
  () => {
    beforeEach(() => {
      onTestFinished(refuseLockSockets());
    });

    const IMPOSTORS: ReadonlyArray<readonly [string, (socket: Socket) => unknown]> = [
      ["says that it has the lock", (socket) => socket.end("H")],
      ["says that it wants the lock", (socket) => socket.end("C")],
      ["closes every connection", (socket) => socket.destroy()],
      ["does not answer", () => undefined],
    ];
    it.each(IMPOSTORS)(
      "F35 is dead where another process has taken its name and %s",
      async (_, answer) => {
        const holder = await startHolder(REFUSAL);
        const { dev, ino } = statSync(directory);
        const prefix = `tsmr-${dev.toString(16)}-${ino.toString(16)}`;
        // Any user can read it.
        const sockets = readFileSync("/proc/net/unix", "latin1");
        const [, taken = ""] = new RegExp(`@(${prefix}-[0-9a-f]{32}-+)$`, "m").exec(sockets) ?? [];
        // It is the longest that is possible, because Node 20 fills others with NULs, and Node 22 does not.
        expect(taken).toHaveLength(107);
        holder.kill("SIGKILL");
        await once(holder, "exit");
        for (const name of [taken, `${prefix}.lock`]) {
          const server = createServer((socket) => {
            socket.on("error", () => undefined);
            answer(socket);
          });
          onTestFinished(() => void server.close());
          server.listen(`\0${name}`);
          await once(server, "listening");
        }
        (await lockDirectory(directory, 3000)).unlock();
        expect(readdirSync(directory)).toEqual([]);
      },
    );

    it.each([
      ["0755", 0o600],
      ["0775", 0o640],
      ["0777", 0o644],
      ["1777", 0o600],
    ])(
      "in a directory of mode %s can be read by those who may put one there",
      async (mode, expected) => {
        chmodSync(directory, Number.parseInt(mode, 8));
        const lock = await lockDirectory(directory);
        const [name = ""] = readdirSync(directory);
        expect(statSync(join(directory, name)).mode & 0o777).toBe(expected);
        lock.unlock();
      },
    );

    it.skipIf(isSkippedFor(NO_OTHER_USER))(
      "F35 does not count in a sticky directory if it is another user's (needs root)",
      async () => {
        chmodSync(directory, 0o1777);
        const other = await lockDirectory(directory);
        onTestFinished(() => other.unlock());
        const [name = ""] = readdirSync(directory);
        chownSync(join(directory, name), unprivilegedUid ?? 0, 0);
        (await lockDirectory(directory)).unlock();
        chmodSync(directory, 0o777);
        await expect(lockDirectory(directory)).rejects.toMatchObject({
          code: "JOB_IN_USE",
          message: expect.stringContaining(`its lock "${name}" belongs to another user`),
        });
      },
    );

    it.skipIf(isSkippedFor(NO_OTHER_USER ?? NO_UNPRIVILEGED_RUN))(
      "F31 keeps users out who can't read it (needs root, and a project that user 65534 can read)",
      async () => {
        chmodSync(directory, 0o1777);
        const lock = await lockDirectory(directory);
        const script = `${REFUSAL} import { lockDirectory } from ${MODULE};
        await lockDirectory(${JSON.stringify(directory)}).catch(({ message }) => console.log(message));`;
        const { stdout } = spawnSync(process.execPath, [...LOADER, "-e", script], {
          ...{ uid: unprivilegedUid, encoding: "utf8" },
        });
        lock.unlock();
        expect(stdout).toContain("belongs to another user");
      },
    );
  },
);
