// Descriptors that this thread owns, closed at the end of its isolate: Deno
// does not close descriptors that FFI opened.
//
// The main thread gets an `unload` event, also on --watch restarts; after
// restarts by --watch-hmr the next run finds a record. A terminated worker gets
// no event, but the C runtime runs the destructors of its thread.

import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import { O_CLOEXEC, O_RDWR } from "../../ffi/uapi/fcntl.ts";
import { RestartRecord } from "./restart_record.ts";

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
