// Interface names and numbers against what `ip` says of them.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import {
  interfaceIndex,
  interfaceIndexOf,
  interfaceName,
} from "../../../lib/net/interface_index.ts";
import { inNamespace } from "../../../lib/netns/namespace.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

Deno.test("interface index: those `ip link` shows, in the thread's namespace or a socket's", async () => {
  await using lab = await Lab.open("here", "there");
  // Other numbers than on the other side, and than at home.
  await lab.here.ip("link add filler type veth peer name relliff");
  await lab.veth("here", "fifteen-letters", "there", "eth0");
  const namespace = lab.here.name;
  await using socket = UdpSocket.bind({ namespace });
  const { fd } = socket.handle;
  const links = await lab.here.json<{ ifname: string; ifindex: number }>(
    "link show",
  );
  assertEquals(links.length, 4);
  for (const { ifname, ifindex } of links) {
    assertEquals(inNamespace(namespace, () => interfaceIndex(ifname)), ifindex);
    assertEquals(inNamespace(namespace, () => interfaceName(ifindex)), ifname);
    assertEquals(interfaceIndexOf(fd, ifname), ifindex);
  }
  for (
    const find of [interfaceIndex, (it: string) => interfaceIndexOf(fd, it)]
  ) {
    const error = assertThrows(
      () => inNamespace(namespace, () => find("eth0")),
      SystemError,
      "find interface eth0: ENODEV, no such device",
    );
    assertEquals(error.code, "ENODEV");
  }
  assertEquals(interfaceName(4711), undefined);
});

Deno.test("interface index: a number stands for itself, whether or not it is there", () => {
  assertEquals(interfaceIndex("4711"), 4711);
  assertEquals(interfaceIndexOf(-1, "4711"), 4711);
  assertEquals(interfaceIndexOf(-1, 4711), 4711);
});

Deno.test("interface index: what can be none is refused before any system call", () => {
  for (const name of ["", ".", "a/b", "sixteen-letters-", "2147483648"]) {
    assertThrows(() => interfaceIndex(name), ArgumentError, "interface: ");
    assertThrows(
      () => interfaceIndexOf(-1, name),
      ArgumentError,
      "interface: ",
    );
  }
  for (const index of [-1, 0.5, NaN, 2 ** 31]) {
    assertThrows(() => interfaceIndexOf(-1, index), ArgumentError);
  }
});
