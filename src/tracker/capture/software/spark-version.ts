import { basename, dirname, join } from "node:path";
import { findNames, findText } from "../files.ts";
import { type Place, findProgram } from "./programs.ts";
import type { Python } from "./python-home.ts";

const PROGRAMS = /^(?:spark-(?:submit|shell|sql|class)|pyspark)$/;

/** The version of the Spark that a command uses; undefined when it uses none. A Python that has PySpark may use it. */
export async function readSparkVersion(program: string, python: Python | undefined, place: Place): Promise<string | undefined> {
  const own = PROGRAMS.test(basename(program)) ? await homesBeside(await findProgram(program, place)) : [];
  const installed = await installedHomes(python?.packageFolders ?? []);
  if (own.length + installed.length === 0) return undefined;
  const named = place.env["SPARK_HOME"];
  for (const home of [...(named ? [named] : []), ...own, ...installed]) {
    const version = await readHome(home);
    if (version !== undefined) return version;
  }
  return undefined;
}

/** A Spark has its programs in `bin`; those that pip puts there look for theirs among the packages. */
async function homesBeside(program: string | undefined): Promise<string[]> {
  if (program === undefined) return [];
  const prefix = dirname(dirname(program));
  const libraries = await findNames(join(prefix, "lib"));
  return [prefix, ...libraries.map((name) => join(prefix, "lib", name, "site-packages", "pyspark"))];
}

async function installedHomes(folders: readonly string[]): Promise<string[]> {
  const homes = folders.map((folder) => join(folder, "pyspark"));
  const names = await Promise.all(homes.map(findNames));
  return homes.filter((_, index) => names[index]?.length !== 0);
}

async function readHome(home: string): Promise<string | undefined> {
  const release = await findText(join(home, "RELEASE"));
  const version = /^Spark (\d\S*)/.exec(release ?? "")?.[1];
  if (version !== undefined) return version;
  const jars = await findNames(join(home, "jars"));
  return jars.map((name) => /^spark-core_[\d.]+-(\d.*)\.jar$/.exec(name)?.[1]).find((version) => version !== undefined);
}
