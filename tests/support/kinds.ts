// What kernels differ in. Where one lacks a kind of link, the test is
// counted as ignored and its name says what was not there; `deno task kernels`
// runs it on a kernel that has them.

import { Tun } from "../../lib/tun/device.ts";
import { Lab, type Netns, output } from "./netns.ts";

const known = new Map<string, boolean>();

/** Whether the kernel supports `ip link add` with these arguments. */
export async function kernelHas(words: string): Promise<boolean> {
  const before = known.get(words);
  if (before !== undefined) return before;
  const command = `-n ip link add name probe ${words}`;
  const { stderr } = await output("unshare", command.split(" "));
  // Other errors mean that the kernel supports the kind.
  const has = !/Unknown device type|not supported/.test(stderr);
  known.set(words, has);
  return has;
}

/** Whether the kernel supports routes with this encapsulation. */
export async function kernelEncapsulates(words: string): Promise<boolean> {
  await using lab = await Lab.open("probe");
  const route = `-6 route add 2001:db8::/32 dev lo encap ${words}`;
  const { stderr } = await lab.probe.output("ip", route.split(" "));
  return !/not supported/.test(stderr);
}

/**
 * A test that is ignored, and says so, where a kernel falls short.
 *
 * @param lack What of this kernel keeps the test from running, if anything.
 */
export function testUnless(
  lack: string | undefined,
  name: string,
  fn: () => void | Promise<void>,
): void {
  const ignore = lack !== undefined;
  const why = ignore ? ` (this kernel ${lack})` : "";
  Deno.test({ name: name + why, ignore, fn });
}

/**
 * A test that needs the kernel to have some kinds of links.
 *
 * @param needs What follows `ip link add`, "type vlan" for one.
 */
export async function testWith(
  needs: readonly string[],
  name: string,
  fn: () => Promise<void>,
): Promise<void> {
  const missing: string[] = [];
  for (const words of needs) {
    if (!await kernelHas(words)) missing.push(words.replace("type ", ""));
  }
  const lack = missing.length > 0 ? `has no ${missing.join(", ")}` : undefined;
  testUnless(lack, name, fn);
}

const [major, minor] = Deno.osRelease().split(".").map(Number);

/**
 * Whether this kernel renames links that are up. Before 6.2 they refuse that,
 * as "device or resource busy".
 */
export const RENAMES_UP = major > 6 || major === 6 && minor >= 2;

/** A test that renames links while they are up. */
export function testOfRenaming(name: string, fn: () => Promise<void>): void {
  testUnless(
    RENAMES_UP ? undefined : "renames no link that is up",
    name,
    fn,
  );
}

/**
 * Renames a link that is up, if need be by way of one that is down for a moment:
 * then more is reported it.
 *
 * @returns Whether it stayed up.
 */
export async function renameUp(
  netns: Netns,
  name: string,
  to: string,
): Promise<boolean> {
  await netns.batch(
    RENAMES_UP ? `link set ${name} name ${to}` : `
      link set ${name} down
      link set ${name} name ${to}
      link set ${to} up`,
  );
  return RENAMES_UP;
}

/** What a test that joins UDP says of kernels that do not. */
export const NO_JOINED_UDP = "has no UDP segmentation offload";

/** Whether TUN devices may leave UDP undivided, as kernels from 6.2 on do. */
export async function kernelJoinsUdp(): Promise<boolean> {
  await using lab = await Lab.open("probe");
  await using tun = Tun.open({ namespace: lab.probe.name, offload: true });
  return tun.offload?.uso ?? false;
}
