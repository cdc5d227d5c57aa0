import { SystemError } from "../../ffi/errno.ts";
import { SO_RCVBUFFORCE, SOL_SOCKET } from "../../ffi/uapi/sys_socket.ts";
import { setOption } from "../../lib/socket/option.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { type Check, type Finding, readProc } from "./check.ts";

/** The limits of socket buffers, and whether they can be exceeded. */
export const socketBuffers: Check = {
  topic: "socket buffers",
  needsFfi: true,
  async run(): Promise<Finding> {
    // Older kernels have them only in the initial network namespace.
    const receive = readProc("/proc/sys/net/core/rmem_max");
    const send = readProc("/proc/sys/net/core/wmem_max");
    const code = await force(Number(receive ?? 0) + 4096);
    const limits = receive === undefined
      ? "limits not visible in this network namespace"
      : `at most ${size(receive)} receive, ${size(send)} send`;
    const details = {
      receiveLimit: receive === undefined ? null : Number(receive),
      sendLimit: send === undefined ? null : Number(send),
      force: code === undefined,
    };
    return code === undefined
      ? {
        status: "ok",
        found: `${limits}; SO_RCVBUFFORCE exceeds them`,
        details,
      }
      : {
        status: "limited",
        found: `${limits}; SO_RCVBUFFORCE: ${code}`,
        limits: "echo loses datagrams and monitor resynchronises after bursts",
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
