// The decoders under their own names, for programs outside this repository that
// compare them with recorded output of iproute2 6.1. That does not nest an
// encapsulation, and has locks of metrics in its text only.

import { ipAddress as addressOf71 } from "../../lib/iproute2/address.ts";
import { ipNexthop as nexthopOf71 } from "../../lib/iproute2/nexthop.ts";
import { ipRule as ruleOf71 } from "../../lib/iproute2/rule.ts";
import { ipRoute as routeOf71 } from "../../lib/iproute2/route.ts";

export { NetlinkBuffer } from "../../lib/netlink/buffer.ts";
export { MessageReader } from "../../lib/netlink/message.ts";
export { LinkNames } from "../../lib/rtnetlink/link/names.ts";
export { decodeAddress } from "../../lib/rtnetlink/address.ts";
export { decodeLink } from "../../lib/rtnetlink/link/link.ts";
export { decodeNamespaceId } from "../../lib/rtnetlink/namespace_id.ts";
export { decodeNeighbour } from "../../lib/rtnetlink/neighbour.ts";
export { decodeNexthop } from "../../lib/rtnetlink/nexthop.ts";
export { decodeRoute } from "../../lib/rtnetlink/route.ts";
export { decodeRule } from "../../lib/rtnetlink/rule.ts";
export { ipLink } from "../../lib/iproute2/link.ts";
export { ipNeighbour } from "../../lib/iproute2/neighbour.ts";

export function ipAddress(...args: Parameters<typeof addressOf71>) {
  const { protocol: _, ...known } = addressOf71(...args);
  return known;
}

export function ipNexthop(...args: Parameters<typeof nexthopOf71>) {
  const { id, group, encap, ...rest } = nexthopOf71(...args);
  const { encap_type, ...inner } = encap ?? {};
  return JSON.parse(JSON.stringify({
    ...(encap_type !== undefined && { encap: encap_type }),
    ...inner,
    id,
    group,
    ...rest,
  }));
}

export function ipRoute(...args: Parameters<typeof routeOf71>) {
  const json = JSON.parse(JSON.stringify(routeOf71(...args)));
  if (json.encap !== undefined) json.encap = json.encap.encap_type;
  delete json.metrics?.[0]?.lock;
  return json;
}

/** Without the selectors that 6.1 does not know: it prints a wider rule. */
export function ipRule(...args: Parameters<typeof ruleOf71>) {
  const {
    dscp: _dscp,
    flowlabel: _label,
    flowlabel_mask: _labelMask,
    sport_mask: _sport,
    dport_mask: _dport,
    ...known
  } = ruleOf71(...args);
  return known;
}
