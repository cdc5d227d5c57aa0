import { NETLINK_ROUTE } from "../../ffi/uapi/linux_netlink.ts";
import { IFLA_INFO_KIND, IFLA_LINKINFO } from "../../ffi/uapi/linux_if_link.ts";
import { ifinfomsg, RTM_GETLINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { AttributeWriter } from "../../lib/netlink/attribute_writer.ts";
import { NetlinkConnection } from "../../lib/netlink/connection.ts";
import { kernelName } from "../../lib/rtnetlink/kinds/kind.ts";
import { KERNEL_KINDS } from "../../lib/rtnetlink/kinds/mod.ts";
import { type Check, type Finding, readProc } from "./check.ts";

/** The loopback interface is of no kind. */
const LOOPBACK = 1;

/** Which kinds of link this kernel can make, found without making any. */
export const linkKinds: Check = {
  topic: "link kinds",
  needsFfi: true,
  async look(): Promise<Finding> {
    await using connection = NetlinkConnection.open({
      protocol: NETLINK_ROUTE,
    });
    const loadable = modules();
    const found: Record<"there" | "loadable" | "absent", string[]> = {
      there: [],
      loadable: [],
      absent: [],
    };
    for (const kind of KERNEL_KINDS.map(kernelName)) {
      const place = await isThere(connection, kind)
        ? found.there
        : loadable.has(kind)
        ? found.loadable
        : found.absent;
      place.push(kind);
    }
    const { there, absent } = found;
    const text = [
      there.join(" "),
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
        advice: "This kernel was built without them, or their modules are " +
          "not installed",
        details: found,
      };
  },
};

/**
 * Whether the kernel knows a kind. Asked for the links of a kind it does not
 * know, it leaves the filter out and lists the loopback interface too; unlike
 * an attempt to make one, that loads no module.
 */
async function isThere(
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

/** The kinds that modules of this kernel say they bring. */
function modules(): Set<string> {
  const path = `/lib/modules/${Deno.osRelease()}/modules.alias`;
  const aliases = readProc(path) ?? "";
  return new Set(
    [...aliases.matchAll(/^alias rtnl-link-(\S+) /gm)].map(([, kind]) => kind),
  );
}
