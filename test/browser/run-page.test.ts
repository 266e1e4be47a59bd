import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { TrackProcess, client, makeFolder, newId } from "../tracker/harness.ts";

const LIMIT_MS = 90_000;
/** For one thing to be seen, also on a machine that is busy. */
const LOOK_MS = 40_000;

const program = process.env["CHROMIUM_PATH"] || findOnPath("chromium", "chromium-browser", "google-chrome");
let browser: Browser | undefined;
afterAll(() => browser?.close());

function findOnPath(...names: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** A page in a browser that reaches nothing but this machine, and that MLflow's assistant leaves alone. */
async function openPage(executablePath: string): Promise<Page> {
  const args = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  browser = await chromium.launch({ executablePath, args });
  const page = await browser.newPage({ viewport: { width: 1400, height: 1200 } });
  page.setDefaultTimeout(LOOK_MS);
  await page.route(
    ({ hostname }) => hostname !== "127.0.0.1",
    (route) => route.abort(),
  );
  await page.addInitScript(`
    localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
    localStorage.setItem("mlflow.assistant.panelOpen_v1", "false");`);
  return page;
}

/** Saves what is seen, where a person can look at it. */
async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env["STEMMA_TEST_SCREENSHOTS"] || (await makeFolder());
  await mkdir(folder, { recursive: true });
  const image = await page.screenshot({ path: join(folder, `${name}.png`) });
  expect(image.length).toBeGreaterThan(10_000);
}

/** What a worker tells of a datum of `train` that reads a commit of `etl`. */
async function datumEnvironment() {
  const root = await makeFolder();
  await mkdir(join(root, "out"));
  const job = newId();
  return {
    PACH_JOB_ID: job,
    PACH_OUTPUT_COMMIT_ID: job,
    PACH_DATUM_ID: "d".repeat(64),
    PPS_PIPELINE_NAME: "train",
    PACHD_PEER_SERVICE_HOST: "127.0.0.1",
    PACHD_PEER_SERVICE_PORT: "1",
    STEMMA_PFS_ROOT: root,
    etl: join(root, "etl"),
    etl_COMMIT: newId(),
  };
}

test(
  "MLflow's page of a run shows its data set, its tags and its growing metric while it runs, and then its artifacts",
  {
    timeout: LIMIT_MS,
  },
  async ({ skip }) => {
    if (program === undefined) skip("there is no Chromium: set CHROMIUM_PATH, or put chromium on the PATH");
    else expect(await watchRun(await openPage(program))).toBe(0);
  },
);

/** Runs a command that reports until it is told to end, and looks at its run meanwhile and afterwards. Answers its exit code. */
async function watchRun(page: Page): Promise<number | null> {
  const folder = await makeFolder();
  const script = `
    echo '{"maxDepth":5}' > $STEMMA_REPORT/params.json
    echo '{"team":"fraud"}' > $STEMMA_REPORT/tags.json
    echo 'a tree' > $STEMMA_ARTIFACTS/tree.txt
    i=0; while [ ! -e ${folder}/go ]; do i=$((i+1)); echo "loss,0.$((1000-i))" >> $STEMMA_REPORT/metrics.csv; sleep 0.2; done`;
  const env = await datumEnvironment();
  const track = new TrackProcess(["--name", "tree", "--", "sh", "-c", script], { env });
  try {
    await track.sees("/runs/");
    // The page shows params and tags as they were when it was opened.
    const arrived = { metrics: { loss: expect.any(Number) }, params: { maxDepth: "5" }, tags: { team: "fraud" } };
    await expect.poll(() => track.run(), { timeout: LOOK_MS }).toMatchObject(arrived);
    await page.goto(client.runLink(await track.run()));
    await page.getByText("Running", { exact: true }).waitFor();
    for (const name of ["loss", "maxDepth"]) await page.getByRole("cell", { name }).waitFor();
    for (const text of [`etl (${env.etl_COMMIT})`, "fraud", env.PACH_JOB_ID]) await page.getByText(text).first().waitFor();
    await screenshot(page, "1-running");

    await page.getByRole("tab", { name: "Model metrics" }).click();
    await page.locator(".js-plotly-plot").first().waitFor();
    await screenshot(page, "2-live-metric");

    await writeFile(join(folder, "go"), "");
    const code = await track.exitCode();
    await page.getByRole("tab", { name: "Artifacts" }).click();
    await page.getByText("tree.txt").first().click();
    await page.getByText("a tree").waitFor();
    await screenshot(page, "3-artifacts");
    return code;
  } finally {
    await writeFile(join(folder, "go"), "");
    await track.exitCode();
  }
}
