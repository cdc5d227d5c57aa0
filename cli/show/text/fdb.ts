// Forwarding entries as text.

import type { Json } from "../shown.ts";
import { formatKeys, list, pair, plain } from "./format.ts";

/** A forwarding entry as text, as `bridge fdb` prints it. */
export function fdbText(json: Json): string {
  return [
    ...formatKeys(json, [
      ["mac", ""],
      ["ifname", "dev"],
      ["dst", "dst"],
      ["vlan", "vlan"],
      ["port", "port"],
      ["vni", "vni"],
      ["src_vni", "src_vni"],
      ["viaIfIndex", "via ifindex"],
      ["viaIf", "via"],
      ["nhid", "nhid"],
      ["linkNetNsId", "link-netnsid"],
    ]),
    ...json.used === undefined ? [] : ["used", `${json.used}/${json.updated}`],
    ...list(json.flags).map(plain),
    ...pair("master", json.master),
    ...json.state === "" ? [] : [plain(json.state ?? "")],
  ].join(" ");
}
