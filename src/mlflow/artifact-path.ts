import { StemmaError } from "../lineage/errors.ts";

const MAX_SEGMENT_BYTES = 255;

/**
 * An artifact's path, ready for a URL; USAGE for a path that MLflow could not keep under its name. Its server decodes
 * paths again and again, so that `%2541.txt` would be stored as `A.txt`, and it refuses `#`.
 */
export function encodeArtifactPath(path: string): string {
  const problem = artifactPathProblem(path);
  if (problem !== undefined) {
    throw new StemmaError("USAGE", `MLflow cannot keep an artifact named ${JSON.stringify(path)}: ${problem}.`, {
      hint: "Give the file another name.",
    });
  }
  return path.split("/").map(encodeURIComponent).join("/");
}

/** Why MLflow could not keep an artifact under this path, or undefined when it can. */
export function artifactPathProblem(path: string): string | undefined {
  for (const segment of path.split("/")) {
    const problem = segmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function segmentProblem(segment: string): string | undefined {
  if (segment === "" || segment === "." || segment === "..") return `a part of it is "${segment}"`;
  if (segment.includes("#")) return 'it holds a "#"';
  if (segment.includes("\\")) return "it holds a backslash";
  if (/\p{Cc}/u.test(segment)) return "it holds a control character";
  if (!segment.isWellFormed()) return "it is not valid Unicode";
  if (/%[0-9a-f]{2}/i.test(segment)) return 'it holds a "%" followed by two hexadecimal digits';
  if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `a part of it is longer than ${MAX_SEGMENT_BYTES} bytes`;
  return undefined;
}
