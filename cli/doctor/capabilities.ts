import {
  type Capability,
  effectiveCapabilities,
  inUserNamespace,
} from "../capabilities.ts";
import type { Check } from "./check.ts";

const USES: Readonly<Record<Capability, string>> = {
  CAP_NET_ADMIN:
    "changing links, addresses and routes, TUN devices, large buffers",
  CAP_SYS_ADMIN: "entering and making network namespaces",
  CAP_NET_RAW: "binding a socket to an interface",
  CAP_NET_BIND_SERVICE: "ports below 1024",
};

/** What the kernel lets this process do. */
export const capabilities: Check = {
  topic: "capabilities",
  look() {
    const held = effectiveCapabilities();
    const confined = inUserNamespace();
    const all = Object.keys(USES) as Capability[];
    const absent = all.filter((name) => !held.has(name));
    const where = confined ? ", in a user namespace of its own" : "";
    const found = `${[...held].join(" ") || "none"}${where}`;
    const details = { effective: [...held], absent, userNamespace: confined };
    if (absent.length === 0) return { status: "ok", found, details };
    return {
      status: "limited",
      found,
      limits: absent.map((name) => `${USES[name]} (${name})`).join("; "),
      advice: "Run as root, or try things in a network of your own with " +
        "`unshare --user --map-root-user --net netplumb ...`",
      details,
    };
  },
};
