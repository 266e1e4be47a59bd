import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Context } from "../../src/cli/context.ts";
import { ExitCode } from "../../src/cli/exit.ts";
import { testContext } from "./terminal.ts";

interface ParsingCommand {
  exitOverride(): ParsingCommand;
  parseAsync(argv: readonly string[], options: { readonly from: "user" }): Promise<unknown>;
}

/** What a command about lineage printed, and how it ended. Errors but exit codes pass. */
export async function ask(
  command: (context: Context) => ParsingCommand,
  argv: readonly string[],
): Promise<{ readonly code: number; readonly out: string }> {
  let out = "";
  const context = testContext({ cwd: "/", env: {} }, { out: (text) => (out += text) });
  try {
    await command(context).exitOverride().parseAsync(argv, { from: "user" });
    return { code: 0, out };
  } catch (error) {
    if (error instanceof ExitCode) return { code: error.code, out };
    throw error;
  }
}

/** Where JSON does not follow one of the published schemas; null where it does. */
export async function schemaErrors(name: string, json: string): Promise<unknown> {
  const schema: unknown = JSON.parse(await readFile(`schemas/${name}.schema.json`, "utf8"));
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema as object);
  validate(JSON.parse(json));
  return validate.errors;
}
