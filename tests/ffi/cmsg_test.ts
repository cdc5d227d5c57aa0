// The walk over control messages against the C library's macros.

import { assert, assertEquals } from "@std/assert";
import {
  CMSG_ALIGN,
  CMSG_DATA,
  CMSG_FIRSTHDR,
  CMSG_LEN,
  CMSG_NXTHDR,
} from "../../ffi/uapi/sys_socket.ts";
import { runC } from "../support/c.ts";

const HEADER = CMSG_LEN(0);

/** The messages that are there with all their data: "offset length level type". */
function walk(control: Uint8Array<ArrayBuffer>, length: number): string[] {
  const words = new Int32Array(control.buffer);
  const found: string[] = [];
  for (
    let at = CMSG_FIRSTHDR(0, length);
    at >= 0;
    at = CMSG_NXTHDR(words, at, length)
  ) {
    assert(found.length < 100, "the walk ends");
    const word = at >> 2;
    const size = words[word];
    if (words[word + 1] === 0 && size >= HEADER && size <= length - at) {
      found.push(`${at} ${size} ${words[word + 2]} ${words[word + 3]}`);
    }
  }
  return found;
}

/** Reproducible numbers below `limit`, by xorshift. */
function random(seed: number): (limit: number) => number {
  return (limit) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % limit;
  };
}

/** Control buffers, most with at least one length that cannot be. */
function buffers(count: number): Uint8Array<ArrayBuffer>[] {
  const below = random(7);
  const wrong = [0, 1, 15, 17, 25, 255, 4096, 0x7fffffff, -1, -16, 1 << 31];
  return Array.from({ length: count }, () => {
    const control = new Uint8Array(8 * below(25));
    const words = new Int32Array(control.buffer);
    for (let word = 0; word + 4 <= words.length;) {
      const size = below(4) === 0
        ? wrong[below(wrong.length)]
        : HEADER + below(30);
      words[word] = size;
      words[word + 1] = size < 0 ? -1 : below(16) === 0 ? 1 : 0;
      words[word + 2] = below(50);
      words[word + 3] = below(50);
      word += size >= HEADER && size < 64 ? CMSG_ALIGN(size) / 4 : 4;
    }
    return control;
  });
}

Deno.test("cmsg: the walk finds what CMSG_FIRSTHDR and CMSG_NXTHDR of C find, impossible lengths included", async () => {
  const controls = buffers(400);
  const printed = await runC(
    "walk",
    `#include <stdio.h>
     #include <string.h>
     #include <sys/socket.h>
     int main(int argc, char **argv) {
       for (int i = 1; i < argc; i++) {
         // Beyond the end too there is something: old macros peek at it.
         _Alignas(8) unsigned char control[4096 + 512] = {0};
         size_t length = strlen(argv[i]) / 2;
         for (size_t b = 0; b < length; b++)
           sscanf(argv[i] + 2 * b, "%2hhx", control + b);
         struct msghdr m = {.msg_control = control, .msg_controllen = length};
         for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
           size_t at = (unsigned char *)c - control;
           if (c->cmsg_len >= sizeof *c && c->cmsg_len <= length - at)
             printf("%zu %zu %d %d;", at, (size_t)c->cmsg_len, c->cmsg_level,
               c->cmsg_type);
           if (c->cmsg_len > length - at) break; // glibc < 2.37 goes astray
         }
         printf("\\n");
       }
     }`,
    controls.map((control) => control.toHex()),
  );
  const theirs = printed.split("\n").slice(0, -1);
  const ours = controls.map((control) =>
    walk(control, control.length).map((line) => `${line};`).join("")
  );
  assertEquals(ours, theirs);
  assert(ours.some((line) => line.split(";").length > 4), "some are long");
});

Deno.test("cmsg: a message cut by the end of the buffer ends the walk", () => {
  const control = new Uint8Array(64);
  const words = new Int32Array(control.buffer);
  words.set([CMSG_LEN(12), 0, 0, 8]);
  words.set([CMSG_LEN(4), 0, 0, 2], 8);
  const first = "0 28 0 8";
  const second = "32 20 0 2";
  assertEquals(walk(control, 52), [first, second]);
  assertEquals(walk(control, 51), [first], "three of four bytes of data");
  assertEquals(walk(control, 48), [first], "only its header");
  assertEquals(walk(control, 47), [first], "not even that");
  assertEquals(walk(control, 28), [first], "the padding may be missing");
  assertEquals(walk(control, 27), []);
  assertEquals(walk(control, 15), []);
  assertEquals(walk(control, 0), []);
  assertEquals(CMSG_DATA(32), 48);
  // Rounded up, this one would be negative.
  words[0] = 0x7fffffff;
  assertEquals(CMSG_NXTHDR(words, 0, 64), -1);
});
