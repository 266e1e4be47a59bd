import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Effort, type Place, timePeer, track } from "./tracker-process.ts";
import { type Measured, PEER, inTurns } from "./tracker-turns.ts";

const BIG_FILE_MIB = 500;

/** Many small files, and a large one; the time of a run with nothing in it is not counted. */
export async function benchFiles(place: Place, nothingMs: number): Promise<Measured> {
  const many = join(place.folder, "files");
  mkdirSync(many);
  for (let index = 0; index < 1000; index += 1) writeFileSync(join(many, `f${index}.bin`), randomBytes(10 * 1024));
  const big = await writeBigFile(place);
  const efforts: Effort[] = [];
  // The files are linked, so that making them is not part of it.
  const put = async (script: string, path: string): Promise<number> => {
    const effort = await track(place, ["sh", "-c", script, path]);
    efforts.push(effort);
    return effort.ms - nothingMs;
  };
  const [oursMany, peerMany] = await inTurns(3, [
    () => put('cp -rl "$0" "$STEMMA_ARTIFACTS/files"', many),
    () => timePeer(place, "artifacts.py", many),
  ]);
  const [oursBig, peerBig] = await inTurns(2, [
    () => put('ln "$0" "$STEMMA_ARTIFACTS/big.bin"', big),
    () => timePeer(place, "artifacts.py", big),
  ]);
  const figures = [
    { work: "1,000 artifacts of 10 KiB", ours: oursMany, peer: peerMany, peerName: PEER, unit: "ms", limit: 1 / 3 },
    { work: "one artifact of 500 MiB", ours: oursBig, peer: peerBig, peerName: PEER, unit: "ms", limit: 1 },
  ];
  return { figures, peakMiB: Math.max(...efforts.map(({ peakMiB }) => peakMiB)) };
}

async function writeBigFile({ folder }: Place): Promise<string> {
  const file = join(folder, "big.bin");
  const stream = createWriteStream(file);
  for (let written = 0; written < BIG_FILE_MIB; written += 1) {
    if (!stream.write(randomBytes(1024 * 1024))) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "close");
  return file;
}
