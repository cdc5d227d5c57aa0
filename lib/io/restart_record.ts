// Descriptors of a program under --watch, in memory that survives its isolate:
// `--watch-hmr` restarts without an `unload` event, and the next run closes
// what the previous one left open. Other programs do not have a record.

import { cString, libc } from "../../ffi/libc.ts";
import { O_CLOEXEC, O_RDONLY } from "../../ffi/uapi/fcntl.ts";
import {
  MAP_SHARED,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
} from "../../ffi/uapi/sys_mman.ts";

const NAME = "netplumb-restart";
/** One bit for each descriptor number, up to the default limit of Linux. */
const BYTES = (1 << 20) / 8;
/** The range of descriptors to search for the record of an earlier run. */
const SEARCHED = 1024;
/** Marks the global object of a run; several copies of this module share it. */
const RUN = Symbol.for("netplumb.run");

/** The descriptor numbers that the current run of a watched program owns. */
export class RestartRecord {
  readonly #words: Int32Array;

  private constructor(words: Int32Array) {
    this.#words = words;
  }

  /**
   * Opens the record of a program under --watch and closes the descriptors of
   * an earlier run; undefined for other programs.
   */
  static open(): RestartRecord | undefined {
    if (!isWatched()) return undefined;
    const words = map();
    if (words === undefined) return undefined;
    const record = new RestartRecord(words);
    if (!(RUN in globalThis)) {
      Reflect.set(globalThis, RUN, true);
      record.#closeAll();
    }
    return record;
  }

  /** Adds a descriptor. */
  add(fd: number): void {
    if (fd < BYTES * 8) this.#words[fd >> 5]! |= 1 << (fd & 31);
  }

  /** Removes a descriptor. */
  delete(fd: number): void {
    if (fd < BYTES * 8) this.#words[fd >> 5]! &= ~(1 << (fd & 31));
  }

  #closeAll(): void {
    const { close } = libc();
    const words = this.#words;
    for (let word = 0; word < words.length; word++) {
      if (words[word] === 0) continue;
      for (let bit = 0; bit < 32; bit++) {
        if (words[word]! & (1 << bit)) close(word * 32 + bit);
      }
      words[word] = 0;
    }
  }
}

/** Whether Deno was started with --watch, --watch-hmr or --watch=FILES. */
function isWatched(): boolean {
  const { open, read, close } = libc();
  const fd = open(cString("/proc/self/cmdline"), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return false;
  const bytes = new Uint8Array(4096);
  const length = Number(read(fd, bytes, BigInt(bytes.length)));
  close(fd);
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, length)))
    .split("\0").some((word) => word.startsWith("--watch"));
}

/** Maps the record of this process, which the first run creates. */
function map(): Int32Array | undefined {
  const { close, ftruncate, memfd_create, mmap } = libc();
  let fd = find();
  if (fd < 0) {
    fd = memfd_create?.(cString(NAME), MFD_CLOEXEC) ?? -1;
    if (fd < 0) return undefined;
    if (ftruncate(fd, BigInt(BYTES)) < 0) {
      close(fd);
      return undefined;
    }
  }
  const access = PROT_READ | PROT_WRITE;
  const at = mmap(null, BigInt(BYTES), access, MAP_SHARED, fd, 0n);
  if (at === null || Deno.UnsafePointer.value(at) === MAP_FAILED) {
    return undefined;
  }
  return new Int32Array(Deno.UnsafePointerView.getArrayBuffer(at, BYTES));
}

const MAP_FAILED = 2n ** 64n - 1n;

/** The descriptor of the record that an earlier run created; -1 without one. */
function find(): number {
  const { readlink } = libc();
  const target = new Uint8Array(64);
  const wanted = `/memfd:${NAME}`;
  for (let fd = 0; fd < SEARCHED; fd++) {
    const path = cString(`/proc/self/fd/${fd}`);
    const length = Number(readlink(path, target, BigInt(target.length)));
    if (length < 0) continue;
    const text = new TextDecoder().decode(target.subarray(0, length));
    if (text.startsWith(wanted)) return fd;
  }
  return -1;
}
