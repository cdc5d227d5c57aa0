import { SystemError } from "../../ffi/errno.ts";
import { SOL_UDP, UDP_SEGMENT } from "../../ffi/uapi/netinet_in.ts";
import { TimeoutError } from "../../lib/errors.ts";
import { getOption } from "../../lib/socket/option.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import type { Check, Finding } from "./check.ts";

const SEGMENT = 100;
const SEGMENTS = 3;
/** How kernels without them refuse the option or the control message. */
const NO_SUCH_OPTION = new Set(["ENOPROTOOPT", "EINVAL"]);

/** Whether a train of datagrams goes out, and comes in, by one call. */
export const udpOffload: Check = {
  topic: "UDP GSO and GRO",
  needsFfi: true,
  async look(): Promise<Finding> {
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
          ? `${SEGMENTS} datagrams sent and received by one call each`
          : `sent by one call, received ${data.length} bytes at a time`,
        ...(together ? {} : { limits: "echo --gro has nothing to gain here" }),
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
          advice: "Linux has GSO since 4.18 and GRO since 5.0",
          details: { gso: false, gro: false, code: error.code },
        }
        : {
          status: "unknown",
          found: error.message,
          advice: "It is tried on 127.0.0.1: is the interface lo up?",
          details: { code: error.code },
        };
    }
  },
};
