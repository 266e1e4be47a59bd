import { type JsonObject, objectAt, objectsAt, textAt } from "../tracker/json.ts";
import { formatDuration, formatValue, quoteWord } from "./format-value.ts";
import { formatBytes, formatTime } from "./table.ts";

/** What a section of a drawn card says, in columns. */
export type Rows = readonly (readonly string[])[];

export function aboutRun(card: JsonObject): Rows {
  const { startTime, endTime } = { startTime: timeAt(card, "startTime"), endTime: timeAt(card, "endTime") };
  const took = startTime === undefined || endTime === undefined ? "" : formatDuration(endTime.getTime() - startTime.getTime());
  const exitCode = valueAt(card, "exitCode");
  return present([
    ["status", [valueAt(card, "status").toLowerCase(), exitCode && `exit code ${exitCode}`].filter(Boolean).join(", ")],
    ["began", startTime && formatTime(startTime)],
    ["ended", endTime && `${formatTime(endTime)}, after ${took}`],
    ["command", commandOf(card)],
    ["experiment", valueAt(card, "experimentName")],
    ["page", pageOf(card)],
    ["key", valueAt(card, "key")],
  ]);
}

/** As in the address bar of a browser; MLflow's address alone where there is no run. */
function pageOf(card: JsonObject): string {
  const [uri, experiment, run] = [valueAt(card, "trackingUri"), valueAt(card, "experimentId"), valueAt(card, "runId")];
  return uri && experiment && run ? `${uri}/#/experiments/${experiment}/runs/${run}` : uri;
}

function commandOf(card: JsonObject): string {
  return Array.isArray(card["command"]) ? listAt(card, "command").map(quoteWord).join(" ") : valueAt(card, "command");
}

export function attemptRow(attempt: JsonObject): readonly string[] {
  const status = valueAt(attempt, "status").toLowerCase() || "running";
  const place = [valueAt(attempt, "host"), valueAt(attempt, "pid") && `process ${valueAt(attempt, "pid")}`];
  return [
    valueAt(attempt, "attempt"),
    status,
    formatTime(timeAt(attempt, "started")),
    place.filter(Boolean).join(", "),
    valueAt(attempt, "reason"),
  ];
}

export function aboutPachyderm(pachyderm: JsonObject): Rows {
  const pipeline = [valueAt(pachyderm, "project"), valueAt(pachyderm, "pipeline")].filter((name) => name && name !== "default");
  const name = pipeline.join("/");
  const at = (what: string): string => what && `${name}@${what}`;
  const version = valueAt(pachyderm, "version");
  return present([
    ["job", at(valueAt(pachyderm, "job"))],
    ["output", at(valueAt(pachyderm, "outputCommit"))],
    ["pipeline", version && `${name}#${version}`],
    ["image", valueAt(pachyderm, "image")],
    ["datum", valueAt(pachyderm, "datum")],
  ]);
}

export function inputRow(input: JsonObject): readonly string[] {
  const project = valueAt(input, "project");
  const repo = `${project === "" || project === "default" ? "" : `${project}/`}${valueAt(input, "repo")}`;
  const files = objectsAt(input, "files").length + Number(input["moreFiles"] ?? 0);
  return [
    valueAt(input, "name"),
    `${repo}@${valueAt(input, "commit")}:${valueAt(input, "path")}`,
    valueAt(input, "branch"),
    sizeAt(input),
    files === 0 ? "" : `${files} files`,
  ];
}

export function aboutCode(code: JsonObject): Rows {
  const git = objectAt(code, "git");
  const script = objectAt(code, "script");
  const diff = valueAt(git, "diff");
  const changes = git["dirty"] === true ? `with changes${diff && `, see ${diff}`}` : "";
  return present([
    ["git", [valueAt(git, "commit"), changes].filter(Boolean).join(", ")],
    ["branch", valueAt(git, "branch")],
    ["remote", valueAt(git, "remote")],
    ["script", [valueAt(script, "path"), valueAt(script, "sha256")].filter(Boolean).join("  sha256:")],
  ]);
}

export function aboutEnvironment(environment: JsonObject): Rows {
  const host = objectAt(environment, "host");
  const memory = host["memoryBytes"];
  const machine = [
    valueAt(host, "name"),
    valueAt(host, "os"),
    valueAt(host, "cpus") && `${valueAt(host, "cpus")} cores`,
    typeof memory === "number" ? formatBytes(memory) : "",
  ];
  const packages = objectAt(environment, "packages");
  const count = valueAt(packages, "count");
  return present([
    ["host", machine.filter(Boolean).join(", ")],
    ...pairs(objectAt(environment, "versions")),
    ["packages", count && `${count} of ${valueAt(packages, "source")}, see ${valueAt(packages, "artifact")}`],
    ...objectsAt(environment, "lockFiles").map((file) => [
      "lock file",
      `${valueAt(file, "path")}  sha256:${valueAt(file, "sha256")}`,
    ]),
  ]);
}

export function datasetRow(dataset: JsonObject): readonly string[] {
  return [valueAt(dataset, "name"), valueAt(dataset, "digest"), valueAt(dataset, "context")];
}

export function fileRow(file: JsonObject, folder = ""): readonly string[] {
  const sha256 = valueAt(file, "sha256");
  return [folder + valueAt(file, "path"), sizeAt(file), sha256 && `sha256:${sha256}`];
}

export function modelRows(model: JsonObject): Rows {
  const name = valueAt(model, "name");
  const files = objectsAt(model, "files").map((file) => fileRow(file, `${name}/`));
  return [[name, "", valueAt(model, "digest")], ...files];
}

export function sparkRows(spark: JsonObject): Rows {
  const volume = (side: string): string => {
    const { bytes, rows } = objectAt(spark, side);
    return typeof bytes === "number" ? `${formatBytes(bytes)}, ${formatValue(rows)} rows` : "";
  };
  const tally = (what: string): string => {
    const { total, failed } = objectAt(spark, what);
    return `${formatValue(total)} ${what}${failed === 0 || failed === undefined ? "" : ` (${formatValue(failed)} failed)`}`;
  };
  return present([
    [valueAt(spark, "applicationId"), [valueAt(spark, "name"), valueAt(spark, "sparkVersion")].filter(Boolean).join(", Spark ")],
    ["work", ["jobs", "stages", "tasks"].map(tally).join(", ")],
    ["read", volume("input")],
    ["written", volume("output")],
  ]);
}

/** Rows that have something to say. */
function present(rows: readonly (readonly (string | undefined)[])[]): Rows {
  return rows.filter((row) => Boolean(row[1])).map((row) => row.map((cell) => cell ?? ""));
}

/** An object as rows of key and value. */
export function pairs(object: JsonObject): string[][] {
  return Object.entries(object).map(([key, value]) => [formatValue(key), formatValue(value)]);
}

/** The field of a card as one harmless line. */
export function valueAt(object: JsonObject, key: string): string {
  return formatValue(object[key]);
}

export function listAt(object: JsonObject, key: string): string[] {
  const value = object[key];
  return Array.isArray(value) ? value.map(formatValue) : [];
}

function sizeAt(object: JsonObject): string {
  const bytes = object["sizeBytes"];
  return typeof bytes === "number" ? formatBytes(bytes) : "";
}

function timeAt(object: JsonObject, key: string): Date | undefined {
  const time = new Date(textAt(object, key) ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time;
}
