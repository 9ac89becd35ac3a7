// @ts-check
/*
 * The thread that tells the coordinator how far the current attempt has come. User code runs on the
 * main thread, where it may compute for minutes without letting anything else run; this thread is not
 * held up by that. It is plain JavaScript and imports nothing but Node, because a worker pays for its
 * start and because TypeScript would have to be compiled again inside the thread.
 */
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

/**
 * @typedef {object} HeartbeatData
 * @property {string} socketPath
 * @property {string} path
 * @property {number} reconnectMs how long to go on when the coordinator has died
 * @property {SharedArrayBuffer} state 32-bit: current attempt's serial (0: none), phase, task, attempt,
 *   worker, job
 * @property {SharedArrayBuffer} meters 64-bit floats: records, bytes, processor time at the start in ms,
 *   time between beats in ms, how long to wait for the answer to one in ms
 */

const data = /** @type {HeartbeatData} */ (workerData);
const state = new Int32Array(data.state);
const meters = new Float64Array(data.meters);

/** After so many beats without an answer the coordinator has gone: what the main thread does is for nobody. */
const MAX_FAILED_BEATS = 4;
const STDERR = 2;

let id = 0;
let failedBeats = 0;
/** How many of the last ones found no socket, as a coordinator leaves it that has ended properly. */
let goneBeats = 0;
/** When the first of them was, in milliseconds. */
let failingSinceMs = 0;
for (;;) {
  const serial = Atomics.load(state, 0);
  if (serial === 0) {
    Atomics.wait(state, 0, 0);
    continue;
  }
  const intervalMs = meters[3] ?? 0;
  // Woken early when the attempt ends, so that a quick task costs no message.
  if (Atomics.wait(state, 0, serial, intervalMs) !== "timed-out") continue;
  const usage = process.cpuUsage();
  const [records = 0, bytes = 0, startedCpuMs = 0] = meters;
  const message = {
    jsonrpc: "2.0",
    id: ++id,
    method: "task.progress",
    params: {
      worker: state[4],
      job: ((state[5] ?? 0) >>> 0).toString(16).padStart(8, "0"),
      phase: state[1] === 0 ? "map" : "reduce",
      task: state[2],
      attempt: state[3],
      records,
      bytes,
      cpuMs: Math.max(0, (usage.user + usage.system) / 1000 - startedCpuMs),
    },
  };
  // The attempt may have changed while this was put together: then the numbers do not belong together.
  if (Atomics.load(state, 0) !== serial) continue;
  const answer = await post(JSON.stringify(message), meters[4] ?? intervalMs);
  if (answer === "answered") {
    failedBeats = 0;
    goneBeats = 0;
    continue;
  }
  if (failedBeats === 0) failingSinceMs = performance.now();
  failedBeats += 1;
  goneBeats = answer === "gone" ? goneBeats + 1 : 0;
  if (failedBeats < MAX_FAILED_BEATS) continue;
  // Where it has left its socket behind, it was killed, and another may go on with its job.
  const hasEnded = goneBeats >= MAX_FAILED_BEATS;
  if (!hasEnded && performance.now() - failingSinceMs < data.reconnectMs) continue;
  writeSync(STDERR, `worker ${process.pid}: The coordinator has gone, its task is given up\n`);
  process.kill(process.pid, "SIGKILL");
}

/**
 * Sends one message.
 *
 * @param {string} body
 * @param {number} timeoutMs
 * @returns {Promise<"answered" | "dead" | "gone">} whether there was an answer, whatever it says: a
 *   refused attempt runs on and is refused again when it wants to publish
 */
async function post(body, timeoutMs) {
  // Loaded for the first beat, which most attempts end before.
  const { request } = await import("node:http");
  return await new Promise((resolve) => {
    const call = request({
      socketPath: data.socketPath,
      path: data.path,
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
      response.resume();
      response.once("close", () => resolve("answered"));
    });
    call.end(body);
  });
}
