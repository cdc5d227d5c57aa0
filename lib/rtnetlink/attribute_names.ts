// What rtnetlink's numbers are called, taken from the layout files themselves,
// for errors that name the request and the attribute at fault.

import * as addr from "../../ffi/uapi/linux_if_addr.ts";
import * as fib from "../../ffi/uapi/linux_fib_rules.ts";
import * as neigh from "../../ffi/uapi/linux_neighbour.ts";
import * as netns from "../../ffi/uapi/linux_net_namespace.ts";
import * as nexthop from "../../ffi/uapi/linux_nexthop.ts";
import * as route from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_BRIDGE } from "../../ffi/uapi/sys_socket.ts";
import type {
  AttributeNames,
  FamilyNames,
} from "../netlink/attribute_names.ts";
import { named, withInside } from "./constant_names.ts";
import { bridgePortNames, linkAttributeNames } from "./link/attribute_names.ts";

let messages: AttributeNames | undefined;
let bodies: { readonly [object: number]: ReturnType<FamilyNames["body"]> };

/** RTM_ numbers come in fours: NEW, DEL, GET, SET of one kind of object. */
const FOUR = 4;

function describe(): typeof bodies {
  const routeNames = withInside(named(route, "RTA_"), {
    [route.RTA_METRICS]: named(route, "RTAX_", ["RTAX_FEATURE_"]),
  });
  const nexthopNames = withInside(
    named(nexthop, "NHA_", ["NHA_RES_GROUP_", "NHA_RES_BUCKET_"]),
    { [nexthop.NHA_RES_GROUP]: named(nexthop, "NHA_RES_GROUP_") },
  );
  const links = { struct: route.ifinfomsg, names: linkAttributeNames() };
  return {
    [route.RTM_NEWLINK / FOUR]: links,
    [route.RTM_NEWLINKPROP / FOUR]: links,
    [route.RTM_NEWADDR / FOUR]: {
      struct: addr.ifaddrmsg,
      names: named(addr, "IFA_", ["IFA_F_"]),
    },
    [route.RTM_NEWROUTE / FOUR]: { struct: route.rtmsg, names: routeNames },
    [route.RTM_NEWNEIGH / FOUR]: {
      struct: neigh.ndmsg,
      names: named(neigh, "NDA_"),
    },
    [route.RTM_NEWRULE / FOUR]: {
      struct: fib.fib_rule_hdr,
      names: named(fib, "FRA_"),
    },
    [route.RTM_NEWNSID / FOUR]: {
      struct: route.rtgenmsg,
      names: named(netns, "NETNSA_"),
    },
    [route.RTM_NEWNEXTHOP / FOUR]: {
      struct: nexthop.nhmsg,
      names: nexthopNames,
    },
  };
}

/** The names of NETLINK_ROUTE's messages and attributes. */
export const routeNames: FamilyNames = {
  message(type) {
    messages ??= named(route, "RTM_", ["RTM_F_"]);
    return messages[type]?.name;
  },
  body(type, family) {
    if (type < route.RTM_NEWADDR && family === AF_BRIDGE) {
      return { struct: route.ifinfomsg, names: bridgePortNames() };
    }
    bodies ??= describe();
    return bodies[Math.floor(type / FOUR)];
  },
};
