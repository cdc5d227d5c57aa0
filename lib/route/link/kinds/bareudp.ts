// ip link add NAME type bareudp. Source: ip-link(8),
// Documentation/networking/bareudp.rst.

import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { be16, ethernetProtocol, type Kind, present, u16 } from "../field.ts";

export const bareudp: Kind = {
  name: "bareudp",
  data: [
    be16(ifla.IFLA_BAREUDP_PORT, "dstport"),
    ethernetProtocol(ifla.IFLA_BAREUDP_ETHERTYPE, "ethertype"),
    u16(ifla.IFLA_BAREUDP_SRCPORT_MIN, "srcportmin"),
    {
      ...present(ifla.IFLA_BAREUDP_MULTIPROTO_MODE, "multiproto"),
      absent: false,
    },
  ],
};
