import { createHash } from "node:crypto";
import { chownSync, cpSync, globSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A stage's input twice, each with a folder for its output: one to be /pfs in a container, the other for the same command here. */
export interface StagePlaces {
  readonly inImage: string;
  readonly here: string;
}

/** Makes the places of a stage below a folder, with `from` as the input `repo`. The output in the image belongs to `user`. */
export function makePlaces(folder: string, repo: string, from: string, user: number): StagePlaces {
  const places = { inImage: join(folder, "image"), here: join(folder, "here") };
  for (const place of Object.values(places)) {
    cpSync(from, join(place, repo), { recursive: true });
    mkdirSync(join(place, "out"));
  }
  chownSync(join(places.inImage, "out"), user, user);
  return places;
}

/** SHA-256 of each file below a folder. */
export function digests(folder: string): Record<string, string> {
  const files = globSync("**", { cwd: folder }).filter((path) => statSync(join(folder, path)).isFile());
  return Object.fromEntries(files.sort().map((path) => [path, sha256(join(folder, path))]));
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
