// A namespace with a TUN device in it, the way most tests of devices begin.

import { Tun } from "../../lib/tun/device.ts";
import type { TunOptions } from "../../lib/tun/options.ts";
import { inNamespace } from "../../lib/netns/namespace.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import "./descriptors.ts";
import { Lab, type Netns } from "./netns.ts";

/** The address of the machine on its side of the device. */
export const HERE = "10.9.0.1";
/** An address that is routed into the device. */
export const BEYOND = "10.9.0.2";

/** A device that is up in a namespace of its own, where nothing else is said. */
export class TunLab implements AsyncDisposable {
  private constructor(
    readonly lab: Lab<"host">,
    readonly host: Netns,
    readonly tun: Tun,
  ) {}

  static async open(options: TunOptions = {}): Promise<TunLab> {
    const lab = await Lab.open("host");
    try {
      // Without IPv6 nothing comes from the device unless a test sends it.
      await lab.host.sysctl("net.ipv6.conf.default.disable_ipv6", 1);
      const tun = Tun.open({ namespace: lab.host.name, ...options });
      try {
        await lab.host.ip(`address add ${HERE}/24 dev ${tun.name}`);
        tun.up();
        return new TunLab(lab, lab.host, tun);
      } catch (error) {
        await tun.close();
        throw error;
      }
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A UDP socket of the machine the device is in. */
  socket(port = 0): UdpSocket {
    return inNamespace(
      this.host.name,
      () => UdpSocket.bind({ address: HERE, port }),
    );
  }

  /** Sends UDP datagrams into the device, one packet each. */
  async send(...payloads: string[]): Promise<void> {
    await using socket = this.socket();
    for (const payload of payloads) {
      await socket.send(payload, { address: BEYOND, port: 9 });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tun.close();
    await this.lab[Symbol.asyncDispose]();
  }
}

/** The payload of an IPv4 packet that holds a UDP datagram. */
export function udpPayload(packet: Uint8Array): string {
  return new TextDecoder().decode(packet.subarray(28));
}
