// Creates, changes and deletes links.

import { IFLA_GROUP, IFLA_LINK } from "../../../ffi/uapi/linux_if_link.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTM_DELLINK,
  RTM_NEWLINK,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { ArgumentError } from "../../errors.ts";
import { AttributeWriter } from "../../netlink/attribute_writer.ts";
import type { NetlinkRequest } from "../../netlink/transaction.ts";
import { type LinkKind, writeLinkInfo } from "../kinds/kind.ts";
import {
  KIND_NAMES,
  kindNamed,
  type LinkOptions,
  type LinkPortOptions,
  PORT_KIND_NAMES,
  portKind,
} from "../kinds/mod.ts";
import type { NoOptions } from "../kinds/plain.ts";
import { LINK_INDEX, type VethOptions } from "../kinds/veth.ts";
import type { OptionValues } from "../spec/attribute.ts";
import { readOptions } from "../spec/table.ts";
import { adviseChanging, adviseMaking } from "./link_advice.ts";
import {
  type LinkSettings,
  readSettings,
  SETTINGS,
  writeSettings,
} from "../settings.ts";
import { linkName, take, text } from "../spec/value.ts";
import { makePersistentTun } from "./persistent_tun.ts";
import { addAltNames, ALT_NAMES } from "./alt_name.ts";
import { type Change, checked } from "./change.ts";

/** Options of a link as a port of its master. */
export interface LinkPort<
  Kind extends keyof LinkPortOptions = keyof LinkPortOptions,
> {
  /** The kind of the master. */
  readonly kind: Kind;
  /** The port options. */
  readonly options: LinkPortOptions[Kind];
}

/**
 * The options of a kind by its name: typed for a known kind, none for an
 * unknown one, any if the name is known only at run time.
 */
export type OptionsOfKind<Kind extends string> = string extends Kind
  ? OptionValues
  : Kind extends keyof LinkOptions ? LinkOptions[Kind]
  : NoOptions;

/** Options of a new link, with the keys of iproute2. Source: ip-link(8). */
export interface LinkSpec<Kind extends string = string> extends LinkSettings {
  /** Its name; if not given, the kernel chooses one, such as dummy0. */
  readonly name?: string;
  /** Its kind. */
  readonly kind: Kind;
  /** The lower link of a vlan, macvlan, macvtap or ipvlan. */
  readonly link?: string | number;
  /** The requested ifindex. */
  readonly index?: number;
  /** Alternative names. */
  readonly altnames?: readonly string[];
  /** Options of its kind. */
  readonly options?: OptionsOfKind<Kind>;
  /** Its options as a port. */
  readonly port?: LinkPort;
}

/** Changes of an existing link. */
export interface LinkChanges<Kind extends string = string>
  extends LinkSettings {
  /** Its kind, required with `options`. */
  readonly kind?: Kind;
  /** Options of its kind. */
  readonly options?: OptionsOfKind<Kind>;
  /** Its options as a port. */
  readonly port?: LinkPort;
}

/**
 * Builds a change that creates a link.
 *
 * Source: ip-link(8), rtnetlink(7).
 *
 * @param spec The options of the link.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { addLink } from "@netplumb/netplumb";
 *
 * const change = addLink({
 *   name: "veth0",
 *   kind: "veth",
 *   up: true,
 *   options: { peer: { name: "veth1", up: true } },
 * });
 * console.log(change.what); // add link veth0
 * ```
 */
export function addLink<const Kind extends string>(
  spec: LinkSpec<Kind>,
): Change {
  const {
    kind: kindName,
    link,
    index,
    altnames = [],
    options = {},
    port,
    ...given
  } = spec;
  const what = `add link ${spec.name ?? `of kind ${kindName}`}`;
  const settings = readSettings({ ...given });
  const name = spec.name === undefined
    ? undefined
    : take("link name", spec.name, text(15));
  const kind = kindNamed(take("link kind", kindName, text(15)));
  if (kind.lower) take(`link of ${kind.name}`, link, linkName);
  const wanted = index === undefined
    ? 0
    : take("link index", index, LINK_INDEX);
  const names = take("altnames", altnames, ALT_NAMES);
  const peer = kind.pair ? peerHere({ ...options }) : undefined;
  const upPeer = kind.pair ? peerToRaise({ ...options }) : undefined;
  const elsewhere = settings.values.netns !== undefined;
  if (elsewhere && (port || names.length > 0)) {
    throw new ArgumentError(
      "netns",
      settings.values.netns,
      "possible with altnames or port options, which apply to links of this namespace",
    );
  }
  if (name === undefined && (port || names.length > 0 || kind.device)) {
    throw new ArgumentError(
      "link name",
      name,
      "a name, which other names, port options and TUN devices need",
    );
  }
  if (name !== undefined && kind.device !== undefined) {
    const plain = { ...spec, options: { ...options } };
    return openLink(what, name, kind, kind.device, plain);
  }
  return checked({
    what,
    requests(known) {
      const body = new AttributeWriter().raw(ifinfomsg.build({
        ifi_index: wanted || known.creates(elsewhere ? undefined : name, peer),
        ifi_flags: settings.flags,
        ifi_change: settings.change,
      }));
      writeSettings(body, settings, known);
      if (link !== undefined) {
        body.u32(IFLA_LINK, known.index(take("link", link, linkName)));
      }
      writeLinkInfo(body, kind, { ...options }, known, true);
      const request: NetlinkRequest = {
        type: RTM_NEWLINK,
        flags: NLM_F_CREATE | NLM_F_EXCL,
        body: body.finish(),
        tried: what,
      };
      const further: Change[] = [];
      if (name !== undefined && names.length > 0) {
        further.push(addAltNames(name, names));
      }
      if (name !== undefined && port !== undefined) {
        further.push(setLink(name, { port }));
      }
      if (upPeer !== undefined) further.push(setLink(upPeer, { up: true }));
      return [request, ...further.flatMap((one) => one.requests(known))];
    },
    advice: (error) => adviseMaking(error, kind, options),
  });
}

/**
 * A link that is created by opening a device; its settings follow as messages.
 */
function openLink(
  what: string,
  name: string,
  kind: LinkKind,
  device: "tun" | "tap",
  spec: LinkSpec,
): Change {
  const { kind: _, name: __, options, altnames = [], link, index, ...rest } =
    spec;
  if (link !== undefined || index !== undefined) {
    throw new ArgumentError(
      `link ${kind.name}`,
      link ?? index,
      "possible for a TUN or TAP link, which has no lower link and an ifindex that the kernel chooses",
    );
  }
  const values = readOptions(kind.name, kind.options, { ...options });
  return checked({
    what,
    first: {
      link: name,
      description: `open /dev/net/tun for ${name} (TUNSETIFF, TUNSETPERSIST)`,
      run: (namespace) => makePersistentTun(name, device, values, namespace),
    },
    requests: (known) => [
      ...(altnames.length === 0
        ? []
        : addAltNames(name, altnames).requests(known)),
      ...setLink(name, rest).requests(known),
    ],
  });
}

/** The name of the veth peer if it is created in this namespace. */
function peerHere({ peer }: VethOptions): string | undefined {
  return peer?.netns === undefined ? peer?.name : undefined;
}

/**
 * The veth peer that has to be set up: the kernel rejects IFF_UP before both
 * ends exist.
 */
function peerToRaise(options: VethOptions): string | undefined {
  const { peer } = options;
  if (!peer?.up) return undefined;
  const name = peerHere(options);
  if (name === undefined) {
    throw new ArgumentError(
      "veth peer up",
      peer.up,
      "possible for a peer without a name or in another namespace",
    );
  }
  return name;
}

/**
 * Builds a change of a link's settings.
 *
 * Tunnels (gre, gretap, ipip, sit) reset the options that are not given: the
 * kernel replaces all of them.
 *
 * Source: ip-link(8), rtnetlink(7).
 *
 * @param link Its name or ifindex.
 * @param changes The settings to change.
 * @throws {ArgumentError} For an invalid value.
 *
 * @example
 * ```ts
 * import { setLink } from "@netplumb/netplumb";
 *
 * console.log(setLink("eth0", { up: true, mtu: 1400 }).what); // set link eth0
 * ```
 */
export function setLink<const Kind extends string>(
  link: string | number,
  changes: LinkChanges<Kind>,
): Change {
  const { kind: kindName, options = {}, port, ...given } = changes;
  const what = `set link ${link}`;
  const settings = readSettings({ ...given });
  if (kindName === undefined && Object.keys(options).length > 0) {
    throw new ArgumentError(
      "kind",
      kindName,
      `the link's kind, which its options need: one of ${
        KIND_NAMES.join(", ")
      }`,
    );
  }
  if (kindName !== undefined) take("link kind", kindName, text(15));
  const portOf = port && portKind(port.kind);
  if (port && portOf === undefined) {
    throw new ArgumentError("port", port.kind, PORT_KIND_NAMES.join(" or "));
  }
  return checked({
    what,
    requests(known) {
      const index = known.index(take("link", link, linkName));
      const requests: NetlinkRequest[] = [];
      const set = (
        head: { ifi_flags?: number; ifi_change?: number },
        write: (body: AttributeWriter) => void,
      ) => {
        const body = new AttributeWriter()
          .raw(ifinfomsg.build({ ifi_index: index, ...head }));
        write(body);
        requests.push({ type: RTM_NEWLINK, body: body.finish(), tried: what });
      };
      const { name, netns } = changes;
      const some = settings.change !== 0 ||
        Object.keys(settings.values).length > 0;
      if (some || kindName !== undefined) {
        const { flags: ifi_flags, change: ifi_change } = settings;
        set({ ifi_flags, ifi_change }, (body) => {
          writeSettings(body, settings, known);
          if (name !== undefined && netns === undefined) {
            known.calls(index, name);
          }
          if (kindName !== undefined) {
            writeLinkInfo(
              body,
              kindNamed(kindName),
              { ...options },
              known,
              false,
            );
          }
        });
      }
      if (port && portOf) {
        set({}, (body) => {
          writeLinkInfo(body, portOf, { ...port.options }, known, false);
        });
      }
      return requests;
    },
    advice: (error) =>
      adviseChanging(error, {
        link,
        kind: portOf ??
          (kindName === undefined ? undefined : kindNamed(kindName)),
        options: portOf ? { ...port?.options } : options,
        settings: given,
      }),
  });
}

/**
 * Builds a change that deletes a link; a veth peer is deleted with it.
 *
 * Source: ip-link(8), rtnetlink(7).
 *
 * @param link Its name or ifindex.
 * @throws {ArgumentError} For an invalid name or ifindex.
 *
 * @example
 * ```ts
 * import { deleteLink } from "@netplumb/netplumb";
 *
 * console.log(deleteLink("veth0").what); // delete link veth0
 * ```
 */
export function deleteLink(link: string | number): Change {
  const what = `delete link ${link}`;
  return checked({
    what,
    requests(known) {
      const ifi_index = known.index(take("link", link, linkName));
      const body = ifinfomsg.build({ ifi_index });
      return [{ type: RTM_DELLINK, body, tried: what }];
    },
  });
}

/**
 * Builds a change that deletes all links of a group in one message. The kernel
 * deletes a thousand links in the time of a few single deletions.
 *
 * Source: ip-link(8), rtnetlink(7).
 *
 * @param group Its number, or its name in /etc/iproute2/group.
 * @throws {ArgumentError} For an invalid group, and for group 0, the default
 *   group of all links.
 *
 * @example
 * ```ts
 * import { deleteLinkGroup } from "@netplumb/netplumb";
 *
 * console.log(deleteLinkGroup(7).what); // delete links of group 7
 * ```
 */
export function deleteLinkGroup(group: number | string): Change {
  const what = `delete links of group ${group}`;
  const number = Number(take("group", group, SETTINGS.group));
  if (number === 0) throw new ArgumentError("group", group, "one of your own");
  return checked({
    what,
    requests: () => [{
      type: RTM_DELLINK,
      body: new AttributeWriter().raw(ifinfomsg.build({}))
        .u32(IFLA_GROUP, number).finish(),
      tried: what,
    }],
  });
}
