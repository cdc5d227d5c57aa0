import { SystemError } from "../../ffi/errno.ts";
import { SO_RCVBUFFORCE, SOL_SOCKET } from "../../ffi/uapi/sys_socket.ts";
import { setOption } from "../../lib/socket/option.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { type Check, type Finding, readProc } from "./check.ts";

/** How much a socket may queue, and whether that limit can be passed. */
export const socketBuffers: Check = {
  topic: "socket buffers",
  needsFfi: true,
  async look(): Promise<Finding> {
    // Older kernels do not show them inside a network namespace.
    const receive = readProc("/proc/sys/net/core/rmem_max");
    const send = readProc("/proc/sys/net/core/wmem_max");
    const code = await force(Number(receive ?? 0) + 4096);
    const limits = receive === undefined
      ? "limits not shown in this network namespace"
      : `at most ${size(receive)} to receive, ${size(send)} to send`;
    const details = {
      receiveLimit: receive === undefined ? null : Number(receive),
      sendLimit: send === undefined ? null : Number(send),
      force: code === undefined,
    };
    return code === undefined
      ? {
        status: "ok",
        found: `${limits}; SO_RCVBUFFORCE passes them`,
        details,
      }
      : {
        status: "limited",
        found: `${limits}; SO_RCVBUFFORCE: ${code}`,
        limits:
          "a burst longer than the queue is lost: datagrams of echo, events of monitor (it resynchronises)",
        advice:
          "Grant CAP_NET_ADMIN, or as root: sysctl net.core.rmem_max=8388608",
        details,
      };
  },
};

function size(bytes: string | undefined): string {
  return `${Math.round(Number(bytes) / 1024)} KiB`;
}

async function force(bytes: number): Promise<string | undefined> {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  const { fd } = socket.handle;
  try {
    setOption(fd, SOL_SOCKET, { SO_RCVBUFFORCE }, bytes);
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    throw error;
  }
}
