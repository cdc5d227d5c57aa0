import { SystemError } from "../../ffi/errno.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import type { Check, Finding } from "./check.ts";

/** What a socket without each default option does. */
const LIMITS: Readonly<Record<string, string>> = {
  IP_PKTINFO: "replies leave from the address that the routes choose",
  IPV6_RECVPKTINFO: "replies leave from the address that the routes choose",
  IP_MULTICAST_ALL: "sockets receive groups that other programs joined",
  IPV6_MULTICAST_ALL: "sockets receive groups that other programs joined",
  IPV6_V6ONLY: "sysctl net.ipv6.bindv6only decides whether IPv4 is received",
};

/** Whether the kernel has the options that every UDP socket is opened with. */
export const udpOptions: Check = {
  topic: "UDP socket options",
  needsFfi: true,
  async run(): Promise<Finding> {
    try {
      await using socket = UdpSocket.bind();
      const missing = socket.missingOptions;
      const details = { missing, family: socket.family };
      return missing.length === 0
        ? { status: "ok", found: "all that netplumb sets by default", details }
        : {
          status: "limited",
          found: `without ${missing.join(", ")}`,
          limits: [...new Set(missing.map((name) => LIMITS[name] ?? name))]
            .join("; "),
          advice: "System call emulators and old kernels lack them",
          details,
        };
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return {
        status: "missing",
        found: error.message,
        limits: "UDP sockets",
        details: { code: error.code },
      };
    }
  },
};
