// Control messages, as recvmsg() leaves them in a buffer.

import {
  ControlMessages,
  RECEIVE_CONTROL_SIZE,
  writeIn6Pktinfo,
  writeInPktinfo,
  writeSegmentSize,
  writeTrafficClass,
  writeTtl,
} from "../../../lib/socket/control_messages.ts";
import {
  type ControlFields,
  setControlFields,
} from "../../../lib/udp/datagram.ts";
import { writeReplySource } from "../../../lib/udp/reply.ts";
import type { Target } from "../target.ts";

const found = new ControlMessages();
const reply = new Int32Array(32);

function written(write: (words: Int32Array) => number): Uint8Array {
  const words = new Int32Array(RECEIVE_CONTROL_SIZE / 4);
  return new Uint8Array(words.buffer, 0, write(words)).slice();
}

export const control: Target = {
  name: "control",
  seeds: () => [
    written((words) => writeInPktinfo(words, 0, 2, 0x0100007f)),
    written((words) => {
      let at = writeIn6Pktinfo(words, 0, 3, 0, 0, 0xffff0000 | 0, 0x0100007f);
      at += writeInPktinfo(words, at, 3, 0x0100007f);
      at += writeTtl(words, at, true, 64);
      at += writeTrafficClass(words, at, true, 3);
      return at + writeSegmentSize(words, at, 1200);
    }),
    written((words) => {
      let at = writeIn6Pktinfo(words, 0, 1, 0x80fe, 0, 0, 1);
      at += writeTtl(words, at, false, 1);
      return at + writeTrafficClass(words, at, false, 255);
    }),
  ],
  read(arena, start, length) {
    const words = new Int32Array(arena);
    const view = new DataView(arena);
    const bytes = new Uint8Array(arena);
    found.decode(words, view, start, length);
    const fields: ControlFields = { control: [] };
    setControlFields(fields, bytes, view, found);
    let reported = JSON.stringify(
      fields,
      (_, value) => typeof value === "bigint" ? `${value}` : value,
    );
    for (const ipv4 of [true, false]) {
      reply.fill(0);
      const size = writeReplySource(
        words,
        found,
        ipv4,
        ipv4,
        undefined,
        reply,
        0,
      );
      reported += `${size}:${reply.subarray(0, size / 4)};`;
    }
    return reported;
  },
};
