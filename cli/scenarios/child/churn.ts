// The child that keeps a network's links changing, in bursts as machines with
// containers do: made one by one, deleted together.

import { BareNetlink } from "../bare/netlink.ts";

const LINKS = 50;
const GROUP = 7;
/** Milliseconds of peace after each burst. */
const PAUSE = 20;

export async function churn(): Promise<void> {
  await using netlink = new BareNetlink();
  let ended = false;
  const end = Deno.stdin.readable.pipeTo(new WritableStream())
    .finally(() => ended = true);
  Deno.stdout.writeSync(new TextEncoder().encode("churning\n"));
  while (!ended) {
    for (let link = 0; link < LINKS; link++) {
      netlink.addVeth(`churn${link}`, `peer${link}`, { group: GROUP });
    }
    netlink.deleteGroup(GROUP);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  await end;
}
