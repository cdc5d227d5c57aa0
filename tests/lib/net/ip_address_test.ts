import { assertEquals, assertThrows } from "@std/assert";
import {
  formatAddress,
  formatIPv4,
  formatIPv6,
  isLinkLocal,
  isMapped,
  isMulticast,
  parseAddress,
  parseIPv4,
  parseIPv6,
  toMapped,
  tryParseAddress,
  tryParseIPv4,
  tryParseIPv6,
} from "../../../lib/net/ip_address.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { compileC } from "../../support/c.ts";

// The oracle: glibc's own inet_pton and inet_ntop, a line in, a line out.
const ORACLE = `
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
int main(void) {
  char line[256], text[64];
  unsigned char a[16];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\\n")] = 0;
    int family = line[0] == '4' ? AF_INET : AF_INET6;
    if (inet_pton(family, line + 1, a) != 1) { puts("-"); continue; }
    for (int i = 0; i < (family == AF_INET ? 4 : 16); i++) printf("%02x", a[i]);
    printf(" %s\\n", inet_ntop(family, a, text, sizeof text));
  }
}`;

async function oracle(lines: string[]): Promise<string[]> {
  await using program = await compileC(ORACLE);
  const child = new Deno.Command(program.path, {
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(
    new TextEncoder().encode(lines.join("\n") + "\n"),
  ).then(() => writer.close());
  const { stdout } = await child.output();
  await written;
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

function ours(line: string): string {
  const text = line.slice(1);
  const bytes = line[0] === "4" ? tryParseIPv4(text) : tryParseIPv6(text);
  return bytes ? `${bytes.toHex()} ${formatAddress(bytes)}` : "-";
}

const EDGES = `0.0.0.0 255.255.255.255 1.2.3.4 01.2.3.4 1.2.3.04 00.0.0.0
  256.1.1.1 1.2.3 1.2.3.4.5 1.2.3. .1.2.3 1..2.3 1.2.3.4x 0x1.2.3.4 1.2.3.-4
  +1.2.3.4 1.2.3.999 1.2.3.1000 :: ::1 1:: ::1.2.3.4 ::0.0.0.1 ::0.1.0.0
  ::ffff:1.2.3.4 ::ffff:0:0 ::ffff:0.0.0.0 ::fffe:1.2.3.4 ::1:1.2.3.4
  1::1.2.3.4 1:2:3:4:5:6:1.2.3.4 1:2:3:4:5:6:7:1.2.3.4 1:2:3:4:5:1.2.3.4
  ::1.2.3 ::1.2.3.256 ::01.2.3.4 ::1.2.3.4:5 1.2.3.4::
  1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1:2:3:4:5:6:7::8
  1:2:3:4::5:6:7:8 1:2:3:4:5:6:7:8:9 1:2:3:4:5:6:7 1:2:3:4:5:6:7: :1:2:3
  :1::2 1::2::3 ::: :::: : 1: :1 1:::2 12345::1 g::1 FFFF::ABCD 00001::1
  0:0:0:0:0:0:0:0 1:0:0:2:0:0:0:3 1:0:0:0:2:0:0:3 0:0:1:0:0:1:0:0
  1:0:2:0:3:0:4:0 0:1:0:2:0:3:0:4 fe80::1%eth0 ::1/64 2001:db8:0:0:1:0:0:1
  0:0:0:0:0:1:0:0 0:0:0:0:0:ffff:102:304 64:ff9b::1.2.3.4 ff02::fb
  ::ffff:1:0:0 ::ffff:0:1:2 0:0:0:0:1:ffff:102:304`.split(/\s+/);

Deno.test("addresses read and print as glibc does, edges", async () => {
  const lines = EDGES.flatMap((text) => ["4" + text, "6" + text]);
  lines.push("4", "6", "6 ::1", "6::1 ", "4 1.2.3.4", "41.2.3.4 ");
  assertEquals(lines.map(ours), await oracle(lines));
});

Deno.test("addresses read and print as glibc does, 200,000 random", async () => {
  const lines: string[] = [];
  const raw = new Uint8Array(16);
  for (let i = 0; i < 50_000; i++) {
    crypto.getRandomValues(raw);
    lines.push("4" + formatIPv4(raw, 3));
    // Words are zero or small more often than chance would have it.
    for (let w = 0; w < 16; w += 2) {
      if (raw[w] & 1) raw[w] = raw[w + 1] = 0;
      else if (raw[w] & 2) raw[w] = 0;
    }
    lines.push("6" + raw.toHex().replace(/....(?!$)/g, "$&:"));
    // Nearly right: characters that belong, in an order that may not.
    const alphabet = raw[1] & 1 ? "0123456789." : "01fF:::..2";
    const length = raw[3] & 15;
    let text = "";
    for (let j = 0; j < length; j++) {
      text += alphabet[Math.floor(Math.random() * alphabet.length)];
    }
    lines.push("4" + text, "6" + text);
  }
  const expected = await oracle(lines);
  assertEquals(expected.length, lines.length);
  for (let i = 0; i < lines.length; i++) {
    if (ours(lines[i]) !== expected[i]) {
      throw new Error(`${lines[i]}: ${ours(lines[i])}, glibc ${expected[i]}`);
    }
  }
});

Deno.test("addresses are printed from where they stand", () => {
  const bytes = new Uint8Array(40).fill(0xee);
  bytes.set([192, 0, 2, 1], 5);
  assertEquals(formatIPv4(bytes, 5), "192.0.2.1");
  bytes.set(parseIPv6("2001:db8::1"), 11);
  assertEquals(formatIPv6(bytes, 11), "2001:db8::1");
  bytes.set(parseIPv6("::ffff:192.0.2.1"), 11);
  assertEquals(formatIPv6(bytes, 11), "::ffff:192.0.2.1");
  assertEquals(isMapped(bytes, 11), true);
  assertEquals(isMapped(bytes, 30), false);
  assertThrows(() => formatAddress(bytes), ArgumentError, "40 bytes");
});

Deno.test("an address may carry a zone, an IPv4 one may not", () => {
  assertEquals(parseAddress("fe80::1%eth0"), {
    address: parseIPv6("fe80::1"),
    zone: "eth0",
  });
  assertEquals(parseAddress("fe80::1%7").zone, "7");
  assertEquals(parseAddress("::1"), { address: parseIPv6("::1") });
  assertEquals(parseAddress("10.0.0.1"), { address: parseIPv4("10.0.0.1") });
  for (
    const bad of [
      "fe80::1%",
      "10.0.0.1%eth0",
      "fe80::1%a b",
      "fe80::1%a/b",
      "fe80::1%a%b",
      "fe80::1%sixteenletters__",
      "%eth0",
      "",
      "localhost",
    ]
  ) {
    assertEquals(tryParseAddress(bad), undefined, bad);
  }
});

Deno.test("what parse rejects is reported with the argument's name", () => {
  const error = assertThrows(
    () => parseIPv4("1.2.3", "--bind"),
    ArgumentError,
    '--bind: "1.2.3" is not an IPv4 address',
  );
  assertEquals(error.argument, "--bind");
  assertThrows(() => parseIPv6("1.2.3.4"), ArgumentError, "IPv6");
  assertThrows(() => parseAddress("nowhere"), ArgumentError, "address");
});

Deno.test("kinds of addresses", () => {
  const kinds = (text: string) => {
    const { address } = parseAddress(text);
    return [isMulticast(address), isLinkLocal(address), isMapped(address)];
  };
  assertEquals(kinds("223.255.255.255"), [false, false, false]);
  assertEquals(kinds("224.0.0.1"), [true, false, false]);
  assertEquals(kinds("239.255.255.255"), [true, false, false]);
  assertEquals(kinds("240.0.0.1"), [false, false, false]);
  assertEquals(kinds("169.254.3.4"), [false, true, false]);
  assertEquals(kinds("169.253.3.4"), [false, false, false]);
  assertEquals(kinds("ff02::1"), [true, false, false]);
  assertEquals(kinds("fe80::1"), [false, true, false]);
  assertEquals(kinds("febf::1"), [false, true, false]);
  assertEquals(kinds("fec0::1"), [false, false, false]);
  assertEquals(kinds("::ffff:1.2.3.4"), [false, false, true]);
  assertEquals(kinds("::1.2.3.4"), [false, false, false]);
  assertEquals(toMapped(parseIPv4("1.2.3.4")), parseIPv6("::ffff:1.2.3.4"));
});
