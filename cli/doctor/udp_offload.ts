import { SystemError } from "../../ffi/errno.ts";
import { SOL_UDP, UDP_SEGMENT } from "../../ffi/uapi/netinet_in.ts";
import { TimeoutError } from "../../lib/errors.ts";
import { getOption } from "../../lib/socket/option.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import type { Check, Finding } from "./check.ts";

const SEGMENT = 100;
const SEGMENTS = 3;
/** The errors of kernels without them. */
const NO_SUCH_OPTION = new Set(["ENOPROTOOPT", "EINVAL"]);

/** Whether GSO and GRO work on the loopback interface. */
export const udpOffload: Check = {
  topic: "UDP GSO and GRO",
  needsFfi: true,
  async run(): Promise<Finding> {
    try {
      await using receiver = UdpSocket.bind({
        address: "127.0.0.1",
        gro: true,
      });
      await using sender = UdpSocket.bind({ address: "127.0.0.1" });
      // A kernel without it is sent single datagrams instead.
      getOption(sender.handle.fd, SOL_UDP, { UDP_SEGMENT });
      await sender.send(
        new Uint8Array(SEGMENT * SEGMENTS),
        receiver.address,
        { segmentSize: SEGMENT },
      );
      const { data } = await receiver.receive({ timeout: 1000 });
      const together = data.length === SEGMENT * SEGMENTS;
      return {
        status: together ? "ok" : "limited",
        found: together
          ? `${SEGMENTS} datagrams sent with one call, received with one call`
          : `sent with one call, received ${data.length} bytes per call`,
        ...(together ? {} : { limits: "echo --gro has no effect" }),
        details: { gso: true, gro: together },
      };
    } catch (error) {
      if (!(error instanceof SystemError || error instanceof TimeoutError)) {
        throw error;
      }
      return NO_SUCH_OPTION.has(error.code)
        ? {
          status: "missing",
          found: error.message,
          limits: "echo --gro, segmentSize",
          advice: "GSO needs Linux 4.18, GRO needs Linux 5.0",
          details: { gso: false, gro: false, code: error.code },
        }
        : {
          status: "unknown",
          found: error.message,
          advice: "Set the interface lo up",
          details: { code: error.code },
        };
    }
  },
};
