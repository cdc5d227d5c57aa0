import { assertEquals, assertThrows } from "@std/assert";
import { parseIPv4 } from "../../lib/address.ts";
import { parseCidr, tryParseCidr } from "../../lib/cidr.ts";
import { ArgumentError } from "../../lib/errors.ts";

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
    const bad of [
      "10.0.0.1/33",
      "::1/129",
      "10.0.0.1/",
      "10.0.0.1/-1",
      "10.0.0.1/024",
      "10.0.0.1/24/1",
      "10.0.0/24",
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
