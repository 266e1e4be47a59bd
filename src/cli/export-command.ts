import { Command, Option } from "@commander-js/extra-typings";
import { StemmaError } from "../lineage/errors.ts";
import type { Trace } from "../lineage/answer.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./exit.ts";
import { exportContext } from "./export-context.ts";
import { readKey } from "./export-key.ts";
import { writeFiles } from "./export-output.ts";
import type { LineageOptions } from "./lineage-options.ts";
import { withLineageOptions } from "./lineage-options.ts";
import { openLineage } from "./lineage-session.ts";

const STANDARDS = ["openlineage", "prov-json", "prov-n", "ro-crate", "in-toto", "cyclonedx"] as const;

export interface ExportOptions extends LineageOptions {
  readonly as: (typeof STANDARDS)[number];
  readonly direction: "up" | "down" | "both";
  readonly out?: string | undefined;
  readonly key?: string | undefined;
  readonly level?: "commit" | "file" | undefined;
  readonly license: string;
}

const EXAMPLES = `
  openlineage   events of OpenLineage 2-0-2, one a line, as Marquez takes them
  prov-json     W3C PROV as JSON; prov-n: the same as people read it
  ro-crate      a folder with a Workflow Run RO-Crate 0.5; needs --out
  in-toto       a statement with SLSA provenance; with --key, signed (DSSE)
  cyclonedx     a bill of materials of CycloneDX 1.6, with the model's card

Examples:
  stemma export models:/fraud@champion --as cyclonedx --out fraud.cdx.json
  stemma export models:/fraud@champion --as in-toto --key key.pem > fraud.intoto.json
  stemma export train@master --as ro-crate --out crate --license CC-BY-4.0
  stemma export raw_data@master --as openlineage --down
  stemma export raw_data@master:/day-12.csv --as prov-n --both`;

/** `stemma export`: lineage in the form of a standard. */
export function exportCommand(context: Context) {
  const command = new Command("export")
    .description("Write what a thing came from, or what came out of it, in the form of a standard")
    .argument("<reference>", "what to start from, such as models:/fraud@champion or train@master")
    .addOption(new Option("--as <standard>", "in which form").choices(STANDARDS).makeOptionMandatory())
    .option("--out <path>", "write it there, instead of printing it")
    .addOption(new Option("--up", "what it came from (default)").conflicts(["down", "both"]))
    .addOption(new Option("--down", "what came out of it").conflicts(["up", "both"]))
    .addOption(new Option("--both", "both"))
    .addOption(new Option("--level <level>", "with whole commits, or with single files").choices(["commit", "file"] as const))
    .option("--key <file>", "sign it (in-toto) with this private key, ECDSA P-256 or Ed25519, as PEM")
    .option("--license <text>", "under which licence the data is (ro-crate)", "not recorded")
    .addHelpText("after", EXAMPLES);
  return withLineageOptions(command).action(async (reference, { up: _up, down, both, ...options }) => {
    await exportLineage(context, reference, { ...options, direction: both === true ? "both" : down === true ? "down" : "up" });
  });
}

async function exportLineage(context: Context, reference: string, options: ExportOptions): Promise<void> {
  if (options.key !== undefined && options.as !== "in-toto")
    throw new StemmaError("USAGE", `--key does not go with --as ${options.as}.`, { hint: "Only in-toto is signed." });
  if (options.as === "ro-crate" && options.out === undefined)
    throw new StemmaError("USAGE", "an RO-Crate is a folder.", { hint: "Name one: --out <folder>" });
  const key = options.key === undefined ? undefined : await readKey(context, options.key);
  await using session = await openLineage(context, options);
  const root = await session.resolve(reference);
  const trace = await session.walk(root, { direction: options.direction, level: options.level });
  const write = await FORMATS[options.as]();
  await writeFiles(context, options.out, write(trace, { ...exportContext(context, options), license: options.license, key }));
  const missing = trace.gaps.filter(({ effect }) => effect === "missing").map(({ why }) => why);
  for (const why of new Set(missing)) context.err(`stemma: not complete: ${why}\n`);
  if (options.requireComplete === true && !trace.complete) throw new ExitCode(6);
}

/** What all writers are given beside the trace. */
interface Frame extends ReturnType<typeof exportContext> {
  readonly license: string;
  readonly key: Awaited<ReturnType<typeof readKey>> | undefined;
}

type Writer = (trace: Trace, frame: Frame) => string | ReadonlyMap<string, string>;

/** Only the one that was asked for is loaded. */
const FORMATS: Readonly<Record<ExportOptions["as"], () => Promise<Writer>>> = {
  openlineage: async () => (await import("../lineage/export/openlineage/events.ts")).toOpenLineage,
  "prov-json": async () => (await import("../lineage/export/prov/prov-json.ts")).toProvJson,
  "prov-n": async () => (await import("../lineage/export/prov/prov-n.ts")).toProvN,
  "ro-crate": async () => (await import("../lineage/export/ro-crate/crate.ts")).toRoCrate,
  cyclonedx: async () => (await import("../lineage/export/cyclonedx/bom.ts")).toCycloneDx,
  "in-toto": async () => {
    const [{ toInToto }, { signEnvelope }] = await Promise.all([
      import("../lineage/export/in-toto/statement.ts"),
      import("../lineage/export/in-toto/sign.ts"),
    ]);
    return (trace, frame) => (frame.key === undefined ? toInToto(trace, frame) : signEnvelope(toInToto(trace, frame), frame.key));
  },
};
