// Packets of a TUN or TAP device, shown in every form.

import { decodePacket } from "../../../lib/packet/decode.ts";
import { describePacket } from "../../../lib/packet/describe.ts";
import { packetJson } from "../../../lib/packet/json.ts";
import type { Target } from "../target.ts";
import {
  applicationSamples,
  frameSamples,
  protocolSamples,
  tcpOptionSamples,
  tunnelSamples,
  vxlanSamples,
} from "../../lib/packet/protocol_samples.ts";
import {
  ethernetSamples,
  icmpSamples,
  icmpv6Samples,
  ipSamples,
} from "../../lib/packet/samples.ts";

function target(name: string, linkType: "ip" | "ethernet"): Target {
  return {
    name,
    seeds: () =>
      linkType === "ip"
        ? [
          ...ipSamples,
          ...icmpSamples,
          ...icmpv6Samples,
          ...applicationSamples,
          ...protocolSamples,
          ...tcpOptionSamples,
          ...tunnelSamples,
          ...vxlanSamples,
        ]
        : [...ethernetSamples, ...frameSamples],
    read(arena, start, length) {
      const packet = decodePacket(
        new Uint8Array(arena, start, length),
        linkType,
      );
      return describePacket(packet) + JSON.stringify(packetJson(packet));
    },
  };
}

export const ip = target("ip", "ip");
export const ethernet = target("ethernet", "ethernet");
