import { type Check, readProc } from "./check.ts";

/** Whether dual-stack sockets hear IPv6. */
export const ipv6: Check = {
  topic: "IPv6",
  look() {
    const addresses = readProc("/proc/net/if_inet6");
    if (addresses === undefined) {
      return {
        status: "missing",
        found: "not in this kernel",
        limits: "dual-stack and IPv6 sockets",
        advice: "Bind with --family 4; boot without ipv6.disable=1",
        details: { addresses: null },
      };
    }
    const count = addresses === "" ? 0 : addresses.split("\n").length;
    const details = { addresses: count };
    return count > 0
      ? { status: "ok", found: `${count} addresses`, details }
      : {
        status: "limited",
        found: "no interface has an address",
        limits: "datagrams over IPv6, also to ::1",
        advice:
          "sysctl net.ipv6.conf.all.disable_ipv6 should be 0 and the links up",
        details,
      };
  },
};
