// Two hosts and a router between them, so that the path MTU can be less than that
// of the interfaces.

import type { BindOptions } from "../../lib/udp/options.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { Lab, type Netns } from "./netns.ts";

/** The far host's addresses. */
export const FAR = { ipv4: "198.51.100.2", ipv6: "2001:db8:2::2" } as const;
/** The near host's. */
export const NEAR = { ipv4: "192.0.2.1", ipv6: "2001:db8:1::1" } as const;
/** The router's addresses on the near link, which ICMP comes from. */
export const ROUTER = { ipv4: "192.0.2.2", ipv6: "2001:db8:1::2" } as const;

export class MtuLab implements AsyncDisposable {
  readonly #sockets = new AsyncDisposableStack();

  private constructor(
    readonly lab: Lab<"near" | "router" | "far">,
    readonly near: Netns,
    readonly router: Netns,
    readonly far: Netns,
  ) {}

  static async open(): Promise<MtuLab> {
    const lab = await Lab.open("near", "router", "far");
    try {
      const { near, router, far } = lab;
      await lab.veth("near", "eth0", "router", "near");
      await lab.veth("router", "far", "far", "eth0");
      await router.sysctl("net.ipv4.ip_forward", 1);
      await router.sysctl("net.ipv6.conf.all.forwarding", 1);
      await near.batch(`
        address add ${NEAR.ipv4}/24 dev eth0
        address add ${NEAR.ipv6}/64 dev eth0 nodad
        route add default via ${ROUTER.ipv4}
        route add default via ${ROUTER.ipv6}
      `);
      await router.batch(`
        address add ${ROUTER.ipv4}/24 dev near
        address add ${ROUTER.ipv6}/64 dev near nodad
        address add 198.51.100.1/24 dev far
        address add 2001:db8:2::1/64 dev far nodad
      `);
      await far.batch(`
        address add ${FAR.ipv4}/24 dev eth0
        address add ${FAR.ipv6}/64 dev eth0 nodad
        route add default via 198.51.100.1
        route add default via 2001:db8:2::1
      `);
      return new MtuLab(lab, near, router, far);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sets the MTU of the far link, at both ends. */
  async narrow(mtu: number): Promise<void> {
    await this.router.ip(`link set far mtu ${mtu}`);
    await this.far.ip(`link set eth0 mtu ${mtu}`);
  }

  /** A socket on one of the hosts, closed with the lab if not before. */
  bind(host: "near" | "far", options: BindOptions = {}): UdpSocket {
    const namespace = this[host].name;
    return this.#sockets.use(UdpSocket.bind({ namespace, ...options }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets.disposeAsync();
    await this.lab[Symbol.asyncDispose]();
  }
}
