// deno-lint-ignore-file no-explicit-any
import type { Command } from "./command.ts";
import { addDefaults } from "./defaults.ts";
import { generateHelp, type HelpOptions } from "./help.ts";
import { lineage } from "./lineage.ts";
import type {
  ActionHandler,
  Argument,
  ErrorHandler,
  Example,
  Option,
  TypeOrTypeHandler,
} from "./types.ts";

export interface TypeDefinition {
  name: string;
  handler: TypeOrTypeHandler<unknown>;
  global?: boolean;
}

/** All that is known of one command. */
export class Settings {
  parent?: Command<any>;
  isRoot = false;
  name = "COMMAND";
  description = "";
  usage?: string;
  version?: string;
  hidden = false;
  group?: string;
  rawArgs: string[] = [];
  literalArgs: string[] = [];
  throwErrors = false;
  stopEarly = false;
  useRawArgs = false;
  exits?: boolean;
  help?: HelpOptions;
  errorHandler?: ErrorHandler;
  action?: ActionHandler;
  globalAction?: ActionHandler;
  hasDefaults = false;
  arguments: Argument[] = [];
  readonly aliases: string[] = [];
  readonly examples: Example[] = [];
  readonly options: Option[] = [];
  readonly types: Map<string, TypeDefinition> = new Map();
  readonly commands: Map<string, Command<any>> = new Map();
}

/** Reading a command and those around it. */
export class CommandTree<TParent extends Command<any> | undefined> {
  readonly settings: Settings = new Settings();

  getName(): string {
    return this.settings.name;
  }

  getParent(): TParent {
    return this.settings.parent as TParent;
  }

  getMainCommand(): Command<any> {
    return lineage(this).at(-1)!;
  }

  getAliases(): string[] {
    return this.settings.aliases;
  }

  getPath(): string {
    return this.settings.parent && !this.settings.isRoot
      ? `${this.settings.parent.getPath()} ${this.settings.name}`
      : this.settings.name;
  }

  getVersion(): string | undefined {
    return lineage(this).map((cmd) => cmd.settings.version).find(Boolean);
  }

  getDescription(): string {
    return this.settings.description;
  }

  getShortDescription(): string {
    return this.settings.description.trim().split("\n", 1)[0].trim();
  }

  getUsage(): string {
    if (this.settings.usage !== undefined) return this.settings.usage;
    const required = this.getOptions().filter((option) => option.required)
      .map(({ name, typeDefinition }) => `--${name} ${typeDefinition ?? ""}`);
    return [this.getArgsDefinition(), ...required].join(" ").trim();
  }

  getArgsDefinition(): string | undefined {
    return this.settings.arguments.map((arg) => arg.raw).join(" ") || undefined;
  }

  getArguments(): Argument[] {
    return this.settings.arguments;
  }

  hasArguments(): boolean {
    return this.settings.arguments.length > 0;
  }

  getArgument(name: string): Argument | undefined {
    return this.settings.arguments.find((arg) => arg.name === name);
  }

  getRawArgs(): string[] {
    return this.settings.rawArgs;
  }

  getLiteralArgs(): string[] {
    return this.settings.literalArgs;
  }

  getExamples(): Example[] {
    return this.settings.examples;
  }

  getOptions(hidden?: boolean): Option[] {
    return [...this.getGlobalOptions(hidden), ...this.getBaseOptions(hidden)];
  }

  getBaseOptions(hidden?: boolean): Option[] {
    return this.settings.options.filter((option) => hidden || !option.hidden);
  }

  getGlobalOptions(hidden?: boolean): Option[] {
    const names = new Set(this.settings.options.map((option) => option.name));
    return lineage(this).slice(1).flatMap((cmd) => cmd.settings.options)
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
    const index = this.settings.options.findIndex((option) =>
      option.name === name
    );
    return index < 0 ? undefined : this.settings.options.splice(index, 1)[0];
  }

  getCommands(hidden?: boolean): Command<any>[] {
    return [...this.settings.commands.values()].filter((cmd) =>
      hidden || !cmd.settings.hidden
    );
  }

  hasCommands(hidden?: boolean): boolean {
    return this.getCommands(hidden).length > 0;
  }

  getCommand(name: string, hidden?: boolean): Command<any> | undefined {
    return this.getCommands(hidden).find((cmd) =>
      cmd.settings.name === name || cmd.settings.aliases.includes(name)
    );
  }

  getType(name: string): TypeDefinition | undefined {
    const own = this.settings.types.get(name);
    return own ?? lineage(this).slice(1)
      .map((cmd) => cmd.settings.types.get(name)).find((type) => type?.global);
  }

  getTypes(): TypeDefinition[] {
    return [...this.settings.types.values()];
  }

  getHelp(options: HelpOptions = {}): string {
    const [cmd, ...above] = lineage(this);
    addDefaults(cmd);
    const help = [cmd, ...above].map(({ settings }) => settings.help)
      .find(Boolean);
    return generateHelp(cmd, { ...help, ...options });
  }

  showHelp(options?: HelpOptions): void {
    console.log(this.getHelp(options));
  }

  /** The name of the main command, and its version. */
  showLongVersion(): void {
    console.log(`${this.getMainCommand().getName()} ${this.getVersion()}`);
  }

  showVersion(): void {
    console.log(this.getVersion());
  }
}
