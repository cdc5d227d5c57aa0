// Carries packets between two TUN devices, each in a network namespace of its
// own.
//
//   tun_forward.ts NAMESPACE NAMESPACE plain|offload

import { PacketBatch, Tun } from "../../mod.ts";

const offload = Deno.args[2] === "offload";
await using left = Tun.open({ name: "tun0", namespace: Deno.args[0], offload });
await using right = Tun.open({
  name: "tun0",
  namespace: Deno.args[1],
  offload,
});
console.log("listening on both");

async function carry(from: Tun, to: Tun): Promise<void> {
  const batch = new PacketBatch(64, { whole: true });
  for await (const _ of from.batches({ batch })) {
    // Refused packets are lost, as on any link.
    await to.writeMany(batch, { onRejected() {} });
  }
}

await Promise.all([carry(left, right), carry(right, left)]);
