import { assertEquals } from "@std/assert";
import {
  checksum,
  checksumAdd,
  checksumUpdate,
  pseudoHeader4,
  pseudoHeader6,
} from "../../../lib/net/checksum.ts";

/** RFC 1071 as it reads: word by word, carries folded at the end. */
function plain(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i += 2) {
    sum += bytes[i] * 256 + (i + 1 < end ? bytes[i + 1] : 0);
  }
  while (sum > 0xffff) sum = sum % 65536 + Math.floor(sum / 65536);
  return sum;
}

Deno.test("the sum of any range at any alignment", () => {
  const buffer = new Uint8Array(70_000);
  for (let i = 0; i < buffer.length; i += 10_000) {
    crypto.getRandomValues(buffer.subarray(i, i + 10_000));
  }
  for (const shift of [0, 1, 2, 3, 7]) {
    const bytes = buffer.subarray(shift);
    for (let length = 0; length < 200; length++) {
      for (let start = 0; start < 4; start++) {
        assertEquals(
          checksumAdd(bytes, start, start + length),
          plain(bytes, start, start + length),
        );
      }
    }
    for (const length of [1499, 1500, 65_535, 65_536, 69_000]) {
      assertEquals(checksumAdd(bytes, 1, length), plain(bytes, 1, length));
    }
  }
});

Deno.test("the largest words do not overflow", () => {
  const bytes = new Uint8Array(1 << 20).fill(0xff);
  assertEquals(checksumAdd(bytes, 0, bytes.length), 0xffff);
  assertEquals(checksumAdd(bytes, 0, bytes.length, 0xfffff), 0xf);
  bytes.fill(0);
  assertEquals(checksumAdd(bytes, 0, bytes.length), 0);
  assertEquals(checksumAdd(bytes, 0, bytes.length, 0xffff), 0xffff);
});

Deno.test("nothing outside the bytes given is read", () => {
  const buffer = new Uint8Array(300).fill(0xab);
  const bytes = buffer.subarray(100, 200).fill(0);
  assertEquals(checksumAdd(bytes, 0, 10_000), 0);
  assertEquals(checksumAdd(bytes, 90, 10_000), 0);
  assertEquals(checksumAdd(bytes, 120, 10_000), 0);
  assertEquals(checksumAdd(bytes, 50, 40), 0);
});

Deno.test("two buffers in turn", () => {
  const one = new Uint8Array(100).fill(1);
  const two = new Uint8Array(100).fill(2);
  for (let i = 0; i < 3; i++) {
    assertEquals(checksumAdd(one, 0, 100), plain(one, 0, 100));
    assertEquals(checksumAdd(two, 0, 100), plain(two, 0, 100));
  }
});

Deno.test("the examples of the RFCs", () => {
  const bytes = Uint8Array.fromHex("0001f203f4f5f6f7");
  assertEquals(checksumAdd(bytes, 0, 8), 0xddf2);
  assertEquals(checksum(bytes, 0, 8), 0x220d);
  assertEquals(checksumUpdate(0xdd2f, 0x5555, 0x3285), 0x0000);
});

Deno.test("an update equals a fresh computation", () => {
  const bytes = new Uint8Array(64);
  for (let round = 0; round < 2_000; round++) {
    crypto.getRandomValues(bytes);
    if (round % 3 === 0) bytes.fill(round % 2 ? 0xff : 0, 8);
    const old = checksum(bytes, 2, 64);
    const before = checksumAdd(bytes, 20, 28);
    crypto.getRandomValues(bytes.subarray(20, 28));
    const after = checksumAdd(bytes, 20, 28);
    assertEquals(checksumUpdate(old, before, after), checksum(bytes, 2, 64));
  }
});

Deno.test("pseudo headers", () => {
  const pseudo4 = Uint8Array.fromHex("0a000001" + "0a0000fe" + "0006" + "0578");
  assertEquals(pseudoHeader4(pseudo4, 0, 6, 0x578), plain(pseudo4, 0, 12));
  const pseudo6 = Uint8Array.fromHex(
    "20010db8000000000000000000000001" + "fe8000000000000000000000fffefdfc" +
      "00012345" + "0000003a",
  );
  assertEquals(pseudoHeader6(pseudo6, 0, 58, 0x12345), plain(pseudo6, 0, 40));
});
