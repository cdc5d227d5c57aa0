import { assertEquals, assertThrows } from "@std/assert";
import { parseIPv4 } from "../../../lib/net/ip_address.ts";
import {
  parseCidr,
  parseNetwork,
  tryParseCidr,
} from "../../../lib/net/prefix.ts";
import { ArgumentError } from "../../../lib/errors.ts";

Deno.test("prefix lengths", () => {
  assertEquals(parseCidr("10.0.0.1/24"), {
    address: parseIPv4("10.0.0.1"),
    prefix: 24,
  });
  assertEquals(parseCidr("10.0.0.1").prefix, 32);
  assertEquals(parseCidr("::/0").prefix, 0);
  assertEquals(parseCidr("2001:db8::1/128").prefix, 128);
  assertEquals(parseCidr("2001:db8::1").prefix, 128);
  for (
    const [short, long] of [
      ["10.1/16", "10.1.0.0/16"],
      ["0/0", "0.0.0.0/0"],
      ["10/255.0.0.0", "10.0.0.0/8"],
      ["192.0.2.0/255.255.255.0", "192.0.2.0/24"],
      ["10.9.8.0/255.255.252.0", "10.9.8.0/22"],
      ["::/0.0.0.0", undefined],
      ["2001:db8::/ffff:ffff::", "2001:db8::/32"],
    ] as const
  ) {
    assertEquals(tryParseCidr(short), long && parseCidr(long), short);
  }
  for (
    const bad of [
      "10.0.0.1/33",
      "::1/129",
      "10.0.0.1/",
      "10.0.0.1/-1",
      "10.0.0.1/024",
      "10.0.0.1/24/1",
      "10.0.0",
      "10.0.0.0/255.0.255.0",
      "10.0.0.0/ffff::",
      "2001:/16",
      "/24",
      "10.0.0.1/ 4",
      "10.0.0.1/1e1",
    ]
  ) {
    assertEquals(tryParseCidr(bad), undefined, bad);
  }
  assertThrows(
    () => parseCidr("10.0.0.1/40", "--address"),
    ArgumentError,
    '--address: "10.0.0.1/40" is not',
  );
});

Deno.test("networks: the host part has to be zero, and the error says what would be right", () => {
  for (
    const network of ["10.0.0.0/8", "10.9.8.0/22", "0.0.0.0/0", "::/0"]
      .concat(["2001:db8::/33", "192.0.2.1/32", "192.0.2.1", "fe80::1"])
  ) parseNetwork(network);
  for (
    const [wrong, right] of [
      ["10.9.9.1/22", "10.9.8.0/22"],
      ["128.0.0.0/0", "0.0.0.0/0"],
      ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
      ["192.0.2.1/31", "192.0.2.0/31"],
    ]
  ) {
    assertThrows(
      () => parseNetwork(wrong, "--route"),
      ArgumentError,
      `--route: "${wrong}" is not a network: that would be ${right}`,
    );
  }
});
