// The worker of a BlockedThread: posts its thread id, then the result of each
// blocking system call.

/// <reference lib="deno.worker" />

import { libc } from "../../ffi/libc.ts";
import { POLLIN } from "../../ffi/uapi/poll.ts";
import { iovec, msghdr } from "../../ffi/uapi/sys_socket.ts";
import type { BlockingCall } from "./blocked_thread.ts";

const data = new Uint8Array(2048);
const vector = new Uint8Array(iovec.size);

function address(bytes: Uint8Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

function block({ call, fds }: BlockingCall): number {
  const { poll, read, recvmsg } = libc();
  switch (call) {
    case "recvmsg": {
      iovec.assign(new DataView(vector.buffer), 0, {
        iov_base: address(data),
        iov_len: BigInt(data.length),
      });
      const header = msghdr.build({ msg_iov: address(vector), msg_iovlen: 1n });
      return recvmsg(fds[0], header, 0);
    }
    case "read":
      return read(fds[0], data, BigInt(data.length));
    case "poll": {
      const array = new Int32Array(fds.flatMap((fd) => [fd, POLLIN]));
      return poll(array, BigInt(fds.length), -1);
    }
  }
}

self.onmessage = ({ data }: MessageEvent<BlockingCall>) =>
  self.postMessage(block(data));
// The link is "PID/task/TID".
self.postMessage(
  Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1)),
);
