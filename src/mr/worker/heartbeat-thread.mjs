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
 * @property {number} worker
 * @property {number} intervalMs
 * @property {SharedArrayBuffer} state 32-bit: current attempt's serial (0: none), phase, task, attempt
 * @property {SharedArrayBuffer} meters 64-bit floats: records, bytes, processor time at the start in ms
 */

const data = /** @type {HeartbeatData} */ (workerData);
const state = new Int32Array(data.state);
const meters = new Float64Array(data.meters);

/** The coordinator has gone, and what the main thread is busy with is for nobody. */
const MAX_FAILED_BEATS = 4;
const STDERR = 2;

let id = 0;
let failedBeats = 0;
for (;;) {
  const serial = Atomics.load(state, 0);
  if (serial === 0) {
    Atomics.wait(state, 0, 0);
    continue;
  }
  // Woken early when the attempt ends, so that a quick task costs no message.
  if (Atomics.wait(state, 0, serial, data.intervalMs) !== "timed-out") continue;
  const usage = process.cpuUsage();
  const [records = 0, bytes = 0, startedCpuMs = 0] = meters;
  const message = {
    jsonrpc: "2.0",
    id: ++id,
    method: "task.progress",
    params: {
      worker: data.worker,
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
  failedBeats = (await post(JSON.stringify(message))) ? 0 : failedBeats + 1;
  if (failedBeats < MAX_FAILED_BEATS) continue;
  writeSync(STDERR, `worker ${process.pid}: The coordinator has gone, its task is given up\n`);
  process.kill(process.pid, "SIGKILL");
}

/**
 * Sends one message.
 *
 * @param {string} body
 * @returns {Promise<boolean>} whether there was an answer, whatever it says: a refused attempt runs on
 *   and is refused again when it wants to publish
 */
async function post(body) {
  // Loaded for the first beat, which most attempts end before.
  const { request } = await import("node:http");
  return await new Promise((resolve) => {
    const call = request({
      socketPath: data.socketPath,
      path: data.path,
      method: "POST",
      agent: false,
      timeout: data.intervalMs,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    });
    call.once("error", () => resolve(false));
    call.once("timeout", () => call.destroy());
    call.once("response", (response) => {
      response.resume();
      response.once("close", () => resolve(true));
    });
    call.end(body);
  });
}
