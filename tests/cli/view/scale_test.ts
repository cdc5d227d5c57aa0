// The page of `netplumb view` with many links and namespaces, and in a storm of
// events.

import { assert, assertEquals } from "@std/assert";
import { TestBrowser } from "../../support/browser.ts";
import { Lab, run } from "../../support/netns.ts";
import { SLOWNESS } from "../../support/timing.ts";
import { EventStream, ViewServer } from "./serve.ts";

Deno.test("the page shows 1,000 links and survives a storm", async (test) => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  const numbers = Array.from({ length: 499 }, (_, index) => index);
  await here.batch([
    "link add br0 type bridge",
    "link set br0 up",
    ...numbers.flatMap((number) => [
      `link add p${number} type veth peer name q${number}`,
      `link set p${number} master br0`,
    ]),
  ].join("\n"));
  await using browser = await TestBrowser.open();
  await using server = await ViewServer.open([here]);
  const { page, errors } = await browser.page(server.url);
  const rows = page.locator("#links tr[data-link]");

  await test.step("the table scrolls from the first to the last", async () => {
    await page.locator(".count", { hasText: /^1000 links$/ }).waitFor();
    await rows.first().getByText("lo", { exact: true }).waitFor();
    // Only what is visible has elements.
    assert(await rows.count() < 60);
    await page.evaluate(
      "document.querySelector('#links .scroll').scrollTop = 1e9",
    );
    await page.locator("#links tr[aria-rowindex='1001']").waitFor();
    const last = (await here.json<{ ifname: string }>("link show")).at(-1)!;
    await rows.last().getByText(last.ifname, { exact: true }).waitFor();
    await rows.last().focus();
    await page.keyboard.press("Home");
    await page.locator("#links tr[aria-rowindex='2']:focus").waitFor();
  });

  await test.step("the topology has a tile for each link", async () => {
    await page.locator("#topology .tile").nth(997).waitFor();
    await page.locator("#search").fill("p77");
    await page.keyboard.press("Enter");
    await page.locator("#topology .tile:not(.is-dim)").first().waitFor();
    assertEquals(await page.locator("#topology .tile:not(.is-dim)").count(), 1);
    await page.locator("#search").fill("");
  });

  await test.step("100,000 events do not stall the page", async () => {
    await using stream = await EventStream.open(`${server.url}updates`);
    await stream.next();
    await page.evaluate(`
      globalThis.longest = 0;
      let last = performance.now();
      const step = (now) => {
        globalThis.longest = Math.max(globalThis.longest, now - last);
        last = now;
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    `);
    // A change of a group is an event of each of its links.
    const changes = Array.from(
      { length: 100 },
      (_, number) => `link set group default mtu ${1300 + number}`,
    );
    const started = performance.now();
    await here.batch([
      ...changes,
      "link set br0 mtu 1333",
      "address add 192.0.2.77/24 dev br0",
      "link set q0 mtu 1444",
      "link delete p1",
      "link set br0 alias end",
    ].join("\n"));
    await page.locator(".count", { hasText: /^998 links$/ }).waitFor();
    await page.locator("#topology", { hasText: "“end”" }).waitFor();
    const seconds = (performance.now() - started) / 1000;
    // The state of the kernel. What an overrun has lost, the next dump brings.
    const row = page.locator("#links tr[data-link]").filter({
      has: page.getByText("br0", { exact: true }),
    });
    const [{ mtu, addr_info }] = await here.json<
      { mtu: number; addr_info: { local: string; prefixlen: number }[] }
    >("address show br0");
    assertEquals(mtu, 1333);
    for (const { local, prefixlen } of addr_info) {
      await row.getByText(`${local}/${prefixlen}`).first().waitFor();
    }
    await row.getByText("1333").first().waitFor();
    const longest = await page.evaluate<number>("globalThis.longest");
    // Generous: other tests use the processors too.
    assert(longest < 5000 * SLOWNESS, `${longest} ms between frames`);
    const metrics = await (await fetch(`${server.url}metrics`)).text();
    const total = (name: string) =>
      Number(
        new RegExp(`^netplumb_monitor_${name} (.*)$`, "m").exec(metrics)![1],
      );
    const events = total('events_total{netplumb_object="link"}');
    assert(
      events >= 100_000 || total("overruns_total") > 0,
      `${events} events`,
    );
    // Ten updates a second at most.
    let updates = 0;
    for (let text = ""; !text.includes('"end"'); updates++) {
      text = (await stream.next()).data;
    }
    assert(updates <= 10 * seconds + 5, `${updates} in ${seconds} s`);
  });

  await test.step("the console has no error", () => assertEquals(errors, []));
});

Deno.test("the page is readable with 120 namespaces", async () => {
  await using lab = await Lab.open("hub");
  const { hub } = lab;
  const hosts = Array.from({ length: 120 }, (_, n) => `${hub.name}${n + 1}`);
  const batch = (lines: string[]) =>
    run("ip", ["-batch", "-"], { stdin: `${lines.join("\n")}\n` });
  try {
    await batch(hosts.map((name) => `netns add ${name}`));
    await hub.batch([
      "link add br0 type bridge",
      ...hosts.flatMap((name, number) => [
        `link add port${number} type veth peer name eth0 netns ${name}`,
        `link set port${number} master br0 up`,
      ]),
    ].join("\n"));
    await using browser = await TestBrowser.open();
    await using server = await ViewServer.open(
      [hub],
      ...hosts.flatMap((name) => ["--netns", name]),
    );
    const { page, errors } = await browser.page(server.url);
    const topology = page.locator("#topology");
    // The hub is not folded, the hosts are; each is connected.
    await topology.locator(".tile").nth(119).waitFor();
    const boxes = topology.locator(".namespace.is-folded");
    await boxes.nth(119).waitFor();
    assertEquals(await boxes.count(), 120);
    assertEquals(await topology.locator(".edge.pair").count(), 120);
    const title = await boxes.first().locator(".box-title").boundingBox();
    assert(title!.height >= 9, `${title!.height} pixels`);
    // No two boxes overlap, and all are in the pane.
    const rects = await Promise.all(
      (await topology.locator(".namespace > .box").all())
        .map((box) => box.boundingBox()),
    );
    const pane = (await topology.boundingBox())!;
    for (const [index, a] of rects.entries()) {
      assert(
        a!.x >= pane.x && a!.y >= pane.y &&
          a!.x + a!.width <= pane.x + pane.width &&
          a!.y + a!.height <= pane.y + pane.height,
      );
      for (const b of rects.slice(index + 1)) {
        assert(
          a!.x + a!.width <= b!.x || b!.x + b!.width <= a!.x ||
            a!.y + a!.height <= b!.y || b!.y + b!.height <= a!.y,
          "boxes overlap",
        );
      }
    }
    // The search finds one, unfolds it and shows it.
    await page.locator("#search").fill(`${hosts[76]} eth0`);
    await page.keyboard.press("Enter");
    const card = topology.getByRole("button", {
      name: new RegExp(`^eth0, .*namespace ${hosts[76]}$`),
    });
    await card.waitFor();
    const size = await card.boundingBox();
    assert(size!.width > 150, `${size!.width} pixels`);
    await page.locator("#search").fill("");
    await page.locator("#search").blur();
    await page.keyboard.press("u");
    await boxes.first().waitFor({ state: "detached" });
    await page.keyboard.press("f");
    await boxes.nth(120).waitFor();
    assertEquals(errors, []);
  } finally {
    await batch(hosts.map((name) => `netns delete ${name}`));
  }
});
