// A lint rule: no list whose length comes from data is spread into arguments.
// V8 keeps arguments on the stack, which overflows at about 125,000 of them.

const MESSAGE =
  "A list of any length is passed as arguments: the stack overflows at about 125,000";
const HINT =
  "Use a loop. Where the length is bounded, ignore the rule and say what bounds it";

/** Functions of the language that apply() is called on. */
const BUILT_IN: ReadonlySet<string> = new Set([
  "concat",
  "fromCharCode",
  "fromCodePoint",
  "log",
  "max",
  "min",
  "of",
  "push",
  "splice",
  "unshift",
]);

/** Whether the source says how many elements a list has. */
function isBounded(
  list: Deno.lint.Node,
  ancestors: readonly Deno.lint.Node[],
): boolean {
  switch (list.type) {
    case "ArrayExpression":
      return list.elements.every((element) =>
        element?.type !== "SpreadElement" ||
        isBounded(element.argument, ancestors)
      );
    case "ConditionalExpression":
      return isBounded(list.consequent, ancestors) &&
        isBounded(list.alternate, ancestors);
    case "Identifier":
      return ancestors.some((node) => hasRestParameter(node, list.name));
    default:
      return false;
  }
}

/** Whether a name holds the arguments of a function: those did fit. */
function hasRestParameter(node: Deno.lint.Node, name: string): boolean {
  switch (node.type) {
    case "ArrowFunctionExpression":
    case "FunctionDeclaration":
    case "FunctionExpression": {
      const last = node.params.at(-1);
      return last?.type === "RestElement" &&
        last.argument.type === "Identifier" && last.argument.name === name;
    }
    default:
      return false;
  }
}

/** The name behind the dot. */
function member(node: Deno.lint.Node): string | undefined {
  return node.type === "MemberExpression" && node.property.type === "Identifier"
    ? node.property.name
    : undefined;
}

/** The list in f.apply(self, list) and Reflect.apply(f, self, list). */
function appliedList(
  call: Deno.lint.CallExpression,
): Deno.lint.Node | undefined {
  const { callee } = call;
  if (callee.type !== "MemberExpression") return undefined;
  const name = member(callee);
  const { object } = callee;
  if (object.type === "Identifier" && object.name === "Reflect") {
    if (name === "apply") return call.arguments[2];
    if (name === "construct") return call.arguments[1];
  }
  if (name !== "apply") return undefined;
  const [self, list] = call.arguments;
  // Other objects have a method of this name, such as Network.
  const isFunction = self?.type === "Literal" ||
    self?.type === "Identifier" && self.name === "undefined" ||
    BUILT_IN.has(member(object) ?? "");
  return isFunction ? list : undefined;
}

const plugin: Deno.lint.Plugin = {
  name: "netplumb",
  rules: {
    "no-data-spread": {
      create(context) {
        if (context.filename.includes("/tests/")) return {};
        const check = (
          node: Deno.lint.Node,
          list: Deno.lint.Node | undefined,
        ): void => {
          if (list === undefined) return;
          const ancestors = context.sourceCode.getAncestors(node);
          if (isBounded(list, ancestors)) return;
          context.report({ node, message: MESSAGE, hint: HINT });
        };
        const checkSpread = (node: Deno.lint.SpreadElement) =>
          check(node, node.argument);
        return {
          "CallExpression > SpreadElement": checkSpread,
          "NewExpression > SpreadElement": checkSpread,
          CallExpression: (node) => check(node, appliedList(node)),
        };
      },
    },
  },
};

export default plugin;
