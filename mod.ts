/**
 * Linux network plumbing for Deno: UDP with packet info, TUN/TAP, rtnetlink.
 *
 * @module
 */

export * from "./lib/address.ts";
export { type BpfProgram, bpfProgram } from "./lib/bpf_program.ts";
export * from "./lib/cidr.ts";
export { realTime } from "./lib/clock.ts";
export * from "./lib/errors.ts";
export * from "./lib/interface_name.ts";
export * from "./lib/link_address.ts";
export { SystemError, type SystemErrorContext } from "./ffi/errno.ts";
export { inNamespace, type Namespace } from "./lib/namespace.ts";
export { TemporaryNamespace } from "./lib/temporary_namespace.ts";
export {
  BlockingPoll,
  type Pollable,
  StopEvent,
  type Woken,
} from "./lib/io/blocking_poll.ts";
export { Descriptor, type DescriptorOptions } from "./lib/io/descriptor.ts";
export { interfaceIndex, interfaceName } from "./lib/interface_index.ts";
export type { Attempt, WaitOptions } from "./lib/io/reactor.ts";
export * from "./lib/udp/mod.ts";
export * from "./lib/packet/mod.ts";
export * from "./lib/netlink/mod.ts";
export * from "./lib/route/mod.ts";
export * from "./lib/tun/mod.ts";
