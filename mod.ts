/**
 * Linux network plumbing for Deno: UDP with packet info, TUN/TAP, rtnetlink.
 *
 * All of the public API. A program that imports only the part it needs, such as
 * `@netplumb/netplumb/udp`, starts faster.
 *
 * @module
 */

export * from "./lib/udp/mod.ts";
export * from "./lib/tun/mod.ts";
export * from "./lib/packet/mod.ts";
export * from "./lib/netlink/mod.ts";
export * from "./lib/rtnetlink/mod.ts";
export * from "./lib/ensure/mod.ts";
