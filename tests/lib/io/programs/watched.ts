// What a program under `deno run --watch` opens, for watch_test.ts: the same
// port, a device of the same name and a monitor, all of them waiting.

import { Monitor, Tun, UdpSocket } from "../../../../mod.ts";

export const PORT = 39021;
export const DEVICE = "watched0";

/** What a start of the program prints. */
export interface Started {
  readonly generation: number;
  readonly pid: number;
  /** What failed. */
  readonly error?: string;
}

/** Opens everything and waits; resolves once it does. */
export async function watched(generation: number): Promise<void> {
  const report = (error?: string) => {
    const started: Started = { generation, pid: Deno.pid, error };
    console.log(JSON.stringify(started));
  };
  try {
    const socket = UdpSocket.bind({ address: "127.0.0.1", port: PORT });
    const other = UdpSocket.bind({ address: "::1", port: PORT });
    const tun = Tun.open({ name: DEVICE });
    const monitor = await Monitor.open();
    const waits = [
      (async () => {
        for await (const datagram of socket) await socket.reply(datagram, "x");
      })(),
      other.receive(),
      tun.read(),
      monitor.receive(),
    ];
    for (const wait of waits) wait.catch((error) => report(String(error)));
    // By then they are asleep.
    setTimeout(report, 20);
  } catch (error) {
    report(String(error));
  }
}
