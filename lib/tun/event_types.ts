/**
 * Events of a TUN or TAP device.
 *
 * @module
 */

export type {
  MonitoredEvent,
  TunAddressEvent,
  TunEvent,
  TunGoneEvent,
  TunLinkEvent,
  TunMtuEvent,
  TunRenamedEvent,
} from "./events.ts";
