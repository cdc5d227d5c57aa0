import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import {
  formatLinkAddress,
  parseLinkAddress,
  tryParseLinkAddress,
} from "../../../lib/net/link_address.ts";

Deno.test("link-layer addresses of any length", () => {
  for (
    const text of [
      "02:00:5e:10:00:01",
      "00:00:00:00",
      "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1",
      "ff",
    ]
  ) {
    const bytes = parseLinkAddress(text);
    assertEquals(formatLinkAddress(bytes), text);
    const within = new Uint8Array(40);
    within.set(bytes, 3);
    assertEquals(formatLinkAddress(within, 3, bytes.length), text);
  }
  assertEquals(formatLinkAddress(new Uint8Array(0)), "");
  assertEquals(
    formatLinkAddress(parseLinkAddress("2:0:5E:10:0:1")),
    "02:00:5e:10:00:01",
  );
});

Deno.test("what is no link-layer address", () => {
  for (
    const bad of [
      "",
      ":",
      "02:00:5e:10:00:",
      "02:00:5e:10:00:100",
      "02-00-5e-10-00-01",
      "0x2:00",
      "02: 0",
      "g2:00",
      Array(33).fill("00").join(":"),
    ]
  ) {
    assertEquals(tryParseLinkAddress(bad), undefined, bad);
  }
  assertThrows(() => parseLinkAddress("02:zz", "--address"), ArgumentError);
});
