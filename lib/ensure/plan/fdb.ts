// Desired entries of forwarding tables, by key and in a state.

import type { FdbSpec } from "../../rtnetlink/fdb.ts";
import { fdbIdentity } from "../../rtnetlink/monitor/identities.ts";
import type { Neighbour } from "../../rtnetlink/neighbour.ts";
import type { State } from "./state.ts";

/**
 * The key of an entry in plans: without the bridge, which the entry of a
 * request does not have, and of several remotes once.
 */
export function fdbKey(
  { ifindex, linkAddress, vlan = 0, sourceVni = 0 }: Neighbour,
): string {
  return `${ifindex} ${linkAddress} ${vlan} ${sourceVni}`;
}

/** The entry of a state with the identity of the desired one. */
export function findFdb(
  state: State,
  wanted: Neighbour,
  { master }: FdbSpec,
): Neighbour | undefined {
  const link = state.link(wanted.ifindex);
  if (link?.kind === "bridge" || master) {
    const bridge = link?.kind === "bridge" ? link.ifindex : link?.master;
    const key = fdbIdentity.key({ ...wanted, master: bridge });
    const found = state.fdb.get(key);
    return found?.ifindex === wanted.ifindex ? found : undefined;
  }
  // The kernel does not report the port and the identifier of the VXLAN itself.
  const own = {
    port: link?.data?.port as number | undefined,
    vni: link?.data?.id as number | undefined,
  };
  const { port, vni } = wanted;
  const found = state.fdb.get(fdbIdentity.key({
    ...wanted,
    port: port === own.port ? undefined : port,
    vni: vni === own.vni ? undefined : vni,
  }));
  return found && {
    ...found,
    port: found.port ?? own.port,
    vni: found.vni ?? own.vni,
  };
}
