// How a run of the command ends: what it prints where, and its exit code.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { denoRun } from "../support/command.ts";
import { output } from "../support/netns.ts";

const FIXTURE = new URL("./fixture.ts", import.meta.url).pathname;
const env = { NO_COLOR: "1" };

function start(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...denoRun(FIXTURE), ...args],
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

const run = (...args: string[]) =>
  output(Deno.execPath(), [...denoRun(FIXTURE), ...args], { env });

Deno.test("data goes to stdout, what is said about it to stderr", async () => {
  assertEquals(await run("says"), {
    code: 0,
    stdout: "line 1\n",
    stderr: "said\n",
  });
});

Deno.test("--json prints one object per line, before or after the subcommand", async () => {
  const expected = {
    code: 0,
    stdout: '{"n":1,"text":"line"}\n{"n":2,"text":"line"}\n',
    stderr: "said\n",
  };
  assertEquals(await run("--json", "says", "--count", "2"), expected);
  assertEquals(await run("says", "--count", "2", "--json"), expected);
});

Deno.test("--quiet leaves stderr to errors, --log-level overrules it", async () => {
  assertEquals((await run("says", "--quiet")).stderr, "");
  assertEquals((await run("--quiet", "fails", "x")).stderr, "netplumb: x\n");
  assertEquals(
    (await run("says", "--quiet", "--log-level", "info")).stderr,
    "said\n",
  );
});

Deno.test("every way to fail has its exit code and one sentence", async () => {
  const before = "before\n";
  assertEquals(await run("fails", "no luck"), {
    code: 1,
    stdout: before,
    stderr: "netplumb: no luck\n",
  });
  assertEquals(await run("fails", "inconsistent"), {
    code: 3,
    stdout: before,
    stderr: "netplumb: dump interrupted\n",
  });
  assertEquals(await run("fails", "permission"), {
    code: 77,
    stdout: before,
    stderr:
      "netplumb: bind: EPERM, operation not permitted. CAP_NET_RAW is needed\n",
  });
});

Deno.test("bad input exits 2 and names what was given", async () => {
  const usage = async (stderr: string, ...args: string[]) =>
    assertEquals(await run(...args), { code: 2, stdout: "", stderr });
  await usage(
    'netplumb: --port: "70000" is not a whole number from 0 to 65535\n',
    "binds",
    "--port",
    "70000",
  );
  await usage(
    'netplumb: Unknown command "sayz". Did you mean command "says"?\n',
    "sayz",
  );
  await usage(
    'netplumb: Unknown option "--prot". Did you mean option "--port"?\n',
    "binds",
    "--prot",
    "8888",
  );
  await usage(
    'netplumb: Unknown option "--cuont". Did you mean option "--count"?\n',
    "says",
    "--cuont",
  );
  await usage("netplumb: Missing argument(s): how\n", "fails");
  await usage(
    'netplumb: Missing value for option "--port".\n',
    "binds",
    "--port",
  );
});

Deno.test("the command runs on this harness, with each of its subcommands", async () => {
  const refused = async (stderr: string, ...args: string[]) =>
    assertEquals(
      await output(Deno.execPath(), [...denoRun(), ...args], { env }),
      { code: 2, stdout: "", stderr: `netplumb: ${stderr}\n` },
    );
  await refused('Unknown command "ecko". Did you mean command "echo"?', "ecko");
  await refused(
    'Unknown option "--conect". Did you mean option "--connect"?',
    "send",
    "--conect",
  );
  await refused(
    'Unknown option "--jsn". Did you mean option "--json"?',
    "--jsn",
  );
});

Deno.test("a stack trace only with --log-level debug", async () => {
  const { stderr } = await run("--log-level", "debug", "fails", "no luck");
  assertStringIncludes(stderr, "netplumb: no luck\ndebug: Error: no luck\n");
  assertStringIncludes(stderr, "fixture.ts");
});

async function waitFor(
  stream: ReadableStreamDefaultReader<string>,
  text: string,
): Promise<string> {
  let read = "";
  while (!read.includes(text)) {
    const { value, done } = await stream.read();
    if (done) throw new Error(`ended before ${JSON.stringify(text)}: ${read}`);
    read += value;
  }
  return read;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} ends a run cleanly with exit 0`, async () => {
    await using child = start("waits");
    const stdout = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    await waitFor(stdout, "waiting\n");
    child.kill(signal);
    const stderr = await new Response(child.stderr).text();
    assertEquals({ stderr, ...await child.status }, {
      stderr: "summary\n",
      success: true,
      code: 0,
      signal: null,
    });
    await stdout.cancel();
  });
}

Deno.test("a second signal ends a run that does not end by itself", async () => {
  await using child = start("waits", "--deaf");
  const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await waitFor(stdout, "waiting\n");
  child.kill("SIGINT");
  await waitFor(stdout, "still here\n");
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 143);
  await Promise.all([stdout.cancel(), child.stderr.cancel()]);
});

Deno.test("a closed stdout ends a run quietly with exit 0", async () => {
  for (const args of [["waits"], ["says", "--count", "100000000"]]) {
    await using child = start(...args, "--quiet");
    const stdout = child.stdout.getReader();
    await stdout.read();
    await stdout.cancel();
    // A run that goes on regardless would go on for ever.
    const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const stderr = await new Response(child.stderr).text();
    const { code } = await child.status;
    clearTimeout(late);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  }
});

Deno.test("--help goes to stdout, without colour in a pipe", async () => {
  const { code, stdout, stderr } = await output(Deno.execPath(), [
    ...denoRun(FIXTURE),
    "--help",
  ]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertMatch(stdout, /Usage: +netplumb/);
  assertStringIncludes(stdout, "--log-level");
  assertEquals(stdout.includes("\x1b"), false);
});

Deno.test("--help needs no permission to call the system", async () => {
  const args = denoRun().flatMap((arg) =>
    arg === "-A" ? ["--no-prompt", "--allow-read", "--allow-env"] : [arg]
  );
  const { code, stderr } = await output(Deno.execPath(), [...args, "--help"]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});
