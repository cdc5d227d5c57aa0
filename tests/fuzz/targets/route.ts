// Every object of the route family, and its form in JSON.

import {
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNEXTHOP,
  RTM_NEWNSID,
  RTM_NEWROUTE,
  RTM_NEWRULE,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { noCounts } from "../../../lib/netlink/counters.ts";
import { NetlinkBuffer } from "../../../lib/netlink/buffer.ts";
import { MessageReader } from "../../../lib/netlink/message.ts";
import { decodeAddress } from "../../../lib/rtnetlink/address.ts";
import { ipAddress } from "../../../lib/iproute2/address.ts";
import { ipLink } from "../../../lib/iproute2/link.ts";
import { ipLinkStatistics } from "../../../lib/iproute2/link_statistics.ts";
import { ipNeighbour } from "../../../lib/iproute2/neighbour.ts";
import { ipNexthop } from "../../../lib/iproute2/nexthop.ts";
import { ipRoute } from "../../../lib/iproute2/route.ts";
import { ipRule } from "../../../lib/iproute2/rule.ts";
import { decodeLink } from "../../../lib/rtnetlink/link/link.ts";
import { LinkNames } from "../../../lib/rtnetlink/link/names.ts";
import { decodeNamespaceId } from "../../../lib/rtnetlink/namespace_id.ts";
import { decodeNeighbour } from "../../../lib/rtnetlink/neighbour.ts";
import { decodeNexthop } from "../../../lib/rtnetlink/nexthop.ts";
import { decodeRoute } from "../../../lib/rtnetlink/route.ts";
import { decodeRule } from "../../../lib/rtnetlink/rule.ts";
import type { Target } from "../target.ts";

const how = { names: new LinkNames([]), details: true, statistics: true };

/** A message of the type as decoded and as shown. */
function tell(message: MessageReader, type: number): unknown {
  switch (type) {
    case RTM_NEWLINK: {
      const link = decodeLink(message);
      return link && [ipLink(link, how), ipLinkStatistics(link, true)];
    }
    case RTM_NEWADDR: {
      const address = decodeAddress(message);
      return address && [address, ipAddress(address)];
    }
    case RTM_NEWROUTE: {
      const route = decodeRoute(message);
      return route && [route, ipRoute(route, how)];
    }
    case RTM_NEWNEIGH: {
      const neighbour = decodeNeighbour(message);
      return neighbour && [neighbour, ipNeighbour(neighbour, how)];
    }
    case RTM_NEWRULE: {
      const rule = decodeRule(message);
      return rule && [rule, ipRule(rule, how)];
    }
    case RTM_NEWNEXTHOP: {
      const nexthop = decodeNexthop(message);
      return nexthop && [nexthop, ipNexthop(nexthop, how)];
    }
    case RTM_NEWNSID:
      return decodeNamespaceId(message);
  }
}

const TYPES = [
  ...[RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH, RTM_NEWRULE],
  ...[RTM_NEWNEXTHOP, RTM_NEWNSID],
];

export const route: Target = {
  name: "route",
  seeds: () => [],
  read(arena, start, length) {
    const counters = noCounts();
    const message = new MessageReader(new NetlinkBuffer(arena), counters);
    message.reset(start, start + length);
    let reported = "";
    while (message.next()) {
      // A type that is damaged must not spare the decoders the rest.
      const type = TYPES.includes(message.type)
        ? message.type
        : TYPES[message.type % TYPES.length];
      reported += JSON.stringify(
        tell(message, type),
        (_, value) => typeof value === "bigint" ? `${value}` : value,
      );
    }
    return reported + JSON.stringify(counters);
  },
};
