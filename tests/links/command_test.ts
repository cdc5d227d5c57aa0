// What the command relies on in @cliffy/command, local or real.

import {
  type ArgumentValue,
  Command,
  EnumType,
  ValidationError,
} from "@cliffy/command";
import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";

type Globals = { json?: true };

function tool() {
  const serve = new Command<Globals>()
    .description("Serve things.\nAt length.")
    .type("family", new EnumType(["dual", "4", "6"]))
    .type("even", ({ name, value }: ArgumentValue): number => {
      if (Number(value) % 2) throw new ValidationError(`${name} is odd`);
      return Number(value);
    })
    .group("Socket")
    .option("-p, --port <port:integer>", "The port.", { default: 8888 })
    .option("--bind <address:string>", "The address.")
    .option("--family <family:family>", "The family.", { default: "dual" })
    .group("Other")
    .option("--even <even:even>", "An even number.")
    .option("--rate <rate:number>", "A rate.")
    .option("--route <cidr:string>", "A route.", { collect: true })
    .option("--label [text:string]", "A label.")
    .option("--no-color", "No colour.")
    .option("--once", "Once.", { conflicts: ["rate"] })
    .option("--deep", "Deep.", { depends: ["bind"] })
    .option("--secret", "Not shown.", { hidden: true })
    .example("On any port", "serve host --port 0")
    .arguments("<host:string> [size:integer] [...rest:string]");
  return new Command()
    .name("tool")
    .version("1.2.3")
    .description("A tool.")
    .noExit()
    .help({ colors: false })
    .globalOption("--json", "JSON.")
    .command("serve", serve).reset()
    .command("link", "Links.")
    .alias("l")
    .reset()
    .command("gone", "Hidden.").hidden().reset();
}

/** Runs it and gives what the action of `serve` would have been given. */
async function parse(...words: string[]) {
  const { options, args, literal, cmd } = await tool().parse(words);
  return { options, args, literal, name: cmd.getName() };
}

const defaults = { port: 8888, family: "dual", color: true };

Deno.test("cliffy: options and arguments arrive typed, defaults filled in", async () => {
  assertEquals(await parse("serve", "h"), {
    options: defaults,
    args: ["h"],
    literal: [],
    name: "serve",
  } as unknown);
  const { options, args } = await parse(
    "serve",
    ..."h 5 a b -p 7 --family 6 --even 4 --rate 0.5 --route x --route=y"
      .split(" "),
    "--label",
    "--no-color",
  );
  assertEquals(
    options as unknown,
    {
      port: 7,
      family: "6",
      even: 4,
      rate: 0.5,
      route: ["x", "y"],
      label: true,
      color: false,
    },
  );
  assertEquals(args as unknown, ["h", 5, "a", "b"]);
});

Deno.test("cliffy: the types of options are known to the compiler", async () => {
  let seen: unknown;
  await new Command().noExit()
    .option("-p, --port <port:integer>", "", { default: 1 })
    .option("--bind <address:string>", "")
    .option("--route <cidr:string>", "", { collect: true })
    .option("--must <must:boolean>", "", { required: true })
    .option("--dry-run", "")
    .option("--no-color", "")
    .option("--upper <text:string>", "", {
      value: (text) => text.toUpperCase(),
    })
    .arguments("<host:string> [size:integer] [...rest:string]")
    .action((options, host, size, ...rest) => {
      const port: number = options.port;
      const bind: string | undefined = options.bind;
      const route: string[] | undefined = options.route;
      const must: boolean = options.must;
      const dryRun: true | undefined = options.dryRun;
      const color: boolean = options.color;
      const upper: string | undefined = options.upper;
      const words: [string, number | undefined, string[]] = [host, size, rest];
      seen = [port, bind, route, must, dryRun, color, upper, words];
    })
    .parse("h --must true --dry-run --upper a".split(" "));
  assertEquals(seen, [
    1,
    undefined,
    undefined,
    true,
    true,
    true,
    "A",
    ["h", undefined, []],
  ]);
});

Deno.test("cliffy: global options stand before or after the subcommand", async () => {
  for (const line of ["--json serve h", "serve --json h", "serve h --json"]) {
    const { options, name } = await parse(...line.split(" "));
    assertEquals(name, "serve");
    assertEquals(options as unknown, { ...defaults, json: true });
  }
});

Deno.test("cliffy: a value stands behind a sign, in the same word or in the next", async () => {
  for (
    const [words, expected] of [
      ["serve h --port=1", { port: 1 }],
      ["serve h -p1", { port: 1 }],
      ["serve h -p 1", { port: 1 }],
      ["serve -p -1 h", { port: -1 }],
      ["serve h --bind=a=b", { bind: "a=b" }],
      ["serve h --label", { label: true }],
      ["serve h --label=x", { label: "x" }],
      ["serve h --label x", { label: "x" }],
      ["serve h --label --once", { label: true, once: true }],
      ["serve h --label --bind x", { label: true, bind: "x" }],
    ] as const
  ) {
    const { options } = await parse(...words.split(" "));
    assertEquals(
      options as unknown,
      { ...defaults, ...expected },
      words,
    );
  }
});

Deno.test("cliffy: what follows -- is kept apart", async () => {
  const { args, literal } = await parse("serve", "h", "--", "--port", "x");
  assertEquals(args as unknown, ["h"]);
  assertEquals(literal, ["--port", "x"]);
});

Deno.test("cliffy: with stopEarly(), arguments after a word are not options", async () => {
  const seen: unknown[] = [];
  const tool = () =>
    new Command().name("tool").noExit().globalOption("--json", "JSON.")
      .command("run [name:string] [...rest:string]").stopEarly()
      .action((options, ...words) => {
        seen.push([options, words]);
      }).reset();
  await tool().parse(["run", "--json", "blue", "ls", "-l", "--json"]);
  const { literal } = await tool().parse(["run", "blue", "--", "ls", "-l"]);
  assertEquals(seen, [
    [{ json: true }, ["blue", "ls", "-l", "--json"]],
    [{}, ["blue"]],
  ]);
  assertEquals(literal, ["ls", "-l"]);
});

Deno.test("useRawArgs: all words are arguments, options and -- included", async () => {
  const words = ["-j", "link", "--help", "--", "x"];
  let seen: string[] = [];
  await new Command().command("ip", "Run.").useRawArgs()
    .action((_: unknown, ...args: string[]) => {
      seen = args;
    })
    .reset().noExit().parse(["ip", ...words]);
  assertEquals(seen, words);
});

Deno.test("cliffy: an alias names the same subcommand", async () => {
  assertEquals((await parse("l")).name, "link");
});

Deno.test("cliffy: bad input is a ValidationError with exit code 2 and its command", async () => {
  const refused = async (line: string, message: string) => {
    const error = await assertRejects(
      () => tool().parse(line.split(" ")),
      ValidationError,
    );
    assertEquals(error.message, message);
    assertEquals(error.exitCode, 2);
    assertInstanceOf(error.cmd, Command);
  };
  await refused(
    "serv",
    'Unknown command "serv". Did you mean command "serve"?',
  );
  await refused(
    "link --jsn",
    'Unknown option "--jsn". Did you mean option "--json"?',
  );
  await refused(
    "serve h --port x",
    'Option "--port" must be of type "integer", but got "x".',
  );
  await refused(
    "serve h x",
    'Argument "size" must be of type "integer", but got "x".',
  );
  await refused(
    "serve h --family 5",
    'Option "--family" must be of type "family", but got "5". Expected values: "dual", "4", "6"',
  );
  await refused("serve h --even 3", "--even is odd");
  await refused("serve h --port", 'Missing value for option "--port".');
  await refused("serve", "Missing argument(s): host");
  await refused(
    "serve h --once=false",
    'Option "--once" doesn\'t take a value, but got "false".',
  );
  await refused(
    "serve h -p 1 --port 2",
    'Option "--port" can only occur once, but was found several times.',
  );
  await refused(
    "serve h --once --rate 1",
    'Option "--once" conflicts with option "--rate".',
  );
  await refused(
    "serve h --deep",
    'Option "--deep" depends on option "--bind".',
  );
  await refused("link x", 'No arguments allowed for command "tool link".');
});

Deno.test("cliffy: a required option has to be there", async () => {
  await assertRejects(
    () =>
      new Command().noExit().option("--must <x:string>", "", { required: true })
        .parse([]),
    ValidationError,
    'Missing required option "--must".',
  );
});

Deno.test("cliffy: an unknown option is taken for an argument where one fits", async () => {
  assertEquals((await parse("serve", "--prot")).args as unknown, ["--prot"]);
});

Deno.test("cliffy: a ValidationError keeps its cause, a subclass not its name", () => {
  class Own extends ValidationError {}
  const error: unknown = new Own("no", { cause: "why" });
  assertInstanceOf(error, ValidationError);
  assertEquals([error.cause, error instanceof Own], ["why", false]);
});

Deno.test("cliffy: errors of an action or a type pass through as they are", async () => {
  class Own extends Error {}
  const thrower = (): string => {
    throw new Own("mine");
  };
  await assertRejects(
    () => new Command().noExit().action(thrower).parse([]),
    Own,
    "mine",
  );
  await assertRejects(
    () =>
      new Command().noExit().type("own", thrower).option("--x <x:own>", "")
        .parse(["--x", "1"]),
    Own,
    "mine",
  );
});

Deno.test("cliffy: global actions run first, from the top down", async () => {
  const order: string[] = [];
  await new Command().noExit()
    .globalOption("--json", "")
    .globalAction((options) => {
      order.push(`main ${options.json}`);
    })
    .command(
      "sub",
      new Command()
        .globalAction(() => void order.push("sub"))
        .action(() => void order.push("action")),
    )
    .reset()
    .parse(["sub", "--json"]);
  assertEquals(order, ["main true", "sub", "action"]);
});

Deno.test("cliffy: a subcommand knows the global options above it, and its own first", async () => {
  const main = new Command().name("tool").noExit()
    .option("--here", "Only here.")
    .globalOption("--json", "Above.")
    .globalOption("--count <n:integer>", "Above.")
    .command("sub", "").option("--count <n:string>", "Own.").reset();
  const sub = main.getCommand("sub")!;
  assertEquals(sub.getOption("count")?.description, "Own.");
  assertEquals(sub.getOption("json")?.description, "Above.");
  assertEquals(sub.hasOption("here", true), false);
  const { options } = await main.parse(["sub", "--count", "5"]);
  assertEquals(options as unknown, { count: "5" });
  await assertRejects(
    () => main.parse(["sub", "--here"]),
    ValidationError,
    'Unknown option "--here".',
  );
});

Deno.test("cliffy: a builtin type can be replaced for the whole tree", async () => {
  const { args } = await new Command().noExit()
    .globalType("string", ({ label, value }: ArgumentValue) => label + value)
    .command("sub <x:string>", "").reset()
    .parse(["sub", "y"]);
  assertEquals(args as unknown, ["Argumenty"]);
});

Deno.test("cliffy: the tree can be read", () => {
  const main = tool();
  const names = (hidden: boolean) =>
    main.getCommands(hidden).map((cmd) => cmd.getName());
  assertEquals(names(false), ["serve", "link"]);
  assertEquals(names(true), ["serve", "link", "gone"]);
  const serve = main.getCommand("serve")!;
  assertEquals(main.getCommand("l")?.getAliases(), ["l"]);
  assertEquals(serve.getPath(), "tool serve");
  assertEquals(serve.getMainCommand().getName(), "tool");
  assertEquals(serve.getShortDescription(), "Serve things.");
  assertEquals(serve.getVersion(), "1.2.3");
  assertEquals(
    serve.getArgsDefinition(),
    "<host:string> [size:integer] [...rest:string]",
  );
  assertEquals(
    serve.getArguments().map((arg) => [
      arg.name,
      arg.type,
      arg.optional ?? false,
      arg.variadic ?? false,
    ]),
    [
      ["host", "string", false, false],
      ["size", "integer", true, false],
      ["rest", "string", true, true],
    ],
  );
  assertEquals(serve.getExamples(), [{
    name: "On any port",
    description: "serve host --port 0",
  }]);
  const port = serve.getOption("p")!;
  assertEquals(
    [port.name, port.aliases, port.flags, port.description, port.groupName],
    ["port", ["p"], ["-p", "--port"], "The port.", "Socket"],
  );
  assertEquals([port.typeDefinition, port.default], ["<port:integer>", 8888]);
  assertEquals(serve.getOption("secret"), undefined);
  assertEquals(serve.hasOption("secret", true), true);
  assertEquals(serve.getOption("json")?.global, true);
  const family = serve.getType("family")?.handler;
  assertInstanceOf(family, EnumType);
  assertEquals(family.values(), ["dual", "4", "6"]);
});

Deno.test("cliffy: help shows all options except hidden ones", () => {
  const help = tool().getCommand("serve")!.getHelp();
  assertMatch(help, /Usage: +tool serve <host> \[size\] \[rest\.\.\.\]/);
  assertMatch(help, /Socket:\n\n +-p, --port +<port> +- The port\./);
  for (
    const part of ["Default: 8888", "Serve things.", "On any port", "--json"]
  ) {
    assertStringIncludes(help, part);
  }
  assertEquals(help.includes("--secret"), false);
  assertEquals(help.includes("\x1b"), false);
  const main = tool().getHelp();
  assertMatch(main, /Version: +1\.2\.3/);
  assertMatch(main, /Commands:\n\n +serve +<host>/);
  assertEquals(main.includes("gone"), false);
});
