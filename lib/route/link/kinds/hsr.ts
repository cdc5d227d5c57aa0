// ip link add NAME type hsr. Source: ip-link(8), IEC 62439-3.

import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import { type Kind, link, linkAddress, u16, u8 } from "../field.ts";

export const hsr: Kind = {
  name: "hsr",
  data: [
    { ...link(ifla.IFLA_HSR_SLAVE1, "slave1"), absent: null },
    { ...link(ifla.IFLA_HSR_SLAVE2, "slave2"), absent: null },
    u16(ifla.IFLA_HSR_SEQ_NR, "seq_nr"),
    linkAddress(ifla.IFLA_HSR_SUPERVISION_ADDR, "supervision_addr"),
    u8(ifla.IFLA_HSR_PROTOCOL, "proto"),
  ],
};
