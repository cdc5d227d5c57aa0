import { type Check, readProc } from "./check.ts";

/** Whether dual-stack sockets can receive IPv6. */
export const ipv6: Check = {
  topic: "IPv6",
  run() {
    const addresses = readProc("/proc/net/if_inet6");
    if (addresses === undefined) {
      return {
        status: "missing",
        found: "not supported by this kernel",
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
        found: "no interface has an IPv6 address",
        limits: "IPv6 datagrams, also to ::1",
        advice:
          "Set sysctl net.ipv6.conf.all.disable_ipv6 to 0 and the links up",
        details,
      };
  },
};
