// The descriptors that this thread owns, released when its isolate ends: Deno
// ends an isolate without a word to the descriptors that FFI opened.
//
// The main thread gets an `unload` event, on --watch restarts too; on restarts by
// --watch-hmr the next run finds a record. A worker that is terminated gets no
// event, but the C runtime runs the destructors of its thread.

import { cString, errno, libc, unwrap } from "../../ffi/libc.ts";
import { O_CLOEXEC, O_RDWR } from "../../ffi/uapi/fcntl.ts";
import { RestartRecord } from "./restart_record.ts";

const owned = new Set<number>();
/** What to do before a descriptor is closed because the isolate ends. */
const lastActions = new Map<number, () => void>();
/**
 * Numbers that the thread's end closes, once each and for good: a destructor
 * cannot be taken back. One that is not in use is open on /dev/null, so that it
 * never becomes the number of a descriptor of another thread.
 */
const freeSlots: number[] = [];
let nullDevice = -1;
let closeAtThreadEnd: ((fd: number) => void) | undefined;
/** What the main thread of a program under --watch owns. */
let record: RestartRecord | undefined;
let prepared = false;

/**
 * Takes over an open descriptor, to be closed when the isolate ends.
 *
 * @returns Its number from now on: in a worker it may be moved.
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
 * Calls `action` before the end of the isolate closes a descriptor: what other
 * threads wait for. A worker that is terminated runs no such code.
 */
export function beforeIsolateEnds(fd: number, action: () => void): void {
  lastActions.set(fd, action);
}

/**
 * Closes a descriptor that `ownDescriptor` took over.
 *
 * @returns The errno of close(2), 0 for none. The number is free either way.
 */
export function closeOwned(fd: number): number {
  owned.delete(fd);
  lastActions.delete(fd);
  record?.delete(fd);
  if (closeAtThreadEnd !== undefined) return vacate(fd);
  return libc().close(fd) < 0 ? errno() : 0;
}

/**
 * The same for a descriptor whose close(2) takes the kernel long, without
 * holding up this thread. The number is not reused before it is closed.
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

/** Puts /dev/null in the place of a descriptor whose number is a slot. */
function vacate(slot: number): number {
  if (!openNullDevice()) return libc().close(slot) < 0 ? errno() : 0;
  if (libc().dup3(nullDevice, slot, O_CLOEXEC) < 0) return errno();
  freeSlots.push(slot);
  return 0;
}

/** Whether there is a /dev/null to put onto slots. */
function openNullDevice(): boolean {
  if (nullDevice < 0) {
    nullDevice = libc().open(cString("/dev/null"), O_RDWR | O_CLOEXEC, 0);
    if (nullDevice >= 0) closeAtThreadEnd!(nullDevice);
  }
  return nullDevice >= 0;
}

/**
 * Closes what an earlier run of a watched program left open: to be called before
 * a port is bound or a device is opened by name.
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

/** Registers close(2) with the end of this thread; undefined where libc cannot. */
function threadDestructor(): ((fd: number) => void) | undefined {
  const { dlsym, __cxa_thread_atexit_impl: atThreadEnd } = libc();
  const close = dlsym?.(null, cString("close")) ?? null;
  if (close === null || atThreadEnd === null) return undefined;
  return (fd) => {
    atThreadEnd(close, Deno.UnsafePointer.create(BigInt(fd)), null);
  };
}
