// Link kinds without options. Source: ip-link(8).

import { type LinkKind, linkKind } from "./kind.ts";

/** The options of a kind without options. */
export type NoOptions = Readonly<Record<string, never>>;

/** A kind without options, or with unknown ones. */
export function plainKind(name: string): LinkKind<NoOptions> {
  return linkKind<NoOptions>(name, () => ({}));
}

/** Drops what is sent to it. */
export const dummy: LinkKind<NoOptions> = plainKind("dummy");

/** Shapes received traffic. */
export const ifb: LinkKind<NoOptions> = plainKind("ifb");

/** Receives a copy of all netlink messages. */
export const nlmon: LinkKind<NoOptions> = plainKind("nlmon");

/** A virtual CAN bus. */
export const vcan: LinkKind<NoOptions> = plainKind("vcan");

/** WireGuard, without its keys and peers. */
export const wireguard: LinkKind<NoOptions> = plainKind("wireguard");
