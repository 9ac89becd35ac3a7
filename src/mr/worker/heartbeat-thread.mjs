// @ts-check
/*
 * The thread that reports the progress of the current attempt to the coordinator. User code may block the main
 * thread for minutes; this thread runs on. It is plain JavaScript and imports nothing but Node, because every
 * worker pays for its start, and because TypeScript would have to be compiled again inside the thread.
 */
import { writeSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

/**
 * @typedef {object} CoordinatorAddress what the main thread sends before the first attempt
 * @property {string} socketPath
 * @property {string} path
 * @property {number} reconnectMs how long to go on when the coordinator has died
 * @property {Farewell} farewell
 */

/**
 * @typedef {object} Farewell the last line that a worker prints whose app is too busy to let it end by itself
 * @property {string} who the beginning of the line
 * @property {Record<"completed" | "failed" | "cancelled", string>} ends what it says of a job that has ended
 * @property {string} gone what it says when there is no coordinator any more
 */

/**
 * @typedef {object} HeartbeatData
 * @property {SharedArrayBuffer} state 32-bit: current attempt's serial (0: none), phase, task, attempt,
 *   worker, job; then the slots
 * @property {SharedArrayBuffer} meters 64-bit floats: records, bytes, processor time at the start in ms,
 *   time between beats in ms, how long to wait for the answer to one in ms
 * @property {{ givenUp: number, workDone: number, term: number, signs: number, outcome: number,
 *   tasks: number }} slots the places in `state` of the
 *   serial of the last attempt that the coordinator refused, the serial of the last one whose user code is done, the
 *   term, how often user code has said that it is alive, how the job has ended (1 + its place in `OUTCOMES`), and how
 *   many tasks this worker has completed
 * @property {number} beatsPerLease
 * @property {number} maxPublishingMs how long an attempt whose user code is done counts as alive
 * @property {number} unknownWorker the JSON-RPC error of a coordinator that never gave out this worker's number
 */

/**
 * @typedef {"accepted" | "refused" | "busy" | "dead" | "gone"} Answer the result of a beat. `busy`: too many other
 *   connections wait to be accepted; `dead`: no answer; `gone`: no socket either, because the coordinator has ended
 */

const data = /** @type {HeartbeatData} */ (workerData);
const state = new Int32Array(data.state);
const meters = new Float64Array(data.meters);
/** @type {CoordinatorAddress} */
let coordinator = {
  ...{ socketPath: "", path: "", reconnectMs: 0 },
  farewell: { who: "", ends: { completed: "", failed: "", cancelled: "" }, gone: "" },
};

const { slots, beatsPerLease, maxPublishingMs, unknownWorker } = data;

/** The number of beats without an answer after which the coordinator counts as gone. */
const MAX_FAILED_BEATS = 4;
/** The longest time between beats to a coordinator that seems to have ended. */
const GONE_INTERVAL_MS = 200;
/** The time in which an app that makes progress learns that the job or the coordinator has ended. */
const END_GRACE_MS = 2000;
const STDERR = 2;
const OUTCOMES = /** @type {const} */ (["completed", "failed", "cancelled"]);

let id = 0;
/** The serial of the attempt that the variables below are about. */
let current = 0;
let failedBeats = 0;
let goneBeats = 0;
/** When the first of the failed beats was, in milliseconds. */
let failingSinceMs = 0;
/** When the attempt was refused, in milliseconds. */
let refusedAtMs = Infinity;
/** When its user code was first seen to be done, in milliseconds. */
let doneAtMs = Infinity;
/** How many signs of life of the app the coordinator has heard of. */
let toldSigns = 0;
void run();

/** Beats for one attempt after the other, until the process ends. */
async function run() {
  for (;;) {
    const serial = Atomics.load(state, 0);
    if (serial === 0) {
      Atomics.wait(state, 0, 0);
      continue;
    }
    const sent = parentPort === null ? undefined : receiveMessageOnPort(parentPort);
    if (sent !== undefined) coordinator = sent.message;
    if (serial !== current) {
      current = serial;
      failedBeats = 0;
      goneBeats = 0;
      refusedAtMs = Infinity;
      doneAtMs = Infinity;
      toldSigns = 0;
    }
    const intervalMs = meters[3] ?? 0;
    const hasJobEnded = Atomics.load(state, slots.outcome) !== 0;
    const waitMs =
      goneBeats > 0 || hasJobEnded ? Math.min(intervalMs, GONE_INTERVAL_MS) : intervalMs;
    // Woken early when the attempt ends, so that a quick task costs no message.
    if (Atomics.wait(state, 0, serial, waitMs) !== "timed-out") continue;
    if (hasJobEnded) {
      await giveUp(serial, END_GRACE_MS, endOfJob);
      continue;
    }
    const signs = Atomics.load(state, slots.signs);
    const beat = createBeat(serial, signs !== toldSigns || isPublishing(serial));
    if (beat === undefined) continue;
    const timeoutMs = meters[4] ?? intervalMs;
    const answer = await post(beat, timeoutMs);
    if (answer === "accepted" || answer === "refused" || answer === "busy") {
      failedBeats = 0;
      goneBeats = 0;
      if (answer === "accepted") toldSigns = signs;
      if (answer === "refused") await giveUp(serial, timeoutMs * beatsPerLease, endOfAttempt);
      continue;
    }
    if (failedBeats === 0) failingSinceMs = performance.now();
    failedBeats += 1;
    goneBeats = answer === "gone" ? goneBeats + 1 : 0;
    if (failedBeats < MAX_FAILED_BEATS) continue;
    // A coordinator that was killed leaves its socket behind, and another one may resume the job.
    const hasEnded = goneBeats >= MAX_FAILED_BEATS;
    if (!hasEnded && performance.now() - failingSinceMs < coordinator.reconnectMs) continue;
    await giveUp(serial, END_GRACE_MS, endOfCoordinator);
  }
}

/**
 * Whether user code is done, so that the attempt waits for nothing but the disk and the coordinator.
 *
 * @param {number} serial
 */
function isPublishing(serial) {
  if (Atomics.load(state, slots.workDone) !== serial) return false;
  const nowMs = performance.now();
  doneAtMs = Math.min(doneAtMs, nowMs);
  return nowMs - doneAtMs < maxPublishingMs;
}

/**
 * Creates the report on the progress of the attempt.
 *
 * @param {number} serial
 * @param {boolean} isAlive whether the lease is to be renewed even if there was no progress
 * @returns {string | undefined} undefined if the attempt has ended meanwhile
 */
function createBeat(serial, isAlive) {
  const usage = process.cpuUsage();
  const [records = 0, bytes = 0, startedCpuMs = 0] = meters;
  const message = {
    jsonrpc: "2.0",
    id: ++id,
    method: "task.progress",
    params: {
      worker: state[4],
      job: ((state[5] ?? 0) >>> 0).toString(16).padStart(8, "0"),
      term: state[slots.term],
      phase: state[1] === 0 ? "map" : "reduce",
      task: state[2],
      attempt: state[3],
      records,
      bytes,
      cpuMs: Math.max(0, (usage.user + usage.system) / 1000 - startedCpuMs),
      ...(isAlive ? { alive: true } : {}),
    },
  };
  // If the attempt has changed meanwhile, the numbers do not belong together.
  return Atomics.load(state, 0) === serial ? JSON.stringify(message) : undefined;
}

/**
 * @typedef {object} End how this process ends, if its app goes on with a stale attempt
 * @property {string} line the last line that it prints
 * @property {number} code
 */

/**
 * Tells the main thread that the attempt is stale, and ends the process if it goes on with it.
 *
 * @param {number} serial
 * @param {number} graceMs
 * @param {() => End} end
 */
async function giveUp(serial, graceMs, end) {
  Atomics.store(state, slots.givenUp, serial);
  refusedAtMs = Math.min(refusedAtMs, performance.now());
  if (performance.now() - refusedAtMs >= graceMs) await endProcess(serial, end());
}

/** @returns {End} */
function endOfAttempt() {
  const attempt = `${state[1] === 0 ? "map" : "reduce"} task ${state[2]}, attempt ${state[3]},`;
  const why = `${secondsSince(refusedAtMs)} s after the coordinator gave that up: this worker ends`;
  return { line: `worker ${process.pid}: The app is still busy with ${attempt} ${why}`, code: 1 };
}

/** @returns {End} */
function endOfCoordinator() {
  const { who, gone } = coordinator.farewell;
  return {
    line: `${who}: ${gone} (waited ${secondsSince(failingSinceMs)} s)${tasksDone()}`,
    code: 1,
  };
}

/** @returns {End} */
function endOfJob() {
  const { who, ends } = coordinator.farewell;
  const outcome = OUTCOMES[Atomics.load(state, slots.outcome) - 1] ?? "failed";
  const code = outcome === "completed" ? 0 : 1;
  return { line: `${who}: ${ends[outcome]}${tasksDone()}`, code };
}

/** @param {number} ms */
function secondsSince(ms) {
  return Math.round((performance.now() - ms) / 1000);
}

function tasksDone() {
  const tasks = Atomics.load(state, slots.tasks);
  return `; this worker has done ${tasks} ${tasks === 1 ? "task" : "tasks"}`;
}

/**
 * Ends the process, whatever the main thread does, unless user code has ended meanwhile.
 *
 * @param {number} serial
 * @param {End} end
 */
async function endProcess(serial, { line, code }) {
  // Loaded first, so that the process ends at once after its last line.
  const exit = await prepareExit(code).catch(() => undefined);
  const isStuck =
    Atomics.load(state, 0) === serial && Atomics.load(state, slots.workDone) !== serial;
  if (!isStuck) return;
  try {
    writeSync(STDERR, `${line}\n`);
  } catch {
    // Standard error may be closed; the process must end all the same.
  }
  exit?.();
  process.kill(process.pid, "SIGKILL");
}

/**
 * A thread's `process.exit` ends the thread alone. A WebAssembly program of WASI may end the process with an exit
 * code, whatever its main thread does. This program is `(start (call $proc_exit (i32.const code)))`.
 *
 * @param {number} code below 64
 */
async function prepareExit(code) {
  const { WASI } = await import("node:wasi");
  const wasi = new WASI({ version: "preview1", returnOnExit: false });
  const program = Buffer.concat([
    Buffer.from("0061736d01000000010802" + "60017f00" + "600000", "hex"),
    Buffer.from("\x02\x24\x01\x16wasi_snapshot_preview1\x09proc_exit\x00\x00", "latin1"),
    Buffer.from("\x03\x02\x01\x01\x05\x03\x01\x00\x01", "latin1"),
    Buffer.from("\x07\x13\x02\x06memory\x02\x00\x06_start\x00\x01", "latin1"),
    Buffer.from([10, 8, 1, 6, 0, 0x41, code, 0x10, 0, 0x0b]),
  ]);
  const { Instance, Module } = Reflect.get(globalThis, "WebAssembly");
  const instance = new Instance(new Module(program), wasi.getImportObject());
  return () => wasi.start(instance);
}

/**
 * Sends one message.
 *
 * @param {string} body
 * @param {number} timeoutMs
 * @returns {Promise<Answer>}
 */
async function post(body, timeoutMs) {
  // Loaded for the first beat: most attempts end before it.
  const { request } = await import("node:http");
  return await new Promise((resolve) => {
    const call = request({
      socketPath: coordinator.socketPath,
      path: coordinator.path,
      method: "POST",
      agent: false,
      timeout: timeoutMs,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    });
    call.once("error", (error) => {
      const code = "code" in error ? error.code : undefined;
      resolve(code === "ENOENT" ? "gone" : code === "EAGAIN" ? "busy" : "dead");
    });
    call.once("timeout", () => call.destroy());
    call.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      response.once("close", () => resolve(isRefusal(text) ? "refused" : "accepted"));
    });
    call.end(body);
  });
}

/**
 * Whether an answer says that the attempt is stale. An unclear answer does not. Keeps how the job has ended.
 *
 * @param {string} text
 */
function isRefusal(text) {
  try {
    const { result, error } = JSON.parse(text);
    const outcome = 1 + OUTCOMES.indexOf(result?.outcome);
    if (outcome > 0) Atomics.store(state, slots.outcome, outcome);
    return result?.accepted === false || error?.code === unknownWorker;
  } catch {
    return false;
  }
}
