// deno-lint-ignore-file no-explicit-any
import { parseArguments, splitDefinition } from "./definition.ts";
import { unknownCommand, ValidationError } from "./errors.ts";
import { generateHelp, type HelpOptions } from "./help.ts";
import type {
  ArgumentTypes,
  DefaultTypes,
  Flat,
  Handled,
  Known,
  MaybeBag,
  Merged,
  OptionValue,
  Otherwise,
  WithOption,
} from "./infer.ts";
import {
  findOptions,
  type Given,
  readArguments,
  readOptions,
} from "./parse.ts";
import {
  BooleanType,
  IntegerType,
  NumberType,
  StringType,
  Type,
} from "./type.ts";
import type {
  ActionHandler,
  Argument,
  ArgumentValue,
  ErrorHandler,
  Example,
  Option,
  OptionOptions,
  TypeOrTypeHandler,
} from "./types.ts";

interface TypeDefinition {
  name: string;
  handler: TypeOrTypeHandler<unknown>;
  global?: boolean;
}

interface Line {
  args: string[];
  literal: string[];
  /** Global options found before the subcommand's name. */
  given: Given[];
}

export interface CommandResult<TOptions = any, TArguments = any> {
  options: TOptions;
  args: TArguments;
  literal: string[];
  cmd: Command<any>;
}

type Typed<
  F extends string,
  Types,
  Required,
  Collect,
  Default,
  Mapped,
> = Omit<OptionOptions, "required" | "collect" | "default" | "value"> & {
  required?: Required;
  collect?: Collect;
  default?: Default | (() => Default);
  value?: (value: OptionValue<F, Types>, previous?: Mapped) => Mapped;
};

/**
 * A command, its options, arguments and subcommands.
 *
 * After `.command(...)` every builder call speaks of that subcommand, until
 * `.reset()`.
 */
export class Command<
  TParentGlobals extends MaybeBag = void,
  TParentTypes extends MaybeBag = Otherwise<TParentGlobals, void>,
  TOptions extends MaybeBag = Otherwise<TParentGlobals, void>,
  TArguments extends unknown[] = Otherwise<TParentGlobals, []>,
  TGlobals extends MaybeBag = Otherwise<TParentGlobals, void>,
  TTypes extends MaybeBag = Otherwise<TParentGlobals, void>,
  TGlobalTypes extends MaybeBag = Otherwise<TParentGlobals, void>,
  TParent extends Command<any> | undefined = Otherwise<
    TParentGlobals,
    undefined
  >,
> {
  #selected: Command<any> = this;
  #parent?: Command<any>;
  #isRoot = false;
  #name = "COMMAND";
  #description = "";
  #usage?: string;
  #version?: string;
  #hidden = false;
  #group?: string;
  #rawArgs: string[] = [];
  #literalArgs: string[] = [];
  #throwErrors = false;
  #exits?: boolean;
  #help?: HelpOptions;
  #errorHandler?: ErrorHandler;
  #action?: ActionHandler;
  #globalAction?: ActionHandler;
  #hasDefaults = false;
  readonly #arguments: Argument[] = [];
  readonly #aliases: string[] = [];
  readonly #examples: Example[] = [];
  readonly #options: Option[] = [];
  readonly #types = new Map<string, TypeDefinition>();
  readonly #commands = new Map<string, Command<any>>();

  // Building

  command<T extends Command<any, any, any, any, any, any, any, any>>(
    name: string,
    cmd: T,
  ): Command<any, any, any, any, any, any, any, Above<TParent, this>>;
  command<TDefinition extends string>(
    nameAndArguments: TDefinition,
    desc?: string,
  ): TParent extends Command<any> ? Command<
      TParentGlobals,
      TParentTypes,
      void,
      SubArguments<TDefinition, Known<TParentTypes>>,
      void,
      void,
      void,
      TParent
    >
    : Command<
      Merged<TParentGlobals, TGlobals>,
      Merged<TParentTypes, TGlobalTypes>,
      void,
      SubArguments<TDefinition, Known<TParentTypes> & Known<TGlobalTypes>>,
      void,
      void,
      void,
      this
    >;
  command(definition: string, cmdOrDesc: Command<any> | string = ""): any {
    const { names: [name, ...aliases], arguments: args } = splitDefinition(
      definition,
    );
    if (!name) throw new Error("Missing command name.");
    if (this.#commands.has(name)) {
      throw new Error(`Duplicate command name "${name}".`);
    }
    const sub = typeof cmdOrDesc === "string"
      ? new Command<any>().description(cmdOrDesc)
      : cmdOrDesc.reset();
    sub.#name = name;
    sub.#parent = this;
    if (args) sub.arguments(args);
    sub.#aliases.push(...aliases);
    this.#commands.set(name, sub);
    this.#selected = sub;
    return this;
  }

  reset(): Above<TParent, this> {
    this.#selected = this;
    return this as any;
  }

  name(name: string): this {
    this.#selected.#name = name;
    return this;
  }

  version(version: string): this {
    this.#selected.#version = version;
    return this;
  }

  description(description: string): this {
    this.#selected.#description = description;
    return this;
  }

  usage(usage: string): this {
    this.#selected.#usage = usage;
    return this;
  }

  alias(alias: string): this {
    this.#selected.#aliases.push(alias);
    return this;
  }

  hidden(): this {
    this.#selected.#hidden = true;
    return this;
  }

  /** The heading of the options that follow. */
  group(name: string | null): this {
    this.#selected.#group = name ?? undefined;
    return this;
  }

  example(name: string, description: string): this {
    this.#selected.#examples.push({ name, description });
    return this;
  }

  help(options: HelpOptions): this {
    this.#selected.#help = options;
    return this;
  }

  type<TName extends string, THandler extends TypeOrTypeHandler<unknown>>(
    name: TName,
    handler: THandler,
    options: { global?: boolean; override?: boolean } = {},
  ): Command<
    TParentGlobals,
    TParentTypes,
    TOptions,
    TArguments,
    TGlobals,
    Merged<TTypes, { [K in TName]: Handled<THandler> }>,
    TGlobalTypes,
    TParent
  > {
    const types = this.#selected.#types;
    if (types.has(name) && !options.override) {
      throw new Error(`Type with name "${name}" already exists.`);
    }
    types.set(name, { name, handler, global: options.global });
    return this as any;
  }

  globalType<TName extends string, THandler extends TypeOrTypeHandler<unknown>>(
    name: TName,
    handler: THandler,
    options: { override?: boolean } = {},
  ): Command<
    TParentGlobals,
    TParentTypes,
    TOptions,
    TArguments,
    TGlobals,
    TTypes,
    Merged<TGlobalTypes, { [K in TName]: Handled<THandler> }>,
    TParent
  > {
    return this.type(name, handler, { ...options, global: true }) as any;
  }

  arguments<TDefinition extends string>(
    args: TDefinition,
    descriptions: string[] = [],
  ): Command<
    TParentGlobals,
    TParentTypes,
    TOptions,
    ArgumentTypes<
      TDefinition,
      DefaultTypes & Known<TParentTypes> & Known<TGlobalTypes> & Known<TTypes>
    >,
    TGlobals,
    TTypes,
    TGlobalTypes,
    TParent
  > {
    const list = this.#selected.#arguments;
    list.splice(0, list.length, ...parseArguments(args, descriptions));
    return this as any;
  }

  option<
    F extends string,
    Required extends boolean | undefined = undefined,
    Collect extends boolean | undefined = undefined,
    const Default = undefined,
    Mapped = undefined,
  >(
    flags: F,
    desc: string,
    opts?: Typed<
      F,
      DefaultTypes & Known<TParentTypes> & Known<TGlobalTypes> & Known<TTypes>,
      Required,
      Collect,
      Default,
      Mapped
    >,
  ): Command<
    TParentGlobals,
    TParentTypes,
    WithOption<
      F,
      TOptions,
      DefaultTypes & Known<TParentTypes> & Known<TGlobalTypes> & Known<TTypes>,
      Required,
      Collect,
      Default,
      Mapped
    >,
    TArguments,
    TGlobals,
    TTypes,
    TGlobalTypes,
    TParent
  > {
    this.#selected.#addOption(flags, desc, opts as OptionOptions);
    return this as any;
  }

  globalOption<
    F extends string,
    Required extends boolean | undefined = undefined,
    Collect extends boolean | undefined = undefined,
    const Default = undefined,
    Mapped = undefined,
  >(
    flags: F,
    desc: string,
    opts?: Typed<
      F,
      DefaultTypes & Known<TParentTypes> & Known<TGlobalTypes> & Known<TTypes>,
      Required,
      Collect,
      Default,
      Mapped
    >,
  ): Command<
    TParentGlobals,
    TParentTypes,
    TOptions,
    TArguments,
    WithOption<
      F,
      TGlobals,
      DefaultTypes & Known<TParentTypes> & Known<TGlobalTypes> & Known<TTypes>,
      Required,
      Collect,
      Default,
      Mapped
    >,
    TTypes,
    TGlobalTypes,
    TParent
  > {
    const global = { ...opts, global: true } as OptionOptions;
    this.#selected.#addOption(flags, desc, global);
    return this as any;
  }

  action(
    fn: ActionHandler<
      Flat<Merged<Merged<TParentGlobals, TGlobals>, TOptions>>,
      TArguments
    >,
  ): this {
    this.#selected.#action = fn;
    return this;
  }

  /** Runs before the action of this command and of every one below it. */
  globalAction(
    fn: ActionHandler<
      Partial<Flat<Merged<Merged<TParentGlobals, TGlobals>, TOptions>>>,
      any
    >,
  ): this {
    this.#selected.#globalAction = fn;
    return this;
  }

  error(handler: ErrorHandler): this {
    this.#selected.#errorHandler = handler;
    return this;
  }

  throwErrors(): this {
    this.#selected.#throwErrors = true;
    return this;
  }

  /** Throws errors, and returns after printing help or version. */
  noExit(): this {
    this.#selected.#exits = false;
    return this.throwErrors();
  }

  #addOption(definition: string, description: string, opts?: OptionOptions) {
    const { names: flags, arguments: args } = splitDefinition(definition);
    const names = flags.map((flag) => flag.replace(/^--?/, ""));
    const long = flags.findIndex((flag) => flag.startsWith("--"));
    const name = names[Math.max(long, 0)];
    for (const name of names) {
      if (!this.getBaseOption(name, true)) continue;
      if (!opts?.override) {
        throw new Error(
          `An option with name '${name}' is already registered on command '${this.getPath()}'.`,
        );
      }
      this.removeOption(name);
    }
    const option: Option = {
      ...opts,
      name,
      aliases: names.filter((other) => other !== name),
      description,
      flags,
      args: parseArguments(args),
      typeDefinition: args || undefined,
      groupName: this.#group,
    };
    if (option.args.length > 1 || option.args[0]?.variadic) {
      throw new Error(`Option "${definition}": one value, or use collect`);
    }
    if (option.prepend) this.#options.unshift(option);
    else this.#options.push(option);
  }

  // Running

  async parse(
    args: string[] = Deno.args,
  ): Promise<
    CommandResult<
      Flat<Merged<Merged<TParentGlobals, TGlobals>, TOptions>>,
      TArguments
    >
  > {
    this.#isRoot = true;
    const end = args.indexOf("--");
    return await this.#run({
      args: end < 0 ? args.slice() : args.slice(0, end),
      literal: end < 0 ? [] : args.slice(end + 1),
      given: [],
    }) as any;
  }

  async #run(line: Line): Promise<CommandResult> {
    try {
      this.reset();
      this.#addDefaults();
      this.#rawArgs = line.args.slice();
      const sub = this.#findCommand(line);
      if (sub) return await sub.#run(line);

      const options = this.getOptions(true);
      const { given, rest } = findOptions(line.args, options, false);
      const all = [...line.given, ...given];
      const isAlone = all.some(({ option }) => option.standalone);
      const parse = (value: ArgumentValue) => this.#parseValue(value);
      const { values, surplus } = readArguments(
        rest,
        isAlone ? [] : this.#arguments,
        options,
        parse,
      );
      const read = readOptions(all, options, parse);
      if (surplus.length > 0 && !isAlone) throw this.#surplus(surplus);
      this.#literalArgs = line.literal;
      const result = { options: read, args: values, literal: line.literal };

      for (const { option } of all) {
        await option.action?.call(this, read, ...values);
      }
      if (!isAlone) await this.#execute(read, values, line);
      return { ...result, cmd: this };
    } catch (error) {
      this.throw(
        error instanceof Error
          ? error
          : new Error(`[non-error-thrown] ${error}`),
      );
    }
  }

  // Global options may stand before the name of the subcommand.
  #findCommand(line: Line): Command<any> | undefined {
    const byName = () => {
      const found = this.getCommand(line.args[0] ?? "", true);
      if (found) line.args.shift();
      return found;
    };
    const found = byName();
    const first = line.args[0]?.replace(/^-+/, "").split("=")[0];
    const option = first ? this.getOption(first, true) : undefined;
    if (found || !option?.global || option.standalone) return found;

    const globals = this.getOptions(true).filter((option) => option.global);
    const { given, rest } = findOptions(line.args, globals, true);
    line.given.push(...given);
    line.args = rest;
    return byName();
  }

  #surplus(words: string[]): Error {
    if (this.#commands.size === 0) {
      return new ValidationError(
        `No arguments allowed for command "${this.getPath()}".`,
      );
    }
    return this.getCommand(words[0], true)
      ? new ValidationError(`Too many arguments: ${words.join(" ")}`)
      : unknownCommand(words[0], this.getCommands().map((c) => c.getName()));
  }

  async #execute(
    options: Record<string, unknown>,
    args: unknown[],
    line: Line,
  ): Promise<void> {
    const isBare = line.args.length === 0 && line.given.length === 0;
    if (isBare && this.#commands.size > 0 && !this.#action) {
      this.showHelp();
      this.#exit();
    }
    for (const cmd of this.#ancestors().reverse()) {
      await cmd.#globalAction?.call(this, options, ...args);
    }
    await this.#action?.call(this, options, ...args);
  }

  #parseValue(value: ArgumentValue): unknown {
    const handler = this.getType(value.type)?.handler;
    if (!handler) throw new Error(`Unknown type "${value.type}".`);
    return handler instanceof Type ? handler.parse(value) : handler(value);
  }

  #addDefaults(): void {
    if (this.#parent) {
      this.getMainCommand().#addDefaults();
      return;
    }
    if (this.#hasDefaults) return;
    this.#hasDefaults = true;
    const types = {
      string: new StringType(),
      number: new NumberType(),
      integer: new IntegerType(),
      boolean: new BooleanType(),
    };
    for (const [name, handler] of Object.entries(types)) {
      if (!this.#types.has(name)) this.globalType(name, handler);
    }
    if (this.#version) {
      this.#addOption(
        "-V, --version",
        "Show the version number for this program.",
        {
          standalone: true,
          prepend: true,
          action: () => {
            console.log(this.#version);
            this.#exit();
          },
        },
      );
    }
    this.#addOption("-h, --help", "Show this help.", {
      standalone: true,
      global: true,
      prepend: true,
      action: function (this: Command<any>) {
        this.showHelp({ long: this.getRawArgs().includes("--help") });
        this.#exit();
      },
    });
  }

  #exit(): void {
    const exits = this.#ancestors().map((cmd) => cmd.#exits)
      .find((exits) => exits !== undefined);
    if (exits ?? true) Deno.exit(0);
  }

  /** Ends as a failed parse does: handler, then throws or prints and exits. */
  throw(error: Error): never {
    const isInput = error instanceof ValidationError;
    if (isInput) error.cmd ??= this;
    const line = this.#ancestors();
    const handler = line.map((cmd) => cmd.#errorHandler).find(Boolean);
    handler?.(error, this);
    if (!isInput || line.some((cmd) => cmd.#throwErrors)) throw error;
    this.showHelp();
    console.error(`  error: ${error.message}\n`);
    Deno.exit(error.exitCode);
  }

  // Looking

  /** This command, the one above it, and so on. */
  #ancestors(): Command<any>[] {
    const above = this.#parent ? this.#parent.#ancestors() : [];
    return [this, ...above];
  }

  getName(): string {
    return this.#name;
  }

  getParent(): TParent {
    return this.#parent as TParent;
  }

  getMainCommand(): Command<any> {
    return this.#ancestors().at(-1)!;
  }

  getAliases(): string[] {
    return this.#aliases;
  }

  getPath(): string {
    return this.#parent && !this.#isRoot
      ? `${this.#parent.getPath()} ${this.#name}`
      : this.#name;
  }

  getVersion(): string | undefined {
    return this.#ancestors().map((cmd) => cmd.#version).find(Boolean);
  }

  getDescription(): string {
    return this.#description;
  }

  getShortDescription(): string {
    return this.#description.trim().split("\n", 1)[0].trim();
  }

  getUsage(): string {
    if (this.#usage !== undefined) return this.#usage;
    const required = this.getOptions().filter((option) => option.required)
      .map(({ name, typeDefinition }) => `--${name} ${typeDefinition ?? ""}`);
    return [this.getArgsDefinition(), ...required].join(" ").trim();
  }

  getArgsDefinition(): string | undefined {
    return this.#arguments.map((arg) => arg.raw).join(" ") || undefined;
  }

  getArguments(): Argument[] {
    return this.#arguments;
  }

  hasArguments(): boolean {
    return this.#arguments.length > 0;
  }

  getArgument(name: string): Argument | undefined {
    return this.#arguments.find((arg) => arg.name === name);
  }

  getRawArgs(): string[] {
    return this.#rawArgs;
  }

  getLiteralArgs(): string[] {
    return this.#literalArgs;
  }

  getExamples(): Example[] {
    return this.#examples;
  }

  getOptions(hidden?: boolean): Option[] {
    return [...this.getGlobalOptions(hidden), ...this.getBaseOptions(hidden)];
  }

  getBaseOptions(hidden?: boolean): Option[] {
    return this.#options.filter((option) => hidden || !option.hidden);
  }

  getGlobalOptions(hidden?: boolean): Option[] {
    const names = new Set(this.#options.map((option) => option.name));
    return this.#ancestors().slice(1).flatMap((cmd) => cmd.#options)
      .filter((option) => {
        if (!option.global || names.has(option.name)) return false;
        names.add(option.name);
        return hidden || !option.hidden;
      });
  }

  getOption(name: string, hidden?: boolean): Option | undefined {
    return this.getOptions(hidden).find((option) =>
      option.name === name || option.aliases?.includes(name)
    );
  }

  getBaseOption(name: string, hidden?: boolean): Option | undefined {
    return this.getBaseOptions(hidden).find((option) =>
      option.name === name || option.aliases?.includes(name)
    );
  }

  hasOption(name: string, hidden?: boolean): boolean {
    return this.getOption(name, hidden) !== undefined;
  }

  removeOption(name: string): Option | undefined {
    const index = this.#options.findIndex((option) => option.name === name);
    return index < 0 ? undefined : this.#options.splice(index, 1)[0];
  }

  getCommands(hidden?: boolean): Command<any>[] {
    return [...this.#commands.values()].filter((cmd) => hidden || !cmd.#hidden);
  }

  hasCommands(hidden?: boolean): boolean {
    return this.getCommands(hidden).length > 0;
  }

  getCommand(name: string, hidden?: boolean): Command<any> | undefined {
    return this.getCommands(hidden).find((cmd) =>
      cmd.#name === name || cmd.#aliases.includes(name)
    );
  }

  getType(name: string): TypeDefinition | undefined {
    const own = this.#types.get(name);
    return own ?? this.#ancestors().slice(1)
      .map((cmd) => cmd.#types.get(name)).find((type) => type?.global);
  }

  getTypes(): TypeDefinition[] {
    return [...this.#types.values()];
  }

  getHelp(options: HelpOptions = {}): string {
    this.#addDefaults();
    const settings = this.#ancestors().map((cmd) => cmd.#help).find(Boolean);
    return generateHelp(this, { ...settings, ...options });
  }

  showHelp(options?: HelpOptions): void {
    console.log(this.getHelp(options));
  }

  showVersion(): void {
    console.log(this.getVersion());
  }
}

/** What `.reset()` goes back to. */
type Above<TParent, TThis> = TParent extends Command<any> ? TParent : TThis;

type SubArguments<TDefinition extends string, Types> = TDefinition extends
  `${string} ${infer Rest}` ? ArgumentTypes<Rest, DefaultTypes & Types> : [];
