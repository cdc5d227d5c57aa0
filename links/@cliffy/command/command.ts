// deno-lint-ignore-file no-explicit-any
import { addOption, parseArguments, splitDefinition } from "./definition.ts";
import type { HelpOptions } from "./help.ts";
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
import { type CommandResult, fail, parseLine } from "./run.ts";
import { CommandTree } from "./tree.ts";
import type {
  ActionHandler,
  ErrorHandler,
  OptionOptions,
  TypeOrTypeHandler,
} from "./types.ts";

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
> extends CommandTree<TParent> {
  #selected: Command<any> = this;

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
    if (this.settings.commands.has(name)) {
      throw new Error(`Duplicate command name "${name}".`);
    }
    const sub = typeof cmdOrDesc === "string"
      ? new Command<any>().description(cmdOrDesc)
      : cmdOrDesc.reset();
    sub.settings.name = name;
    sub.settings.parent = this;
    if (args) sub.arguments(args);
    for (const alias of aliases) sub.settings.aliases.push(alias);
    this.settings.commands.set(name, sub);
    this.#selected = sub;
    return this;
  }

  reset(): Above<TParent, this> {
    this.#selected = this;
    return this as any;
  }

  name(name: string): this {
    this.#selected.settings.name = name;
    return this;
  }

  version(version: string): this {
    this.#selected.settings.version = version;
    return this;
  }

  description(description: string): this {
    this.#selected.settings.description = description;
    return this;
  }

  usage(usage: string): this {
    this.#selected.settings.usage = usage;
    return this;
  }

  alias(alias: string): this {
    this.#selected.settings.aliases.push(alias);
    return this;
  }

  hidden(): this {
    this.#selected.settings.hidden = true;
    return this;
  }

  /** The heading of the options that follow. */
  group(name: string | null): this {
    this.#selected.settings.group = name ?? undefined;
    return this;
  }

  example(name: string, description: string): this {
    this.#selected.settings.examples.push({ name, description });
    return this;
  }

  help(options: HelpOptions): this {
    this.#selected.settings.help = options;
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
    const types = this.#selected.settings.types;
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
    this.#selected.settings.arguments = parseArguments(args, descriptions);
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
    addOption(this.#selected, flags, desc, opts as OptionOptions);
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
    addOption(this.#selected, flags, desc, global);
    return this as any;
  }

  action(
    fn: ActionHandler<
      Flat<Merged<Merged<TParentGlobals, TGlobals>, TOptions>>,
      TArguments
    >,
  ): this {
    this.#selected.settings.action = fn;
    return this;
  }

  /** Runs before the action of this command and of every one below it. */
  globalAction(
    fn: ActionHandler<
      Partial<Flat<Merged<Merged<TParentGlobals, TGlobals>, TOptions>>>,
      any
    >,
  ): this {
    this.#selected.settings.globalAction = fn;
    return this;
  }

  error(handler: ErrorHandler): this {
    this.#selected.settings.errorHandler = handler;
    return this;
  }

  throwErrors(): this {
    this.#selected.settings.throwErrors = true;
    return this;
  }

  /** Takes everything from the first word that is no option for arguments. */
  stopEarly(stopEarly = true): this {
    this.#selected.settings.stopEarly = stopEarly;
    return this;
  }

  /** Takes all words for arguments, options included. */
  useRawArgs(useRawArgs = true): Command<any> {
    this.#selected.settings.useRawArgs = useRawArgs;
    return this;
  }

  /** Throws errors, and returns after printing help or version. */
  noExit(): this {
    this.#selected.settings.exits = false;
    return this.throwErrors();
  }

  parse(
    args: string[] = Deno.args,
  ): Promise<
    CommandResult<
      Flat<Merged<Merged<TParentGlobals, TGlobals>, TOptions>>,
      TArguments
    >
  > {
    return parseLine(this, args);
  }

  /** Ends as a failed parse does: handler, then throws or prints and exits. */
  throw(error: Error): never {
    return fail(this, error);
  }
}

/** What `.reset()` goes back to. */
type Above<TParent, TThis> = TParent extends Command<any> ? TParent : TThis;

type SubArguments<TDefinition extends string, Types> = TDefinition extends
  `${string} ${infer Rest}` ? ArgumentTypes<Rest, DefaultTypes & Types> : [];
