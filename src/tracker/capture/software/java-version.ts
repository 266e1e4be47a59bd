import { basename, dirname, join } from "node:path";
import { findRealPath, findText } from "../files.ts";
import { type Place, findProgram } from "./programs.ts";

/** The version of the Java that a program starts; undefined when there is none, or none that says. */
export async function readJavaVersion(program: string, place: Place): Promise<string | undefined> {
  // Whoever calls it by its name or path gets that one. Spark takes JAVA_HOME first.
  const home = basename(program) === "java" ? undefined : place.env["JAVA_HOME"] || undefined;
  const java = await findProgram(home === undefined ? javaName(program) : join(home, "bin", "java"), place);
  const real = java === undefined ? undefined : await findRealPath(java);
  if (real === undefined) return undefined;
  const folder = dirname(dirname(real));
  // Java 8 has its program in a folder within.
  const release = (await findText(join(folder, "release"))) ?? (await findText(join(dirname(folder), "release")));
  return /^JAVA_VERSION="([^"]+)"/m.exec(release ?? "")?.[1];
}

function javaName(program: string): string {
  return basename(program) === "java" ? program : "java";
}
