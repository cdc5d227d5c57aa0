// Descriptors that this thread owns, closed at the end of its isolate: Deno
// does not close descriptors that FFI opened.
//
// The main thread gets an `unload` event, also on --watch restarts; after
// restarts by --watch-hmr the next run finds a record. A terminated worker gets
// no event, but the C runtime runs the destructors of its thread.

import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import {
  MAP_SHARED,
  MFD_CLOEXEC,
  O_CLOEXEC,
  O_RDONLY,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
} from "../../ffi/uapi/fcntl.ts";
import { EINTR, SystemError } from "../../ffi/errno.ts";
import { EFD_CLOEXEC, EFD_NONBLOCK } from "../../ffi/uapi/poll.ts";

const owned = new Set<number>();
/** Actions before a descriptor is closed because the isolate ends. */
const lastActions = new Map<number, () => void>();
/**
 * Numbers that the end of the thread closes, once each: a destructor cannot be
 * unregistered. An unused one is open on /dev/null, so that another thread
 * never gets the number.
 */
const freeSlots: number[] = [];
let nullDevice = -1;
let closeAtThreadEnd: ((fd: number) => void) | undefined;
/** The descriptors of the main thread of a program under --watch. */
let record: RestartRecord | undefined;
let prepared = false;

/**
 * Takes ownership of an open descriptor, to be closed at the end of the
 * isolate.
 *
 * @returns Its number from now on, which may differ in a worker.
 */
export function ownDescriptor(fd: number): number {
  releaseEarlierRun();
  if (closeAtThreadEnd === undefined) {
    owned.add(fd);
    record?.add(fd);
    return fd;
  }
  const slot = freeSlots.pop();
  if (slot === undefined) {
    closeAtThreadEnd(fd);
    owned.add(fd);
    return fd;
  }
  const { dup3, close } = libc();
  const moved = dup3(fd, slot, O_CLOEXEC);
  if (moved < 0) freeSlots.push(slot);
  unwrap(moved, "dup3", { tried: "move a descriptor" });
  close(fd);
  owned.add(slot);
  return slot;
}

/**
 * Calls `action` before the end of the isolate closes a descriptor, for other
 * threads that wait on it. Not called in a terminated worker.
 */
export function beforeIsolateEnds(fd: number, action: () => void): void {
  lastActions.set(fd, action);
}

/**
 * Closes a descriptor that is owned by this thread.
 *
 * @returns The errno of close(2), 0 for success. The number is free in both
 *   cases.
 */
export function closeOwned(fd: number): number {
  owned.delete(fd);
  lastActions.delete(fd);
  record?.delete(fd);
  if (closeAtThreadEnd !== undefined) return vacate(fd);
  return libc().close(fd) < 0 ? errno() : 0;
}

/**
 * The same for a descriptor whose close(2) takes long, without blocking this
 * thread. The number is not reused before it is closed.
 */
export async function closeOwnedSlowly(fd: number): Promise<void> {
  const { close_nonblocking, dup3_nonblocking } = libc();
  if (closeAtThreadEnd === undefined || !openNullDevice()) {
    await close_nonblocking(fd);
    owned.delete(fd);
    record?.delete(fd);
    return;
  }
  owned.delete(fd);
  await dup3_nonblocking(nullDevice, fd, O_CLOEXEC);
  freeSlots.push(fd);
}

/** Replaces a descriptor whose number is a slot by /dev/null. */
function vacate(slot: number): number {
  if (!openNullDevice()) return libc().close(slot) < 0 ? errno() : 0;
  if (libc().dup3(nullDevice, slot, O_CLOEXEC) < 0) return errno();
  freeSlots.push(slot);
  return 0;
}

/** Whether /dev/null is open for slots. */
function openNullDevice(): boolean {
  if (nullDevice < 0) {
    nullDevice = libc().open(cString("/dev/null"), O_RDWR | O_CLOEXEC, 0);
    if (nullDevice >= 0) closeAtThreadEnd!(nullDevice);
  }
  return nullDevice >= 0;
}

/**
 * Closes the descriptors of an earlier run of a watched program; to be called
 * before binding a port or opening a device by name.
 */
export function releaseEarlierRun(): void {
  if (!prepared) prepare();
}

function prepare(): void {
  prepared = true;
  if ("WorkerGlobalScope" in globalThis) closeAtThreadEnd = threadDestructor();
  else record = RestartRecord.open();
  if (closeAtThreadEnd === undefined) addEventListener("unload", closeAll);
}

function closeAll(): void {
  for (const action of lastActions.values()) action();
  const { close } = libc();
  for (const fd of owned) {
    close(fd);
    record?.delete(fd);
  }
  owned.clear();
}

/**
 * Registers close(2) with the end of this thread; undefined if libc does not
 * support it.
 */
function threadDestructor(): ((fd: number) => void) | undefined {
  const { dlsym, __cxa_thread_atexit_impl: atThreadEnd } = libc();
  const close = dlsym?.(null, cString("close")) ?? null;
  if (close === null || atThreadEnd === null) return undefined;
  return (fd) => {
    atThreadEnd(close, Deno.UnsafePointer.create(BigInt(fd)), null);
  };
}

// Descriptors of a program under --watch, in memory that survives its isolate:
// `--watch-hmr` restarts without an `unload` event, and the next run closes
// what the previous one left open. Other programs do not have a record.

const RECORD_NAME = "netplumb-restart";
/** One bit for each descriptor number, up to the default limit of Linux. */
const RECORD_BYTES = (1 << 20) / 8;
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
    if (fd < RECORD_BYTES * 8) this.#words[fd >> 5]! |= 1 << (fd & 31);
  }

  /** Removes a descriptor. */
  delete(fd: number): void {
    if (fd < RECORD_BYTES * 8) this.#words[fd >> 5]! &= ~(1 << (fd & 31));
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
    fd = memfd_create?.(cString(RECORD_NAME), MFD_CLOEXEC) ?? -1;
    if (fd < 0) return undefined;
    if (ftruncate(fd, BigInt(RECORD_BYTES)) < 0) {
      close(fd);
      return undefined;
    }
  }
  const access = PROT_READ | PROT_WRITE;
  const at = mmap(null, BigInt(RECORD_BYTES), access, MAP_SHARED, fd, 0n);
  if (at === null || Deno.UnsafePointer.value(at) === MAP_FAILED) {
    return undefined;
  }
  return new Int32Array(
    Deno.UnsafePointerView.getArrayBuffer(at, RECORD_BYTES),
  );
}

const MAP_FAILED = 2n ** 64n - 1n;

/** The descriptor of the record that an earlier run created; -1 without one. */
function find(): number {
  const { readlink } = libc();
  const target = new Uint8Array(64);
  const wanted = `/memfd:${RECORD_NAME}`;
  for (let fd = 0; fd < SEARCHED; fd++) {
    const path = cString(`/proc/self/fd/${fd}`);
    const length = Number(readlink(path, target, BigInt(target.length)));
    if (length < 0) continue;
    const text = new TextDecoder().decode(target.subarray(0, length));
    if (text.startsWith(wanted)) return fd;
  }
  return -1;
}

// An eventfd, which one thread signals and another waits for.

const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);
/** An eventfd is read and written eight bytes at a time. */
const SIZE = 8n;

/** Opens an eventfd. @throws {SystemError} EMFILE ... */
export function openEventfd(tried: string): number {
  const fd = libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return unwrap(fd, "eventfd", { tried });
}

/** Signals an eventfd. @throws {SystemError} EBADF ... */
export function signalEventfd(fd: number, tried: string): void {
  const { write } = libc();
  while (write(fd, ONE, SIZE) < 0) {
    const code = errno();
    if (code !== EINTR) throw new SystemError("write", code, { tried });
  }
}
