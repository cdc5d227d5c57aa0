// What to do where a kind of link, an option or a setting of one is refused and
// the kernel does not say why.

import { EINVAL, EOPNOTSUPP } from "../../../ffi/errno.ts";
import type { NetlinkError } from "../../netlink/errors.ts";
import type { LinkKind } from "../kinds/kind.ts";

/** Of a link that was to be made. */
export function adviseMaking(
  { errno, ack }: NetlinkError,
  { name, module = name }: LinkKind,
  options: object,
): string | undefined {
  if (errno !== EOPNOTSUPP) return undefined;
  if (ack.message?.includes("Unknown device type")) {
    return `This kernel makes no links of kind ${name}: it lacks the module ` +
      `${module}, which modprobe(8) loads if it is there`;
  }
  const words = Object.keys(options);
  return words.length === 0
    ? undefined
    : `This kernel's ${module} lacks one of ${words.join(", ")}`;
}

/** What was to be changed of a link. */
interface Changed {
  /** Its name. */
  readonly link: string | number;
  /** Its kind, or what it is to its master, where options of it were given. */
  readonly kind: LinkKind | undefined;
  /** Those options. */
  readonly options: object;
  /** What else was to be set. */
  readonly settings: object;
}

/** Of a link that was to be changed. */
export function adviseChanging(
  { errno, ack }: NetlinkError,
  { link, kind, options, settings }: Changed,
): string | undefined {
  if (ack.message !== undefined) return undefined;
  if (errno !== EOPNOTSUPP && errno !== EINVAL) return undefined;
  if (kind !== undefined) {
    const { name, module = name } = kind;
    const words = Object.keys(options).join(", ");
    return `${link} is no ${name}` +
      (words === ""
        ? ""
        : `, or this kernel's ${module} lacks one of ${words}`);
  }
  const words = Object.keys(settings).filter((word) => word !== "master");
  const parts = words.length === 0
    ? []
    : [`${link} cannot have ${words.join(" or ")} set like that`];
  if ("master" in settings) {
    parts.push("A master is a bridge, a bond or a VRF, and lo has none");
  }
  return parts.length === 0 ? undefined : parts.join(". ");
}
