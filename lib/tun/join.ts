// Checks before attaching to a multi-queue device in use. TUNSETIFF succeeds
// and ignores the requested flags, and the ioctls of the header, offloads,
// owner, group and persistence change the device for all its users.

import { IFF_PERSIST, IFF_VNET_HDR } from "../../ffi/uapi/linux_if_tun.ts";
import { HEADER } from "./batch.ts";
import { attachedTo, headerSize } from "./control.ts";
import { inUseError } from "./errors.ts";
import { type HeldDevice, heldDevice } from "./link_request.ts";
import type { ResolvedTunOptions } from "./options.ts";

/** "on, not off". */
function switched(name: string, is: boolean, wanted: boolean): string[] {
  if (is === wanted) return [];
  return [`${name} ${is ? "on" : "off"}, not ${wanted ? "on" : "off"}`];
}

function numbered(
  name: string,
  is: number | undefined,
  wanted: number | undefined,
): string[] {
  if (wanted === undefined || is === wanted) return [];
  return [
    `${is === undefined ? `no ${name}` : `${name} ${is}`}, not ${wanted}`,
  ];
}

/** The settings that determine the headers of packets. */
function framingDifferences(
  { packetInformation, header }: Pick<
    HeldDevice,
    "packetInformation" | "header"
  >,
  wanted: ResolvedTunOptions,
): string[] {
  return [
    ...switched(
      "packet information",
      packetInformation,
      wanted.packetInformation,
    ),
    ...switched(
      "the virtio-net header (offload)",
      header,
      wanted.offload !== false,
    ),
  ];
}

function differences(
  held: HeldDevice,
  wanted: ResolvedTunOptions,
): string[] {
  return [
    ...framingDifferences(held, wanted),
    ...(wanted.persist === undefined
      ? []
      : switched("persistence", held.persistent, wanted.persist)),
    ...numbered("owner", held.owner, wanted.owner),
    ...numbered("group", held.group, wanted.group),
    ...(wanted.carrier ? [] : ["a carrier of its own, not without"]),
  ];
}

/**
 * Compares a device in use with the requested settings before attaching to it.
 *
 * @param what The device's name in errors.
 * @throws {SystemError} EBUSY if it differs.
 */
export function checkBeforeJoin(
  what: string,
  wanted: ResolvedTunOptions,
): void {
  // Without multi-queue, the kernel rejects a second descriptor.
  if (!wanted.multiQueue || wanted.name.includes("%")) return;
  const held = heldDevice(wanted.name);
  if (held === undefined || held.queues === 0) return;
  const found = differences(held, wanted);
  if (found.length > 0) throw inUseError(what, found);
}

/**
 * Whether other processes hold the device that `fd` was just attached to, as
 * the only descriptor of this caller; then its settings are the requested ones.
 *
 * @throws {SystemError} EBUSY if they differ.
 */
export function isJoined(
  fd: number,
  name: string,
  what: string,
  wanted: ResolvedTunOptions,
): boolean {
  if (!wanted.multiQueue) return false;
  const { flags } = attachedTo(fd, what);
  const header = (flags & IFF_VNET_HDR) !== 0;
  const held: HeldDevice = heldDevice(name) ?? {
    queues: 1,
    // TUNGETIFF does not report it: IFF_NO_PI and IFF_NOFILTER are one bit.
    packetInformation: wanted.packetInformation,
    header,
    persistent: (flags & IFF_PERSIST) !== 0,
    owner: undefined,
    group: undefined,
  };
  // These two ioctls determine the headers, regardless of rtnetlink.
  const { packetInformation } = held;
  const framing = framingDifferences({ packetInformation, header }, wanted);
  if (framing.length > 0) throw inUseError(what, framing);
  if (held.queues <= 1) return false;
  const found = differences(held, wanted);
  if (wanted.offload !== false) {
    const size = headerSize(fd, what);
    if (size !== HEADER) {
      found.push(`a virtio-net header of ${size} bytes, not ${HEADER}`);
    }
  }
  if (found.length > 0) throw inUseError(what, found);
  return true;
}
