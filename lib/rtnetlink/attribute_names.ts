// C names of rtnetlink messages and attributes, for errors that name the
// request and the rejected attribute.

import * as bridge from "../../ffi/uapi/linux_if_bridge.ts";
import * as netns from "../../ffi/uapi/linux_net_namespace.ts";
import * as route from "../../ffi/uapi/linux_rtnetlink.ts";
import { AF_BRIDGE } from "../../ffi/uapi/sys_socket.ts";
import type {
  AttributeNames,
  FamilyNames,
} from "../netlink/attribute_names.ts";
import { ADDRESS } from "./address.ts";
import { bridgePortNames, linkAttributeNames } from "./link/attribute_names.ts";
import { NEIGHBOUR } from "./neighbour.ts";
import { NEXTHOP_OBJECT } from "./nexthop.ts";
import { ROUTE } from "./route.ts";
import { RULE } from "./rule.ts";
import { attributeNames } from "./spec/constants.ts";

let messages: AttributeNames | undefined;
let bodies: { readonly [object: number]: ReturnType<FamilyNames["body"]> };

/**
 * Message types are allocated in fours: NEW, DEL, GET and SET of one object.
 */
const FOUR = 4;

function describe(): typeof bodies {
  const links = { struct: route.ifinfomsg, names: linkAttributeNames() };
  const objects = [ADDRESS, NEIGHBOUR, RULE, NEXTHOP_OBJECT, ROUTE].map(
    (
      { details: { message, struct, constants }, entries },
    ) => [message / FOUR, {
      struct,
      names: attributeNames(constants, entries),
    }],
  );
  return {
    [route.RTM_NEWLINK / FOUR]: links,
    [route.RTM_NEWLINKPROP / FOUR]: links,
    ...Object.fromEntries(objects),
    [route.RTM_NEWMDB / FOUR]: {
      struct: bridge.br_port_msg,
      names: attributeNames({
        of: bridge,
        prefix: "MDBA_SET_ENTRY",
        inside: {
          [bridge.MDBA_SET_ENTRY_ATTRS]: {
            of: { ...bridge, ...bridge.newer },
            prefix: "MDBE_ATTR_",
          },
        },
      }),
    },
    [route.RTM_NEWNSID / FOUR]: {
      struct: route.rtgenmsg,
      names: attributeNames({ of: netns, prefix: "NETNSA_" }),
    },
  };
}

/** The names of the messages and attributes of NETLINK_ROUTE. */
export const routeNames: FamilyNames = {
  message(type) {
    messages ??= attributeNames({ of: route, prefix: "RTM_", but: ["RTM_F_"] });
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
