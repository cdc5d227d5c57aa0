// ip link add NAME type vti or vti6. Source: ip-link(8).

import * as vti from "../../../../ffi/layout/linux_if_tunnel.ts";
import {
  type AttributeLevel,
  hex,
  type Kind,
  type KindData,
} from "../field.ts";
import { endpoint, key } from "./tunnel.ts";

function tell(
  data: KindData,
  level: AttributeLevel,
  length: 4 | 16,
): void {
  data.remote = endpoint(level.get(vti.IFLA_VTI_REMOTE), length);
  data.local = endpoint(level.get(vti.IFLA_VTI_LOCAL), length);
  const link = level.get(vti.IFLA_VTI_LINK)?.i32();
  if (link) data.link = link;
  const inKey = level.get(vti.IFLA_VTI_IKEY);
  if (inKey?.u32()) data.ikey = key(inKey);
  const outKey = level.get(vti.IFLA_VTI_OKEY);
  if (outKey?.u32()) data.okey = key(outKey);
  const mark = level.get(vti.IFLA_VTI_FWMARK)?.u32();
  if (mark) data.fwmark = hex(mark);
}

export const vtis: readonly Kind[] = [
  {
    name: "vti",
    data: [],
    links: ["link"],
    finish: (data, level) => tell(data, level, 4),
  },
  {
    name: "vti6",
    data: [],
    links: ["link"],
    finish: (data, level) => tell(data, level, 16),
  },
];
