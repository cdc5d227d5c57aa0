// The netlink messages a program sends, as strace sees them.

import { assertEquals } from "@std/assert";
import { libc } from "../../ffi/libc.ts";
import type { NetlinkRequest } from "../../lib/netlink/transaction.ts";
import { type Netns, type Output, output } from "./netns.ts";

// Opened here and kept, so that no test is charged with the library's handle.
libc();

/** One message, without what differs from run to run. */
export interface Sent {
  readonly type: number;
  /** nlmsg_flags without NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number;
  readonly body: Uint8Array;
  /** All of it, nlmsg_seq as 0. */
  readonly bytes: Uint8Array;
}

/** What a program sent, and how it ended. */
export interface SentBy extends Output {
  readonly sent: readonly Sent[];
}

const REQUEST_AND_ACK = 1 | 4;
/** RTM_GET* reads; the others change something. */
const isChange = (type: number) => (type & 3) !== 2;

/** The buffers of strace's hexadecimal dumps. */
function* buffers(trace: string): Generator<Uint8Array<ArrayBuffer>> {
  // sendmsg has a line above each buffer, sendto has but one.
  for (const [lines] of trace.matchAll(/(?:^ \| .*\n)+/gm)) {
    const bytes = lines.split("\n").flatMap((line) =>
      // " | 00000  48 00 ... 06  58 77 ... 00  text |"
      line.slice(10, 59).trim().split(/ +/).filter(Boolean)
    );
    yield Uint8Array.from(bytes, (byte) => parseInt(byte, 16));
  }
}

function* messages(buffer: Uint8Array<ArrayBuffer>): Generator<Sent> {
  const view = new DataView(buffer.buffer);
  for (let at = 0; at < buffer.length;) {
    const length = view.getUint32(at, true);
    const type = view.getUint16(at + 4, true);
    const flags = view.getUint16(at + 6, true) & ~REQUEST_AND_ACK;
    const bytes = buffer.slice(at, at + length);
    bytes.fill(0, 8, 12);
    if (isChange(type)) yield { type, flags, body: bytes.slice(16), bytes };
    at += (length + 3) & ~3;
  }
}

/** Runs `ip` or `bridge` in a namespace and returns its change requests. */
export function sentBy(netns: Netns, ...command: string[]): Promise<SentBy> {
  // By sendto it looks for what the kernel can do.
  return traced("sendmsg", netns, command);
}

/** The same of a program that uses netplumb. */
export function sentByOurs(
  netns: Netns,
  ...command: string[]
): Promise<SentBy> {
  return traced("sendto", netns, command);
}

async function traced(
  call: "sendmsg" | "sendto",
  netns: Netns,
  command: readonly string[],
): Promise<SentBy> {
  const directory = await Deno.makeTempDir({ prefix: "netplumb-strace-" });
  try {
    const file = `${directory}/trace`;
    const [ip, ...rest] = netns.exec;
    const result = await output(ip, [
      ...rest,
      "strace",
      "-qq",
      "-f",
      "--seccomp-bpf",
      "-o",
      file,
      "-e",
      `trace=${call}`,
      "-e",
      "write=all",
      "-e",
      "signal=none",
      ...command,
    ]);
    const trace = (await Deno.readTextFile(file)).replace(/^\d+ +/gm, "");
    return {
      ...result,
      sent: [...buffers(trace)].flatMap((b) => [...messages(b)]),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Where attributes hold attributes, by their type. */
export interface Shape {
  readonly [type: number]: {
    readonly inside: Shape;
    /** Past how many bytes. */
    readonly skip?: number;
    /** Whether they stand behind structs that begin with their length. */
    readonly structs?: boolean;
  };
}

type Tree = [type: number, value: string | Tree][];

const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** A struct, and the attributes behind it. */
function behind(value: Uint8Array, size: number, inside: Shape): Tree {
  return [
    [-1, hex(value.subarray(0, size))],
    ...tree(value.subarray(size), inside),
  ];
}

/** Structs like rtnexthop, each with attributes of its own. */
function* each(
  value: Uint8Array,
  size: number,
): Generator<(inside: Shape) => Tree> {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  for (let at = 0; at + size <= value.length;) {
    const length = view.getUint16(at, true);
    const one = value.subarray(at, at + length);
    yield (inside) => behind(one, size, inside);
    at += (length + 3) & ~3;
  }
}

/** Attributes sorted by type: their order says nothing to the kernel. */
function tree(bytes: Uint8Array, shape: Shape): Tree {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: Tree = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    const type = view.getUint16(at + 2, true) & 0x3fff;
    const value = bytes.subarray(at + 4, at + length);
    const { inside, skip = 0, structs = false } = shape[type] ?? {};
    found.push([
      type,
      inside === undefined
        ? hex(value)
        : structs
        ? [...each(value, skip)].map((one, index) => [index, one(inside)])
        : behind(value, skip, inside),
    ]);
    at += (length + 3) & ~3;
  }
  return found.sort(([a], [b]) => a - b);
}

/** A message so that two that mean the same are equal. */
export function canonical(
  { type, flags = 0, body }: NetlinkRequest | Sent,
  header: number,
  shape: Shape,
) {
  return {
    type,
    flags,
    header: hex(body.subarray(0, header)),
    attributes: tree(body.subarray(header), shape),
  };
}

/** Asserts that requests equal those of another program. */
export function assertSameRequests(
  ours: readonly NetlinkRequest[],
  theirs: readonly Sent[],
  header: number,
  shape: Shape = {},
  what?: string,
): void {
  const comparable = (one: NetlinkRequest | Sent) =>
    canonical(one, header, shape);
  assertEquals(ours.map(comparable), theirs.map(comparable), what);
}
