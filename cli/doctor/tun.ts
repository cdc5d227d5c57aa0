import { SystemError } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { TemporaryNamespace } from "../../lib/netns/temporary_namespace.ts";
import { openNode } from "../../lib/tun/attach.ts";
import { NODE } from "../../lib/tun/errors.ts";
import { Tun } from "../../lib/tun/device.ts";
import { effectiveCapabilities } from "../capabilities.ts";
import type { Check, Finding } from "./check.ts";

/** Whether TUN and TAP devices can be made. */
export const tun: Check = {
  topic: "TUN/TAP",
  needsFfi: true,
  async look(): Promise<Finding> {
    try {
      await using network = temporaryNamespace();
      // Without one it would be a device in the network everybody uses.
      if (network === undefined && mayMakeDevices()) return nodeAlone();
      await using device = Tun.open({ namespace: network?.path });
      return {
        status: "ok",
        found: `${NODE} works, made a device (${device.name})`,
        details: { created: true },
      };
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      const { code, message, advice, capability } = error;
      return {
        status: capability === undefined ? "missing" : "limited",
        found: message.split(". ")[0],
        limits: "tun, the scenario tun-poll",
        ...(advice === undefined ? {} : { advice }),
        details: { created: false, code },
      };
    }
  },
};

function temporaryNamespace(): TemporaryNamespace | undefined {
  try {
    return TemporaryNamespace.create();
  } catch {
    return undefined;
  }
}

function mayMakeDevices(): boolean {
  return effectiveCapabilities().has("CAP_NET_ADMIN");
}

function nodeAlone(): Finding {
  libc().close(openNode());
  return {
    status: "ok",
    found: `${NODE} opens; no device was made, for want of a place to try it`,
    details: { created: false },
  };
}
