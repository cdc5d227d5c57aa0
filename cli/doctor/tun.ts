import { SystemError } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { TemporaryNamespace } from "../../lib/netns/namespace.ts";
import { openNode } from "../../lib/tun/attach.ts";
import { NODE } from "../../lib/tun/errors.ts";
import { Tun } from "../../lib/tun/device.ts";
import { effectiveCapabilities } from "../capabilities.ts";
import type { Check, Finding } from "./check.ts";

/** Whether TUN and TAP devices can be created. */
export const tun: Check = {
  topic: "TUN/TAP",
  needsFfi: true,
  async run(): Promise<Finding> {
    try {
      await using network = temporaryNamespace();
      // Do not create a device in the current namespace.
      if (network === undefined && mayCreateDevices()) return openOnly();
      await using device = Tun.open({ namespace: network?.path });
      return {
        status: "ok",
        found: `${NODE} works, created ${device.name}`,
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

function mayCreateDevices(): boolean {
  return effectiveCapabilities().has("CAP_NET_ADMIN");
}

function openOnly(): Finding {
  libc().close(openNode());
  return {
    status: "ok",
    found: `${NODE} can be opened; no device was created without a namespace`,
    details: { created: false },
  };
}
