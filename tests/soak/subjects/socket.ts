// A UdpSocket in the main thread that replies to requests; on request, it
// also waits in a namespace until that is gone.

import { UdpSocket } from "../../../lib/udp/socket.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import { arrived, sayMemory, visits } from "../subject.ts";

const socket = UdpSocket.bind({ port: 8889, receiveBuffer: 4 << 20 });
const counts = { answered: 0, refused: 0, visits: 0 };
sayMemory(() => counts);

/** Waits on a socket without traffic. */
async function visit(namespace: string, signal: AbortSignal): Promise<void> {
  await using other = UdpSocket.bind({ namespace });
  arrived();
  await other.receive({ signal }).catch((error) => {
    if (!signal.aborted) throw error;
  });
  counts.visits++;
}

visits(visit);
const received = new ReceiveBatch();
const answers = new SendBatch(received.size);
for (;;) {
  await socket.receiveMany(received);
  for (let slot = 0; slot < received.count; slot++) {
    answers.reply(received, slot);
  }
  try {
    await socket.sendMany(answers);
  } catch {
    // Its link is down for the moment, and so is the way back.
    counts.refused++;
  }
  counts.answered += received.count;
}
