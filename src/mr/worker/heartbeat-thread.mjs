// @ts-check
/*
 * The thread that tells the coordinator how far the current attempt has come. User code runs on the
 * main thread, where it may compute for minutes without letting anything else run; this thread is not
 * held up by that. It is plain JavaScript and imports nothing but Node, because a worker pays for its
 * start and because TypeScript would have to be compiled again inside the thread.
 */
import { writeSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

/**
 * @typedef {object} CoordinatorAddress what the main thread sends before the first attempt
 * @property {string} socketPath
 * @property {string} path
 * @property {number} reconnectMs how long to go on when the coordinator has died
 */

/**
 * @typedef {object} HeartbeatData
 * @property {SharedArrayBuffer} state 32-bit: current attempt's serial (0: none), phase, task, attempt,
 *   worker, job; serials of the last attempt that the coordinator refused, and whose user code is done; term
 * @property {SharedArrayBuffer} meters 64-bit floats: records, bytes, processor time at the start in ms,
 *   time between beats in ms, how long to wait for the answer to one in ms
 */

/**
 * @typedef {"accepted" | "refused" | "dead" | "gone"} Answer the result of a beat. `dead`: no answer; `gone`: no
 *   socket either, because the coordinator has ended
 */

const data = /** @type {HeartbeatData} */ (workerData);
const state = new Int32Array(data.state);
const meters = new Float64Array(data.meters);
/** @type {CoordinatorAddress} */
let coordinator = { socketPath: "", path: "", reconnectMs: 0 };

const GIVEN_UP = 6;
const WORK_DONE = 7;
const TERM = 8;
/** The JSON-RPC error of a coordinator that has never heard of this worker, nor of its attempt. */
const UNKNOWN_WORKER = -32002;
/** After so many beats without an answer the coordinator has gone. */
const MAX_FAILED_BEATS = 4;
const BEATS_PER_LEASE = 4;
/** Whether a coordinator that seems to have ended has done so is found out quickly. */
const GONE_INTERVAL_MS = 200;
const STDERR = 2;

let id = 0;
/** The attempt that the following is about. */
let current = 0;
let failedBeats = 0;
let goneBeats = 0;
/** When the first of the beats that failed was, in milliseconds. */
let failingSinceMs = 0;
/** When the attempt was refused, in milliseconds. */
let refusedAtMs = Infinity;
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
    }
    const intervalMs = meters[3] ?? 0;
    const waitMs = goneBeats > 0 ? Math.min(intervalMs, GONE_INTERVAL_MS) : intervalMs;
    // Woken early when the attempt ends, so that a quick task costs no message.
    if (Atomics.wait(state, 0, serial, waitMs) !== "timed-out") continue;
    const beat = createBeat(serial);
    if (beat === undefined) continue;
    // A share of the lease, of which the beats are that many or more.
    const timeoutMs = meters[4] ?? intervalMs;
    const answer = await post(beat, timeoutMs);
    if (answer === "accepted" || answer === "refused") {
      failedBeats = 0;
      goneBeats = 0;
      if (answer === "refused") giveUp(serial, timeoutMs * BEATS_PER_LEASE);
      continue;
    }
    if (failedBeats === 0) failingSinceMs = performance.now();
    failedBeats += 1;
    goneBeats = answer === "gone" ? goneBeats + 1 : 0;
    if (failedBeats < MAX_FAILED_BEATS) continue;
    // Where it has left its socket behind, it was killed, and another may go on with its job.
    const hasEnded = goneBeats >= MAX_FAILED_BEATS;
    if (!hasEnded && performance.now() - failingSinceMs < coordinator.reconnectMs) continue;
    die(serial, "The coordinator has gone, its task is given up");
  }
}

/**
 * What to tell the coordinator of the attempt.
 *
 * @param {number} serial
 * @returns {string | undefined} undefined when it has ended meanwhile
 */
function createBeat(serial) {
  const usage = process.cpuUsage();
  const [records = 0, bytes = 0, startedCpuMs = 0] = meters;
  const message = {
    jsonrpc: "2.0",
    id: ++id,
    method: "task.progress",
    params: {
      worker: state[4],
      job: ((state[5] ?? 0) >>> 0).toString(16).padStart(8, "0"),
      term: state[TERM],
      phase: state[1] === 0 ? "map" : "reduce",
      task: state[2],
      attempt: state[3],
      records,
      bytes,
      cpuMs: Math.max(0, (usage.user + usage.system) / 1000 - startedCpuMs),
    },
  };
  // The attempt may have changed while this was put together: then the numbers do not belong together.
  return Atomics.load(state, 0) === serial ? JSON.stringify(message) : undefined;
}

/**
 * The attempt has been refused. The main thread is told, and has some time to hear of it.
 *
 * @param {number} serial
 * @param {number} graceMs
 */
function giveUp(serial, graceMs) {
  Atomics.store(state, GIVEN_UP, serial);
  const nowMs = performance.now();
  refusedAtMs = Math.min(refusedAtMs, nowMs);
  if (nowMs - refusedAtMs < graceMs) return;
  const attempt = `${state[1] === 0 ? "map" : "reduce"} task ${state[2]}, attempt ${state[3]},`;
  die(
    serial,
    `The app is still busy with ${attempt} ${Math.round((nowMs - refusedAtMs) / 1000)} s after the coordinator gave that up: this worker ends`,
  );
}

/**
 * Ends the process, whatever the main thread does, unless user code has come to its end meanwhile.
 *
 * @param {number} serial
 * @param {string} why
 */
function die(serial, why) {
  const isStuck = Atomics.load(state, 0) === serial && Atomics.load(state, WORK_DONE) !== serial;
  if (!isStuck) return;
  try {
    writeSync(STDERR, `worker ${process.pid}: ${why}\n`);
  } catch {
    // Standard error may be closed; the process must end all the same.
  }
  process.kill(process.pid, "SIGKILL");
}

/**
 * Sends one message.
 *
 * @param {string} body
 * @param {number} timeoutMs
 * @returns {Promise<Answer>}
 */
async function post(body, timeoutMs) {
  // Loaded for the first beat, which most attempts end before.
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
      resolve("code" in error && error.code === "ENOENT" ? "gone" : "dead");
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
 * Whether an answer says that the attempt is stale. Anything that is no clear refusal is none.
 *
 * @param {string} text
 */
function isRefusal(text) {
  try {
    const { result, error } = JSON.parse(text);
    return result?.accepted === false || error?.code === UNKNOWN_WORKER;
  } catch {
    return false;
  }
}
