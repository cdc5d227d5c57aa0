// A host and a router on one link, and router advertisements.

import { Lab, type Netns } from "./netns.ts";

const SCRIPT = new URL("router.py", import.meta.url).pathname;

/** The router's link-local address. */
export const ROUTER = "fe80::2";

/** eth0 of the host is linked to eth0 of the router. */
export async function hostAndRouter(): Promise<
  Lab<"host" | "router"> & { readonly host: Netns; readonly router: Netns }
> {
  const lab = await Lab.open("host", "router");
  await lab.host.batch(`
    link add eth0 type veth peer name eth0 netns ${lab.router.name}
    link set eth0 addrgenmode none up
    address add fe80::1/64 dev eth0 nodad`);
  await lab.router.batch(`
    link set eth0 addrgenmode none up
    address add ${ROUTER}/64 dev eth0 nodad`);
  return lab;
}

/** Sends one advertisement of a default route and of 2001:db8:a::/64. */
export async function advertise(
  router: Netns,
  { mtu = 1370, hopLimit = 78, lifetime = 1800 } = {},
): Promise<void> {
  const given = [mtu, hopLimit, lifetime].map(String);
  await router.run("python3", [SCRIPT, "eth0", ...given, "2001:db8:a::"]);
}
