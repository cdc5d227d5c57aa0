// The thread that blocks: one plain call at a time, as any program makes it.

/// <reference lib="deno.worker" />

import { errnoName } from "../../../ffi/errno.ts";
import { errno, libc } from "../../../ffi/libc.ts";
import { POLLIN } from "../../../ffi/uapi/poll.ts";
import { iovec, msghdr } from "../../../ffi/uapi/sys_socket.ts";
import type { Answer, Work } from "./messages.ts";

const data = new Uint8Array(2048);
const control = new Uint8Array(256);
const vector = new Uint8Array(iovec.size);

function address(bytes: Uint8Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

function recvmsg(fd: number): number {
  iovec.assign(new DataView(vector.buffer), 0, {
    iov_base: address(data),
    iov_len: BigInt(data.length),
  });
  const message = msghdr.build({
    msg_iov: address(vector),
    msg_iovlen: 1n,
    msg_control: address(control),
    msg_controllen: BigInt(control.length),
  });
  return libc().recvmsg(fd, message, 0);
}

function poll(fds: readonly number[]): number {
  const array = new Int32Array(fds.flatMap((fd) => [fd, POLLIN]));
  return libc().poll(array, BigInt(fds.length), -1);
}

function make({ fd, call, second }: Work): number {
  switch (call) {
    case "recvmsg":
      return recvmsg(fd);
    case "read":
      return libc().read(fd, data, BigInt(data.length));
    case "poll":
      return poll(second === undefined ? [fd] : [fd, second]);
  }
}

function receive(work: Work): Answer {
  const result = make(work);
  return {
    answer: "received",
    result,
    ...(result < 0 ? { code: errnoName(errno()) } : {}),
  };
}

/** This thread's number, the end of "PID/task/TID". */
function ownThread(): number {
  return Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
}

function post(answer: Answer): void {
  self.postMessage(answer);
}

self.onmessage = ({ data: work }: MessageEvent<Work>) => {
  post({ answer: "receiving", tid: ownThread() });
  post(receive(work));
};
