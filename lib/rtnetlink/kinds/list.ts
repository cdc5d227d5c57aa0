// All link kinds with known options: one line for each file.

export { amt } from "./amt.ts";
export { bareudp } from "./bareudp.ts";
export { bond } from "./bond.ts";
export { bridge } from "./bridge.ts";
export { geneve } from "./geneve.ts";
export { erspan, gre, gretap, ip6erspan, ip6gre, ip6gretap } from "./gre.ts";
export { gtp } from "./gtp.ts";
export { hsr } from "./hsr.ts";
export { ip6tnl, ipip, sit } from "./iptunnel.ts";
export { ipoib } from "./ipoib.ts";
export { ipvlan, ipvtap } from "./ipvlan.ts";
export { macsec } from "./macsec.ts";
export { macvlan, macvtap } from "./macvlan.ts";
export { dummy, ifb, nlmon, vcan, wireguard } from "./plain.ts";
export { rmnet } from "./rmnet.ts";
export { tap, tun } from "./tun.ts";
export { veth } from "./veth.ts";
export { vlan } from "./vlan.ts";
export { vrf } from "./vrf.ts";
export { vti, vti6 } from "./vti.ts";
export { vxcan } from "./vxcan.ts";
export { vxlan } from "./vxlan.ts";
export { xfrm } from "./xfrm.ts";
