import { NETLINK_ROUTE } from "../../ffi/uapi/linux_netlink.ts";
import { IFLA_INFO_KIND, IFLA_LINKINFO } from "../../ffi/uapi/linux_if_link.ts";
import { ifinfomsg, RTM_GETLINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeWriter } from "../../lib/netlink/attribute_writer.ts";
import { NetlinkConnection } from "../../lib/netlink/connection.ts";
import { kernelName } from "../../lib/rtnetlink/kinds/kind.ts";
import { KERNEL_KINDS } from "../../lib/rtnetlink/kinds/mod.ts";
import { type Check, type Finding, readProc } from "./check.ts";

/** The index of the loopback interface, which has no kind. */
const LOOPBACK = 1;

/** The kinds of link that this kernel supports, checked without adding any. */
export const linkKinds: Check = {
  topic: "link kinds",
  needsFfi: true,
  async run(): Promise<Finding> {
    await using connection = NetlinkConnection.open({
      protocol: NETLINK_ROUTE,
    });
    const loadable = modules();
    const found: Record<"present" | "loadable" | "absent", string[]> = {
      present: [],
      loadable: [],
      absent: [],
    };
    for (const kind of KERNEL_KINDS.map(kernelName)) {
      const list = await isPresent(connection, kind)
        ? found.present
        : loadable.has(kind)
        ? found.loadable
        : found.absent;
      list.push(kind);
    }
    const { present, absent } = found;
    const text = [
      present.join(" "),
      ...(found.loadable.length === 0
        ? []
        : [`as modules: ${found.loadable.join(" ")}`]),
    ].join("; ");
    return absent.length === 0
      ? { status: "ok", found: text, details: found }
      : {
        status: "limited",
        found: text,
        limits: `link add of ${absent.join(", ")}`,
        advice:
          "Install the kernel modules, or use a kernel that is built with " +
          "these kinds",
        details: found,
      };
  },
};

/**
 * Whether the kernel has a kind. For an unknown kind it ignores the filter of a
 * dump and lists the loopback interface too; unlike adding a link, this loads no
 * module.
 */
async function isPresent(
  connection: NetlinkConnection,
  kind: string,
): Promise<boolean> {
  const body = new AttributeWriter()
    .raw(ifinfomsg.build({}))
    .nest(IFLA_LINKINFO, (info) => info.text(IFLA_INFO_KIND, kind), true);
  const request = { type: RTM_GETLINK, body: body.finish() };
  const { ifi_index } = ifinfomsg.fields;
  const indices = await connection.dump(
    request,
    ({ view, payload }) => ifi_index.get(view, payload),
  );
  return !indices.includes(LOOPBACK);
}

/** The kinds of the modules of this kernel, from modules.alias. */
function modules(): Set<string> {
  const path = `/lib/modules/${Deno.osRelease()}/modules.alias`;
  const aliases = readProc(path) ?? "";
  return new Set(
    [...aliases.matchAll(/^alias rtnl-link-(\S+) /gm)].map(([, kind]) => kind),
  );
}
