import { randomBytes } from "node:crypto";
import { closeSync, fchmodSync, fstatSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { HeldDirectory } from "../../base/held-directory.ts";
import { createFile, openJobFile } from "../../base/open-file.ts";

/**
 * The key of a lock: where its process listens.
 *
 *     key = token " " inode LF
 *
 * The token is 32 hex digits. The inode is that of the socket, or 0 if it is not known.
 */
const KEY = /^([0-9a-f]{32}) ([0-9]{1,20})\n$/;
const MAX_KEY_BYTES = 64;
/** The size of `sun_path` on Linux. Versions of Node differ in whether they fill shorter names with NULs. */
const ADDRESS_BYTES = 108;
/** The sockets of this machine or container, with their abstract names. Every user can read it. */
const SOCKETS = "/proc/net/unix";
/** What {@link SOCKETS} says of a socket that listens (`__SO_ACCEPTCON`). */
const LISTENING = "00010000";
/** The list may lack a socket if another one ends while it is read. */
const MAX_LOOKS = 5;
const LOOK_MS = 5;
/** The mode of a directory whose files only their owners can remove. */
const STICKY = 0o1000;

/** An abstract socket (unix(7)) that a process listens on. */
export interface KeySocket {
  /** With the leading NUL. */
  readonly address: string;
  readonly inode: string;
}

function addressOf({ stats: { dev, ino } }: HeldDirectory, token: string): string {
  const name = `\0tsmr-${dev.toString(16)}-${ino.toString(16)}-${token}`;
  return name.padEnd(ADDRESS_BYTES, "-");
}

/** Whether users can't remove each other's files in a directory. */
export function isSticky(held: HeldDirectory): boolean {
  return (Number(held.stats.mode) & STICKY) !== 0;
}

/**
 * The permissions of other users who may write into a directory.
 *
 * @param bits of one of them, such as 4 for reading
 */
export function modeForWriters(held: HeldDirectory, bits: number): number {
  const writers = Number(held.stats.mode) & 0o022;
  return (writers / 2) * bits;
}

/**
 * Writes the key of a lock. Users who may write into the directory can read it, except in a sticky one, where their
 * locks don't count for each other.
 *
 * @param listen listens on an address
 * @throws the error of the operating system
 */
export async function writeKey(
  held: HeldDirectory,
  name: string,
  listen: (address: string) => Promise<void>,
): Promise<void> {
  const token = randomBytes(16).toString("hex");
  const address = addressOf(held, token);
  await listen(address);
  const [inode = 0] = (await lookFor(address, (inodes) => inodes.length > 0)) ?? [];
  const descriptor = createFile(held.at(name), "private");
  try {
    writeSync(descriptor, `${token} ${inode}\n`);
    if (!isSticky(held)) letRead(descriptor, modeForWriters(held, 4));
  } finally {
    closeSync(descriptor);
  }
}

function letRead(descriptor: number, others: number): void {
  const { mode } = fstatSync(descriptor);
  if ((mode & others) === others) return;
  try {
    fchmodSync(descriptor, 0o600 | others);
  } catch {
    // Modes are fixed on FAT. Users who can't read the key take its process for the holder.
  }
}

/**
 * Reads the key of a lock.
 *
 * @returns undefined if the file is not a key of this directory
 * @throws the error of the operating system
 */
export function readKey(held: HeldDirectory, name: string): KeySocket | undefined {
  const descriptor = openJobFile(held.at(name), "read");
  try {
    if (fstatSync(descriptor).size > MAX_KEY_BYTES) return undefined;
    const [, token, inode] = KEY.exec(readFileSync(descriptor, "latin1")) ?? [];
    if (token === undefined || inode === undefined) return undefined;
    return { address: addressOf(held, token), inode };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether the socket that listens on an address is the one of the key, and not one of another user who has seen the
 * address in the list of sockets and taken it when the process of the key had died.
 *
 * @returns true also if that can't be found out
 */
export async function isSocketOfKey({ address, inode }: KeySocket): Promise<boolean> {
  if (inode === "0") return true;
  const inodes = await lookFor(address, (all) => all.includes(inode));
  return inodes?.includes(inode) ?? true;
}

/**
 * The inodes of the sockets that listen on an address: none or one.
 *
 * @param isRight looks again, some times, until this is true of them
 * @returns undefined if the system does not tell
 */
async function lookFor(
  address: string,
  isRight: (inodes: readonly string[]) => boolean,
): Promise<readonly string[] | undefined> {
  const path = `@${address.slice(1)}`;
  let inodes: string[] = [];
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    if (looks > 0) await sleep(LOOK_MS);
    let text: string;
    try {
      text = readFileSync(SOCKETS, "latin1");
    } catch {
      // The system has no such list, or no /proc.
      return undefined;
    }
    inodes = [];
    for (const line of text.split("\n")) {
      if (!line.endsWith(path)) continue;
      const [, , , flags, , , inode, itsPath] = line.trim().split(/ +/);
      if (flags === LISTENING && inode !== undefined && itsPath === path) inodes.push(inode);
    }
    if (isRight(inodes)) break;
  }
  return inodes;
}
