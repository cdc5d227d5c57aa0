// The page of `netplumb view` in a browser.

import { assert, assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { TestBrowser } from "../../support/browser.ts";
import { Lab, type Netns } from "../../support/netns.ts";
import { ViewServer } from "./serve.ts";

/** A router with a bridge, and two hosts. */
async function lab() {
  const lab = await Lab.open("router", "left", "right");
  const { router, left, right } = lab;
  await router.batch(`
    link add br0 type bridge
    link set br0 up
    address add 192.0.2.1/24 dev br0
    link add port1 type veth peer name eth0 netns ${left.name}
    link add port2 type veth peer name eth0 netns ${right.name}
    link set port1 master br0 up
    link set port2 master br0 up
  `);
  for (const [host, address] of [[left, 2], [right, 3]] as const) {
    await host.batch(`
      link set eth0 up
      address add 192.0.2.${address}/24 dev eth0
    `);
  }
  return lab;
}

/** The card of a link in the topology. */
const card = (page: Page, name: string, netns: Netns) =>
  page.locator("#topology").getByRole("button", {
    name: new RegExp(`^${name}, .*namespace ${netns.name}`),
  });

/** The row of a link in the table. */
const row = (page: Page, name: string, netns: Netns) =>
  page.locator("#links tr[data-link]").filter({
    has: page.locator(".column-name", { hasText: new RegExp(`^${name}$`) }),
  }).filter({
    has: page.locator(".column-namespace", { hasText: netns.name }),
  });

/** Serious and critical problems that axe finds. */
async function problems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) =>
        `${id}: ${html} ${failureSummary}`
      )
    );
}

Deno.test("the page in a browser", async (test) => {
  await using net = await lab();
  const { router, left, right } = net;
  const all = [router, left, right];
  await using browser = await TestBrowser.open();
  let server = await ViewServer.open(all);
  await using _server = {
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  const { page, errors } = await browser.page(server.url);

  await test.step("shows links in the topology and in the table", async () => {
    for (
      const [netns, name] of [
        [router, "br0"],
        [router, "port1"],
        [left, "eth0"],
        [right, "eth0"],
      ] as const
    ) {
      await card(page, name, netns).waitFor();
      await row(page, name, netns).waitFor();
    }
    assertEquals(await page.locator("#connection").textContent(), "Live");
    assertEquals(await page.locator(".edge.pair").count(), 2);
    assertEquals(await page.locator(".edge.port").count(), 2);
  });

  await test.step("shows a veth pair and an address within a second", async () => {
    const place = (name: string, netns: Netns) =>
      card(page, name, netns).getAttribute("style");
    const before = await Promise.all([
      place("br0", router),
      place("eth0", left),
      place("eth0", right),
    ]);
    const started = performance.now();
    await left.batch(`
      link add v0 type veth peer name v1
      link set v0 up
      link set v1 up
      address add 198.51.100.7/24 dev v0
    `);
    await card(page, "v1", left).waitFor();
    await page.locator("#links", { hasText: "198.51.100.7/24" }).waitFor();
    await page.locator("#topology", { hasText: "198.51.100.7/24" }).waitFor();
    const milliseconds = performance.now() - started;
    assert(milliseconds < 1000, `${milliseconds} ms`);
    await page.locator("#events li", {
      hasText: "new address was assigned: 198.51.100.7/24",
    }).waitFor();
    // What did not change stays where it is.
    assertEquals(
      await Promise.all([
        place("br0", router),
        place("eth0", left),
        place("eth0", right),
      ]),
      before,
    );
  });

  await test.step("changes shape and text when a link goes down", async () => {
    const port = card(page, "port2", router);
    const shape = port.locator(".shape");
    const up = await shape.evaluate(({ tagName }) => tagName);
    await router.ip("link set port2 down");
    await port.locator(".kind", { hasText: /^down$/ }).waitFor();
    await row(page, "port2", router).getByText("down", { exact: true })
      .waitFor();
    assert(await shape.evaluate(({ tagName }) => tagName) !== up);
    // Its peer has no carrier then.
    const peer = card(page, "eth0", right);
    await peer.locator(".kind", { hasText: "no carrier" }).waitFor();
    await router.ip("link set port2 up");
    await peer.locator(".kind", { hasText: "veth" }).waitFor();
    assertEquals(await shape.evaluate(({ tagName }) => tagName), up);
  });

  await test.step("shows names and aliases with HTML in them as text", async () => {
    const alias = "<img src=x onerror=alert(1)>";
    await left.ip("link add <b>&lt;i type bridge");
    await left.output("ip", ["link", "set", "<b>&lt;i", "alias", alias]);
    await left.ip("link set <b>&lt;i up");
    await page.locator("#links td", { hasText: "<b>&lt;i" }).click();
    await page.locator("#details", { hasText: alias }).waitFor();
    await page.locator("#events", { hasText: "<b>&lt;i" }).waitFor();
    assertEquals(await page.locator("main img, main i").count(), 0);
    await left.ip("link delete <b>&lt;i");
    await page.locator("#details").waitFor({ state: "hidden" });
  });

  await test.step("shows details, and is used with the keyboard", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type(`${left.name} eth0`);
    await page.locator("#links .count", { hasText: "1 of " }).waitFor();
    await page.keyboard.press("Tab");
    await page.locator("#search").blur();
    await page.keyboard.press("l");
    await page.keyboard.press("Enter");
    const details = page.locator("#details");
    const [{ address }] = JSON.parse(await left.ip("-j link show eth0"));
    await details.getByText(address).first().waitFor();
    // Only `show --details` has it.
    await details.getByText("promiscuity").waitFor();
    await details.getByText(`port1 in ${router.name}`).click();
    await details.locator("h2", { hasText: "port1" }).waitFor();
    await page.keyboard.press("Escape");
    await details.waitFor({ state: "hidden" });
    await page.locator("#search").fill("");
    await page.keyboard.press("Escape");
    await page.locator("#search").blur();
    await page.keyboard.press("t");
    const focused = () =>
      page.evaluate<string>(
        "document.activeElement?.querySelector('title')?.textContent",
      );
    const first = await focused();
    await page.keyboard.press("ArrowDown");
    assert(first !== await focused());
    await page.keyboard.press("f");
    await card(page, "br0", router).waitFor({ state: "detached" });
    await page.keyboard.press("u");
    await card(page, "br0", router).waitFor();
  });

  await test.step("reports a lost server, and recovers when it is back", async () => {
    const { host } = new URL(server.url);
    await server.stop();
    await page.locator("#connection", { hasText: "Reconnecting" }).waitFor();
    await left.ip("link delete v0");
    await left.ip("link add later type bridge");
    server = await ViewServer.open(all, "--listen", host);
    await page.locator("#connection", { hasText: "Live" }).waitFor();
    await card(page, "later", left).waitFor();
    await card(page, "v0", left).waitFor({ state: "detached" });
  });

  await test.step("has no serious problem of accessibility", async () => {
    await row(page, "br0", router).click();
    await page.locator("#details .tree").first().waitFor();
    await page.locator(".filters summary").click();
    assertEquals(await problems(page), []);
    await page.emulateMedia({ colorScheme: "dark" });
    assertEquals(await problems(page), []);
    await page.locator("#help").click();
    assertEquals(await problems(page), []);
  });

  await test.step("has no error in its console", () => {
    // The browser reports the refused connections to the server that was away.
    assertEquals(
      errors.filter((text) =>
        !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/.test(text)
      ),
      [],
    );
  });
});
