import {
  type Capability,
  effectiveCapabilities,
  inUserNamespace,
} from "../capabilities.ts";
import type { Check } from "./check.ts";

const USES: Readonly<Record<Capability, string>> = {
  CAP_NET_ADMIN:
    "changing links, addresses and routes, TUN devices, large buffers",
  CAP_SYS_ADMIN: "creating and entering network namespaces",
  CAP_NET_RAW: "binding a socket to an interface",
  CAP_NET_BIND_SERVICE: "ports below 1024",
};

/** The effective capabilities. */
export const capabilities: Check = {
  topic: "capabilities",
  run() {
    const held = effectiveCapabilities();
    const confined = inUserNamespace();
    const all = Object.keys(USES) as Capability[];
    const absent = all.filter((name) => !held.has(name));
    const where = confined ? ", in a user namespace" : "";
    const found = `${[...held].join(" ") || "none"}${where}`;
    const details = { effective: [...held], absent, userNamespace: confined };
    if (absent.length === 0) return { status: "ok", found, details };
    return {
      status: "limited",
      found,
      limits: absent.map((name) => `${USES[name]} (${name})`).join("; "),
      advice: "Run as root, or in new user and network namespaces: " +
        "`unshare --user --map-root-user --net netplumb ...`",
      details,
    };
  },
};
