// The server of `netplumb view`: its data, and which requests it refuses.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { netplumb } from "../../support/command.ts";
import { Lab } from "../../support/netns.ts";
import { assertSameJson } from "../../support/same_json.ts";
import { EventStream, ViewServer } from "./serve.ts";

/** Sends a request as it is written; returns the whole response. */
async function raw(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(
    new TextEncoder().encode(request.replaceAll("\n", "\r\n")),
  );
  return await new Response(connection.readable).text();
}

/** The status of a request with these lines after the first. */
async function status(
  url: string,
  target: string,
  headers: string,
  method = "GET",
): Promise<number> {
  const text = await raw(
    url,
    `${method} ${target} HTTP/1.1\n${headers}\nConnection: close\n\n`,
  );
  return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
}

/** The events of a stream, until it has as many. */
async function events(
  url: string,
  count: number,
  headers: Record<string, string> = {},
): Promise<{ id?: string; event?: string; data: string }[]> {
  const found: { id?: string; event?: string; data: string }[] = [];
  await using stream = await EventStream.open(url, headers);
  while (found.length < count) found.push(await stream.next());
  return found;
}

Deno.test("view refuses other hosts, methods and files", async () => {
  await using lab = await Lab.open("here");
  await using server = await ViewServer.open([lab.here], "--host", "lab.test");
  const { url } = server;
  const { host } = new URL(url);
  const get = (target: string, headers = `Host: ${host}`) =>
    status(url, target, headers);
  for (const name of [host, "localhost:1", "LOCALHOST", "[::1]", "lab.test"]) {
    assertEquals(await get("/state", `Host: ${name}`), 200, name);
  }
  // Names that an attacker lets resolve to this host.
  for (
    const name of [
      "evil.test",
      "localhost.evil.test",
      "127.0.0.1.evil.test",
      "",
    ]
  ) {
    assertEquals(await get("/state", `Host: ${name}`), 421, name);
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    assertEquals(await status(url, "/", `Host: ${host}`, method), 405);
  }
  for (
    const path of [
      "/../cli/main.ts",
      "/%2e%2e/deno.json",
      "/..%2f..%2fetc/passwd",
      "//etc/passwd",
      "/page/index.html",
      "/index.html",
      "/files.ts",
    ]
  ) assertEquals(await get(path), 404, path);
  assertEquals(await get("/state?namespace=other"), 404);
  assertEquals(await get("/state?object=other"), 400);
});

Deno.test("view sends a strict content security policy with every response", async () => {
  await using lab = await Lab.open("here");
  await using server = await ViewServer.open([lab.here]);
  for (const path of ["", "main.js", "state", "nothing"]) {
    const response = await fetch(server.url + path);
    const policy = response.headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'");
    assertStringIncludes(policy, "script-src 'self'");
    assert(!policy.includes("unsafe"), policy);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    const text = await response.text();
    if (path !== "") continue;
    // No inline script, style or listener, and nothing from elsewhere.
    assert(!/<script(?![^>]* src="\/)|<style|style=|\son\w+=/i.test(text));
    assert(!/(src|href)="(?!\/[a-z])/.test(text));
  }
});

Deno.test("view listens beyond loopback only with a token", async () => {
  const refused = await netplumb(undefined, "view", "--listen", "0.0.0.0:0");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, "--token");
  const short = await netplumb(undefined, "view", "--token", "secret");
  assertEquals(short.code, 2);
  assert(!short.stderr.includes('"secret"'), short.stderr);

  const file = await Deno.makeTempFile();
  const token = "0123456789abcdef+/=";
  await Deno.writeTextFile(file, `${token}\n`);
  try {
    await using lab = await Lab.open("here");
    await using server = await ViewServer.open(
      [lab.here],
      ...["--listen", "0.0.0.0:0", "--token", `@${file}`],
    );
    const url = server.url.replace("0.0.0.0", "127.0.0.1");
    const get = async (path: string, headers = {}) => {
      const response = await fetch(url + path, { headers, redirect: "manual" });
      await response.body?.cancel();
      return response;
    };
    for (const path of ["", "state", "events", "updates", "main.js"]) {
      assertEquals((await get(path)).status, 401);
      const wrong = { authorization: `Bearer ${token}x` };
      assertEquals((await get(path, wrong)).status, 401);
    }
    const right = { authorization: `Bearer ${token}` };
    assertEquals((await get("state", right)).status, 200);
    assertEquals((await get("?token=0123456789abcdef")).status, 401);
    const opened = await get(`?token=${encodeURIComponent(token)}`);
    assertEquals(opened.status, 303);
    assertEquals(opened.headers.get("location"), "/");
    const cookie = opened.headers.get("set-cookie") ?? "";
    assertStringIncludes(cookie, "HttpOnly; SameSite=Strict");
    const presented = { cookie: cookie.split(";")[0]! };
    assertEquals((await get("state", presented)).status, 200);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("view listens on a Unix socket of the given mode", async () => {
  await using lab = await Lab.open("here");
  const directory = await Deno.makeTempDir();
  const path = `${directory}/view.sock`;
  try {
    for (
      const [mode, args] of [
        [0o600, []],
        [0o660, ["--mode", "0660"]],
      ] as const
    ) {
      const server = await ViewServer.open(
        [lab.here],
        ...["--listen", `unix:${path}`, ...args],
      );
      assertEquals((await Deno.lstat(path)).mode! & 0o777, mode);
      const client = Deno.createHttpClient({
        proxy: { transport: "unix", path },
      });
      const response = await fetch("http://localhost/state", { client });
      assertEquals(response.status, 200);
      await response.body?.cancel();
      client.close();
      const second = await netplumb(
        undefined,
        "view",
        "--listen",
        `unix:${path}`,
      );
      assertEquals(second.code, 1, second.stderr);
      assertEquals((await server.stop()).code, 0);
      assertEquals(await Deno.lstat(path).catch(() => undefined), undefined);
    }
    // What a killed server leaves is replaced.
    const killed = await ViewServer.open(
      [lab.here],
      "--listen",
      `unix:${path}`,
    );
    await killed.stop("SIGKILL");
    assert((await Deno.lstat(path)).isSocket);
    await using _again = await ViewServer.open(
      [lab.here],
      ...["--listen", `unix:${path}`],
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("/state has the arrays of ip -j, by namespace", async () => {
  await using lab = await Lab.open("left", "right");
  await lab.veth("left", "v0", "right", "v1");
  await lab.left.batch(`
    address add 192.0.2.1/24 dev v0
    address add 2001:db8::1/64 dev v0 nodad
    route add 198.51.100.0/24 via 192.0.2.2
    neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev v0
    rule add from 203.0.113.0/24 table 100
    nexthop add id 5 blackhole
  `);
  const both = [lab.left, lab.right];
  await using server = await ViewServer.open(both);
  const state = async (query: string) =>
    (await (await fetch(`${server.url}state${query}`)).json()).namespaces;
  const found = await state("");
  assertEquals(
    found.map(({ namespace }: { namespace: string }) => namespace),
    both.map(({ name }) => name),
  );
  for (const [index, netns] of both.entries()) {
    const { namespace: _, ...objects } = found[index];
    assertSameJson(objects, {
      link: await netns.json("link show"),
      address: await netns.json("address show"),
      route: [
        ...await netns.json("route show"),
        ...await netns.json("-6 route show"),
      ],
      neighbour: await netns.json("neighbour show"),
      rule: [
        ...await netns.json("rule show"),
        ...await netns.json("-6 rule show"),
      ],
      nexthop: await netns.json("nexthop show"),
    });
  }
  const query = `?namespace=${lab.left.name}&object=link&dev=v0&details`;
  assertEquals(await state(query), [{
    namespace: lab.left.name,
    link: await lab.left.json("-d link show v0"),
  }]);
});

Deno.test("/events has the lines of monitor --json, and resumes", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await using server = await ViewServer.open([here]);
  const url = `${server.url}events`;
  await using stream = await EventStream.open(url);
  const start = { event: "start", schema: 1 };
  assertEquals(JSON.parse((await stream.next()).data), start);
  assertEquals((await stream.next()).event, "position");
  await here.ip("link add br0 type bridge");
  const first = await stream.next();
  await here.ip("link set br0 mtu 1400");
  const second = await stream.next();
  const { time: _, ...line } = JSON.parse(second.data);
  assertEquals({ ...line, data: undefined }, {
    event: "change",
    object: "link",
    namespace: here.name,
    changed: ["mtu"],
    previous: { mtu: 1500 },
    data: undefined,
  });
  assertEquals(line.data.mtu, 1400);
  // A client that has the first continues with the second.
  const [resumed] = await events(url, 1, { "last-event-id": first.id! });
  assertEquals(resumed, second);
  // An id of another run is not continued.
  const behind = await events(url, 2, { "last-event-id": "00000000-5" });
  assertEquals(behind.map(({ data }) => JSON.parse(data)), [
    start,
    { event: "overrun" },
  ]);
  const [, ...snapshot] = await events(`${url}?snapshot`, 3);
  const objects = snapshot.map(({ data }) => JSON.parse(data));
  assertEquals(objects.map(({ snapshot }) => snapshot), [true, true]);
  assertEquals(objects.map(({ data }) => data.ifname), ["lo", "br0"]);
});

Deno.test("100 pages cost one monitor", async () => {
  await using lab = await Lab.open("here");
  const { here } = lab;
  await here.ip("link add br0 type bridge");
  await using server = await ViewServer.open([here]);
  const sockets = async () => {
    const table = await here.run("cat", ["/proc/net/netlink"]);
    return table.split("\n").filter((line) =>
      Number(line.split(/\s+/)[2]) !== 0
    ).length;
  };
  const before = await sockets();
  await using streams = new AsyncDisposableStack();
  const pages: EventStream[] = [];
  for (let number = 0; number < 100; number++) {
    pages.push(streams.use(await EventStream.open(`${server.url}updates`)));
  }
  for (const page of pages) {
    assertEquals((await page.next()).event, "snapshot");
    assertEquals((await page.next()).event, "position");
  }
  // The counters are read with a socket that is open for a moment.
  assert(await sockets() <= before + 1);
  await here.ip("address add 192.0.2.1/24 dev br0");
  for (const page of pages) {
    let text = "";
    while (!text.includes("192.0.2.1/24")) text = (await page.next()).data;
  }
});

Deno.test("view ends with exit code 0 on a signal while pages are open", async () => {
  await using lab = await Lab.open("here");
  const server = await ViewServer.open([lab.here]);
  await using stream = await EventStream.open(`${server.url}updates`);
  await stream.next();
  const { code, stderr } = await server.stop("SIGTERM");
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});
