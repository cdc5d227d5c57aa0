import {
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_LISTEN_ALL_NSID,
  NETLINK_ROUTE,
  SOL_NETLINK,
} from "../../ffi/uapi/linux_netlink.ts";
import { openNetlinkSocket } from "../../lib/netlink/socket.ts";
import { trySetOption } from "../../lib/socket/option.ts";
import type { Check, Finding } from "./check.ts";

const OPTIONS = [
  {
    option: NETLINK_GET_STRICT_CHK,
    name: "strict checking",
    without: "show filters dumps in user space",
  },
  {
    option: NETLINK_EXT_ACK,
    name: "extended acknowledgements",
    without: "errors lack the text of the kernel",
  },
  {
    option: NETLINK_LISTEN_ALL_NSID,
    name: "notifications of other namespaces",
    without: "monitor needs a socket for each namespace",
  },
] as const;

/** The features of netlink sockets. */
export const netlink: Check = {
  topic: "rtnetlink",
  needsFfi: true,
  async run(): Promise<Finding> {
    await using socket = openNetlinkSocket({ protocol: NETLINK_ROUTE });
    const absent = OPTIONS.filter(({ option }) =>
      !trySetOption(socket.fd, SOL_NETLINK, option, 1)
    );
    const present = OPTIONS.filter((one) => !absent.includes(one));
    const names = (list: readonly { name: string }[]) =>
      list.map(({ name }) => name);
    const details = { present: names(present), absent: names(absent) };
    return absent.length === 0
      ? { status: "ok", found: names(present).join(", "), details }
      : {
        status: "limited",
        found: `without ${names(absent).join(", ")}`,
        limits: absent.map(({ without }) => without).join("; "),
        advice: "Strict checking needs Linux 4.20, other namespaces need " +
          "CAP_NET_BROADCAST",
        details,
      };
  },
};
