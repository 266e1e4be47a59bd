import { type JsonObject, objectAt, objectsAt, textAt } from "../../json.ts";

/** A table, or files, that a plan of Spark reads or writes. */
export interface SparkTable {
  /** In lower case: `csv`, `parquet`, `jdbc`, `hive` …; `v2` for a table of a catalog that does not say. */
  readonly format: string;
  readonly table?: string | undefined;
  /** Only the first ones where there are many: Spark's log has no more. */
  readonly locations: readonly string[];
  /** How many locations there are. */
  readonly locationCount: number;
}

export interface PlanTables {
  readonly read: readonly SparkTable[];
  readonly written: readonly SparkTable[];
  /** The table that is created, and filled by a plan of its own, which does not say its name. */
  readonly creates?: string | undefined;
}

/** What a plan reads and writes, by an event that holds the plan (SparkListenerSQLExecutionStart and its update). */
export function planTables(event: JsonObject): PlanTables {
  const nodes = [...walk(objectAt(event, "sparkPlanInfo"))];
  const description = textAt(event, "physicalPlanDescription") ?? "";
  return {
    read: nodes.flatMap((node) => scanOf(node) ?? []).map(inLowerCase),
    written: nodes.flatMap((node) => writeOf(node, description) ?? []).map(inLowerCase),
    creates: quotedTable(argumentsOf("Create(?:DataSource|Hive)TableAsSelectCommand", description)),
  };
}

function inLowerCase(table: SparkTable): SparkTable {
  return { ...table, format: table.format.toLowerCase() };
}

/** What is looked for stands at the beginning; behind it may be thousands of columns. */
const LONGEST_TEXT = 4000;

/** All nodes of a plan. Plans can be deeper than the stack. */
function* walk(plan: JsonObject): Generator<PlanNode> {
  const open = [plan];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    yield {
      name: textAt(node, "nodeName")?.trim() ?? "",
      text: textAt(node, "simpleString")?.slice(0, LONGEST_TEXT) ?? "",
      metadata: objectAt(node, "metadata"),
    };
    open.push(...objectsAt(node, "children"));
  }
}

interface PlanNode {
  readonly name: string;
  readonly text: string;
  readonly metadata: JsonObject;
}

/** `Scan csv `, `Scan parquet catalog.db.table`, `BatchScan …`, `Scan JDBCRelation(table) [numPartitions=1]`. */
function scanOf({ name, text, metadata }: PlanNode): SparkTable | undefined {
  const location = textAt(metadata, "Location") ?? /\bLocation: (\w+\(\d+ paths\)\[.*?\])/.exec(text)?.[1];
  const format = textAt(metadata, "Format") ?? /\bFormat: (\w+)/.exec(text)?.[1];
  const [, kind = "", table] = /^(?:Batch)?Scan (\S+)(?: (.+))?$/.exec(name) ?? [];
  if (location !== undefined && format !== undefined) {
    return { format, table: table?.includes(":") ? undefined : table, ...parseLocations(location) };
  }
  const [, relation, argument] = /^Scan (\w+?)(?:Relation)?\((.*)\)/.exec(name) ?? [];
  if (relation !== undefined) return { format: relation, table: argument, ...NOWHERE };
  if (kind === "hive") return { format: kind, table, ...NOWHERE };
  return name.startsWith("BatchScan ") ? { format: "v2", table: name.slice("BatchScan ".length), ...NOWHERE } : undefined;
}

const NOWHERE = { locations: [], locationCount: 0 };

/** `InMemoryFileIndex(3 paths)[file:/a, file:/b, ...]` */
function parseLocations(text: string): Pick<SparkTable, "locations" | "locationCount"> {
  const [, count, list = ""] = /\((\d+) paths\)\[(.*)\]$/.exec(text) ?? [];
  const locations = list.split(/, (?=[a-z][\w+.-]*:|\.\.\.$)/i).filter((path) => path !== "" && path !== "...");
  return { locations, locationCount: Number(count ?? locations.length) };
}

function writeOf({ name, text }: PlanNode, description: string): SparkTable | undefined {
  const command = /^Execute (\w+)$/.exec(name)?.[1];
  if (command === undefined) return V2_WRITE.test(name) ? writeOfVersion2(text) : undefined;
  switch (command) {
    case "InsertIntoHadoopFsRelationCommand":
      return fileWrite(text);
    case "SaveIntoDataSourceCommand":
      return sourceWrite(argumentsOf(command, description));
    case "InsertIntoHiveTable":
      return { format: "hive", table: quotedTable(text + argumentsOf(command, description)), ...NOWHERE };
    default:
      return undefined;
  }
}

/** `… file:/out, false, [partition columns], Parquet, [options], Append, `catalog`.`db`.`table`, …` */
function fileWrite(text: string): SparkTable | undefined {
  const [, location, format] =
    /Command ([a-z][\w+.-]*:.*?),(?: \[[^\]]*\],)? (?:true|false),(?: \[[^\]]*\],)* ([\w.$@]+), /i.exec(text) ?? [];
  if (location === undefined || format === undefined) return undefined;
  return { format, table: quotedTable(text), locations: [location], locationCount: 1 };
}

/** `org.apache…JdbcRelationProvider@29bf2b45, [url=…, dbtable=app.t2], Overwrite` */
function sourceWrite(text: string): SparkTable {
  const provider = /([\w$]+)@[0-9a-f]+,/.exec(text)?.[1] ?? "unknown";
  const table = /\bdbtable=([^,\]]+)/.exec(text)?.[1];
  const path = /\bpath=([^,\]]+)/.exec(text)?.[1];
  const format = provider.replace(/(RelationProvider|Provider|DataSource)$/, "") || provider;
  return { format, table, locations: path === undefined ? [] : [path], locationCount: path === undefined ? 0 : 1 };
}

const V2_WRITE = /^(AppendData|Overwrite(ByExpression|PartitionsDynamic)|ReplaceData|WriteDelta|\w*TableAsSelect)$/;

/** `AppendData …Lambda$4921@421d0693, IcebergWrite(table=cat.db.t, format=PARQUET)` */
function writeOfVersion2(text: string): SparkTable {
  const writer = /([A-Z]\w*)Write\b/.exec(text)?.[1] ?? "unknown";
  return { format: writer, table: /\btable=([^,)]+)/.exec(text)?.[1] ?? quotedTable(text), ...NOWHERE };
}

function quotedTable(text: string): string | undefined {
  return /`[^`]+`(?:\.`[^`]+`)+/.exec(text)?.[0].replaceAll("`", "");
}

/** The arguments that the description of a plan gives for a command which says nothing of them in its node. */
function argumentsOf(command: string, description: string): string {
  return new RegExp(`\\) ${command}\\n(?:Input.*\\n)?Arguments: (.*)`).exec(description)?.[1]?.slice(0, LONGEST_TEXT) ?? "";
}
