// deno-lint-ignore-file no-explicit-any
// What the compiler knows of options and arguments from their definitions.

import type { TypeOrTypeHandler } from "./types.ts";

type Bag = Record<string, unknown>;

/** The value types of the names that may follow the colon. */
export interface DefaultTypes {
  string: string;
  number: number;
  integer: number;
  boolean: boolean;
}

export type Known<T> = [T] extends [void] ? unknown : T;
export type Merged<A, B> = [A] extends [void] ? B
  : [B] extends [void] ? A
  : A & B;
export type Flat<T> = 0 extends 1 & T ? any
  : [T] extends [void] ? void
  : { [K in keyof T]: T[K] };

/** The value a type handler makes. */
export type Handled<T> = T extends TypeOrTypeHandler<infer V> ? V : never;

type Before<S extends string, Sign extends string> = S extends
  `${infer Head}${Sign}${string}` ? Head : S;
type Head<S extends string> = Before<Before<Before<S, ",">, "=">, " ">;
type Camel<S extends string> = S extends `${infer A}-${infer B}`
  ? `${A}${Capitalize<Camel<B>>}`
  : S;

type Flag<F extends string> = F extends `${string}--${infer Rest}` ? Head<Rest>
  : F extends `-${infer Rest}` ? Head<Rest>
  : string;

type Lookup<Name extends string, Types> = Name extends `${infer Item}[]`
  ? Lookup<Item, Types>[]
  : Name extends keyof Types ? Types[Name]
  : unknown;
/** The value of what stands between the brackets: "port:integer". */
type Value<D extends string, Types> = D extends `${string}:${infer T}:${string}`
  ? Lookup<T, Types>
  : D extends `${string}:${infer T}` ? Lookup<T, Types>
  : string;

/** What one occurrence of the option gives. */
export type OptionValue<F extends string, Types> = F extends
  `${string}<${infer D}>` ? Value<D, Types>
  : F extends `${string}[${infer D}]` ? Value<D, Types> | true
  : true;

type Present<Required, Default> = Required extends true ? true
  : [Default] extends [undefined] ? false
  : true;

/** All options once the option with these flags is added to them. */
export type WithOption<
  F extends string,
  Options,
  Types,
  Required,
  Collect,
  Default,
  Mapped,
> = 0 extends 1 & Options ? any
  : Flag<F> extends `no-${infer Name}` ? WithNegated<Camel<Name>, Options>
  : Merged<
    Options,
    WithValue<
      Camel<Flag<F>>,
      [Mapped] extends [undefined]
        ? Collect extends true ? OptionValue<F, Types>[] : OptionValue<F, Types>
        : Mapped,
      Default,
      Present<Required, Default>
    >
  >;

type WithValue<Name extends string, V, Default, Required> = Required extends
  true ? { [K in Name]: V | Exclude<Default, undefined> }
  : { [K in Name]?: V };

type WithNegated<Name extends string, Options> = Name extends keyof Options
  ? Omit<Options, Name> & { [K in Name]: Options[Name] | false }
  : Merged<Options, { [K in Name]: boolean }>;

/** The arguments of an action, from "<host:string> [...rest:string]". */
export type ArgumentTypes<D extends string, Types> = D extends
  `${infer First} ${infer Rest}`
  ? [...OneArgument<First, Types>, ...ArgumentTypes<Rest, Types>]
  : D extends "" ? []
  : OneArgument<D, Types>;

type OneArgument<D extends string, Types> = D extends `<${infer A}>`
  ? A extends `...${string}` | `${string}...${string}`
    ? [Value<A, Types>, ...Value<A, Types>[]]
  : [Value<A, Types>]
  : D extends `[${infer A}]`
    ? A extends `...${string}` | `${string}...${string}` ? Value<A, Types>[]
    : [Value<A, Types>?]
  : [];

export type MaybeBag = Bag | void;
/** `any` for a command of which nothing is known, otherwise the default. */
export type Otherwise<Parent, Default> = Parent extends number ? any : Default;
