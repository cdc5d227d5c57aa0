// Where the MTUs of links that belong together do not fit.

import type { TopologyEnd, TopologyLink } from "./topology.ts";

/** What VXLAN adds to a packet: Ethernet, IPv4, UDP and its own header. */
const VXLAN_OVERHEAD = 50;

/** What will be dropped or cannot be sent because of this link, if anything. */
export function mtuProblem(link: TopologyLink): string | undefined {
  const { mtu, kind, master } = link;
  const peer = known(link.peer);
  const lower = known(link.lower);
  if (peer && peer.mtu !== mtu) {
    return `MTU ${mtu}, but ${peer.mtu} at its peer`;
  }
  if (master?.kind === "bridge" && master.mtu !== mtu) {
    return `MTU ${mtu}, but ${master.mtu} on its bridge`;
  }
  if (lower) {
    const room = kind === "vxlan" ? lower.mtu - VXLAN_OVERHEAD : lower.mtu;
    if (mtu > room) return `MTU ${mtu}, but ${lower.name} has room for ${room}`;
  }
  return undefined;
}

function known(end: TopologyEnd | undefined): TopologyLink | undefined {
  return end !== undefined && "name" in end ? end : undefined;
}
