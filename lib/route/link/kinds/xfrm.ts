// ip link add NAME type xfrm. Source: ip-link(8).

import * as ifla from "../../../../ffi/layout/linux_if_link_kinds.ts";
import {
  type AttributeLevel,
  hex32,
  type Kind,
  type KindData,
  present,
} from "../field.ts";

/** One that takes its id from the packets has none of its own. */
function finish(data: KindData, level: AttributeLevel): void {
  if (level.has(ifla.IFLA_XFRM_COLLECT_METADATA)) delete data.if_id;
}

export const xfrm: Kind = {
  name: "xfrm",
  data: [
    present(ifla.IFLA_XFRM_COLLECT_METADATA, "external"),
    hex32(ifla.IFLA_XFRM_IF_ID, "if_id"),
  ],
  finish,
};
