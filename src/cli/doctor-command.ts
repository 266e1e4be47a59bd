import { Argument, Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { versions } from "node:process";
import type { Context } from "./context.ts";
import type { Finding } from "./doctor/finding.ts";
import { ExitCode } from "./exit.ts";

const HELP = `
Looks at Pachyderm (reachable, version, whether you may make a repo, its clock, its S3 gateway), MLflow (reachable, version,
whether its artifact store takes a file, its clock), the Spark, Java and Python that pipelines on this machine would take, Node,
the state folder and the index. One line each: ok, warn or FAIL, what, what was found, and what to do.

To see that it can be written it makes a repo stemma-doctor-… and removes it, and a run of MLflow's experiment stemma-doctor
with one small file, and deletes both. --no-write leaves that out.

Exits with 0 when nothing failed (a warning is no failure), with 4 when all that failed is that a server can't be reached,
else with 1.

Examples:
  stemma doctor
  stemma doctor --no-write -o json
  stemma doctor mlflow
  PACHD_ADDRESS=grpcs://pachd.example:443 MLFLOW_TRACKING_URI=https://mlflow.example stemma doctor
  stemma doctor --s3 https://s3.pachd.example`;

const PARTS = ["pachyderm", "mlflow", "machine"] as const;
type Part = (typeof PARTS)[number];

interface DoctorOptions {
  readonly pachd?: string | undefined;
  readonly mlflow?: string | undefined;
  readonly s3?: string | undefined;
  readonly write: boolean;
}

/** `stemma doctor`: what works here, and what to do about the rest. */
export function doctorCommand(context: Context) {
  return new Command("doctor")
    .description("Check each remote and each tool that stemma uses, and say what to do")
    .addArgument(new Argument("[part...]", "look only at these").choices(PARTS))
    .option("--no-write", "only look: make no repo and no run")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"] as const).default("text" as const))
    .option("--pachd <address>", "Pachyderm's address, instead of $PACHD_ADDRESS or what `stemma up` started")
    .option("--mlflow <uri>", "MLflow's address, instead of $MLFLOW_TRACKING_URI or what `stemma up` started")
    .option("--s3 <url>", "where Pachyderm's S3 gateway is, if not at port 30600 of Pachyderm's host", webAddress)
    .addHelpText("after", HELP)
    .action(async (parts, { output, ...options }) => {
      const { exitCodeFor, formatFinding } = await import("./doctor/finding.ts");
      const findings: Finding[] = [];
      for await (const finding of examine(context, options, parts.length === 0 ? PARTS : parts)) {
        context.signal.throwIfAborted();
        findings.push(finding);
        if (output === "text") context.out(formatFinding(finding));
      }
      const code = exitCodeFor(findings);
      if (output === "json") context.out(`${JSON.stringify({ ok: code === 0, findings }, undefined, 2)}\n`);
      if (code !== 0) throw new ExitCode(code);
    });
}

/** All at once, told in one order. */
async function* examine(context: Context, options: DoctorOptions, parts: readonly Part[]): AsyncGenerator<Finding> {
  const groups = PARTS.filter((part) => parts.includes(part)).map((part) => EXAMINERS[part](context, options));
  const settled = Promise.allSettled(groups);
  for (const group of groups) yield* await group;
  await settled;
}

function webAddress(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text.replace(/\/$/, "");
  throw new InvalidArgumentError("It looks like http://HOST:30600.");
}

const EXAMINERS = {
  pachyderm: examinePachyderm,
  mlflow: examineMlflow,
  machine: examineMachine,
} satisfies Record<Part, (context: Context, options: DoctorOptions) => Promise<readonly Finding[]>>;

async function examinePachyderm(context: Context, { pachd, s3, write }: DoctorOptions): Promise<readonly Finding[]> {
  const [{ failed }, { checkPachyderm }, { checkGateway, usualGateway }, { gatewayHere }] = await Promise.all([
    import("./doctor/finding.ts"),
    import("./doctor/pachyderm.ts"),
    import("./doctor/s3-gateway.ts"),
    import("./doctor/gateway-here.ts"),
  ]);
  try {
    using client = await context.pachyderm(pachd);
    const found = await checkPachyderm(client, { write });
    if (found[0]?.isUnreachable && s3 === undefined) return found;
    const url = s3 ?? gatewayHere(context, client.address) ?? usualGateway(client.address);
    return [...found, await checkGateway(url)];
  } catch (error) {
    return [failed("Pachyderm", error, "Name it with --pachd HOST:PORT or PACHD_ADDRESS.")];
  }
}

async function examineMlflow(context: Context, { mlflow, write }: DoctorOptions): Promise<readonly Finding[]> {
  const [{ failed }, { checkMlflow }] = await Promise.all([import("./doctor/finding.ts"), import("./doctor/mlflow.ts")]);
  try {
    const client = await context.mlflow(mlflow, context.signal);
    return await checkMlflow(client, context.env, { write });
  } catch (error) {
    return [failed("MLflow", error, "Name it with --mlflow URI or MLFLOW_TRACKING_URI.")];
  }
}

async function examineMachine(context: Context, { pachd, mlflow, write }: DoctorOptions): Promise<readonly Finding[]> {
  const [{ checkSpark }, { checkPython }, machine, { jobEnvironment }, { stateFolder }, { indexFile }] = await Promise.all([
    import("./doctor/spark.ts"),
    import("./doctor/python.ts"),
    import("./doctor/machine.ts"),
    import("../local/job-environment.ts"),
    import("../local/state-folder.ts"),
    import("./index-file.ts"),
  ]);
  const { env, cwd, signal } = context;
  const jobs = { env: jobEnvironment(env), signal };
  const [spark, python, folder, index] = await Promise.all([
    checkSpark(jobs),
    checkPython(jobs),
    machine.checkStateFolder(stateFolder(env, cwd).path, { write }),
    machine.checkIndex(await indexFile(context, { pachd, mlflow }), { write }),
  ]);
  return [...spark, python, machine.checkNode(versions.node), folder, index];
}
