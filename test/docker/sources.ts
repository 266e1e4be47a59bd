import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../src/local/job-environment.ts";

/** What a pipeline's spec says about its image. */
export interface Transform {
  readonly image: string;
  readonly cmd: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One instruction of a Dockerfile, on one line. */
export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** The clone's version, and so that of its images. */
export const { version } = JSON.parse(readSource("package.json")) as { version: string };

/** The folders of docker/. */
export const IMAGES = globSync("docker/*/Dockerfile", { cwd: packageRoot }).map((file) => dirname(file).slice("docker/".length));

/** The files of pipelines/ that are specs. */
export const SPECS = globSync("pipelines/*.json", { cwd: packageRoot });

export function readSource(path: string): string {
  return readFileSync(join(packageRoot, path), "utf8");
}

/** The name by which specs know an image. */
export function tagOf(image: string): string {
  return `stemma/${image}:${version}`;
}

export function readTransform(spec: string): Transform {
  return (JSON.parse(readSource(spec)) as { transform: Transform }).transform;
}

/** The instructions of an image's Dockerfile by stage; what comes before the first FROM is the first list. */
export function readStages(image: string): Instruction[][] {
  const lines = readSource(`docker/${image}/Dockerfile`)
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  const stages: Instruction[][] = [[]];
  for (const line of lines.filter((each) => each !== "")) {
    const [word = "", ...rest] = line.split(" ");
    if (word === "FROM") stages.push([]);
    stages.at(-1)?.push({ word, rest: rest.join(" ") });
  }
  return stages;
}

/** The first version that the clone's requirements give a Python package: that of the Python in the images' Debian. */
export function pinOf(name: string): string {
  const lines = ["requirements.txt", "requirements-java.txt"].flatMap((file) => readSource(file).split("\n"));
  const pin = lines
    .find((line) => line.startsWith(`${name}==`))
    ?.slice(name.length + 2)
    .split(";")[0];
  if (pin === undefined) throw new Error(`no version of ${name} in the requirements`);
  return pin;
}
