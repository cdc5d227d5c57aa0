// Capabilities of this process.

/** The capabilities that netplumb uses, by their bit. */
const BITS = {
  CAP_NET_BIND_SERVICE: 10,
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_ADMIN: 21,
} as const;

export type Capability = keyof typeof BITS;

/** The effective capabilities among these. */
export function effectiveCapabilities(): Set<Capability> {
  const status = Deno.readTextFileSync("/proc/self/status");
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1]}`);
  const names = Object.keys(BITS) as Capability[];
  return new Set(names.filter((name) => mask >> BigInt(BITS[name]) & 1n));
}

/**
 * Whether this process is in a user namespace other than the initial one: its
 * capabilities apply only to network namespaces of that namespace.
 */
export function inUserNamespace(): boolean {
  const map = Deno.readTextFileSync("/proc/self/uid_map").trim();
  return !/^0\s+0\s+4294967295$/.test(map);
}
