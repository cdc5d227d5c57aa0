// IPoIB: IP over InfiniBand partitions. Source: ip-link(8), RFC 4391.

import * as c from "../../../ffi/uapi/linux_if_link_kinds.ts";
import { flag, number, word } from "../spec/attribute.ts";
import { u16 } from "../spec/codec.ts";
import { type LinkKind, linkKind } from "./kind.ts";

/** Options of an IPoIB link, with iproute2's keys. Source: ip-link(8). */
export interface IpoibOptions {
  /** Partition key. */
  readonly pkey?: number;
  /** Transport: unreliable datagrams or connections. */
  readonly mode?: "datagram" | "connected";
  /** Send multicast packets of users as multicast. */
  readonly umcast?: boolean;
}

const hex4 = (raw: number) => raw.toString(16).padStart(4, "0");
const umcast = flag(c.IFLA_IPOIB_UMCAST, {
  codec: u16,
  kernelDefault: false,
  json: hex4,
});
const MODES = ["datagram", "connected"] as const;

export const ipoib: LinkKind<IpoibOptions> = linkKind<IpoibOptions>(
  "ipoib",
  () => ({
    pkey: number(c.IFLA_IPOIB_PKEY, u16, {
      change: "at creation",
      key: "key",
      json: (raw) => raw === 0 ? "0000" : `0x${hex4(raw)}`,
    }),
    mode: word(c.IFLA_IPOIB_MODE, u16, MODES, {
      kernelDefault: "datagram",
      json: (raw) => MODES[raw] ?? "unknown",
    }),
    umcast: {
      ...umcast,
      // iproute2 prints it behind the mode.
      json: umcast.json.map(({ read }) => ({
        read: (level) => level.has(c.IFLA_IPOIB_MODE) ? read(level) : undefined,
      })),
    },
  }),
  {
    module: "ib_ipoib",
    lower: true,
    needs: c.IFLA_IPOIB_PKEY,
    constants: { of: c, prefix: "IFLA_IPOIB_" },
  },
);
