// The thread that blocks: one plain recvmsg() at a time, as any program would.

/// <reference lib="deno.worker" />

import { errnoName } from "../../../ffi/errno.ts";
import { errno, libc } from "../../../ffi/libc.ts";
import { iovec, msghdr } from "../../../ffi/layout/sys_socket.ts";
import type { Answer } from "./messages.ts";

const data = new Uint8Array(2048);
const control = new Uint8Array(256);
const vector = new Uint8Array(iovec.size);
const decoder = new TextDecoder();

function address(bytes: Uint8Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

function receive(fd: number): Answer {
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
  const result = libc().recvmsg(fd, message, 0);
  return {
    answer: "received",
    result,
    ...(result < 0 ? { code: errnoName(errno()) } : {}),
    text: decoder.decode(data.subarray(0, Math.max(0, result))),
  };
}

/** This thread's number, the end of "PID/task/TID". */
function ownThread(): number {
  return Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
}

function post(answer: Answer): void {
  self.postMessage(answer);
}

self.onmessage = ({ data: fd }: MessageEvent<number>) => {
  post({ answer: "receiving", tid: ownThread() });
  post(receive(fd));
};
