// The least that a split by csv-parse costs: reading the file, and nothing else.
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";

await pipeline(createReadStream(process.argv[2] ?? "", { highWaterMark: 256 * 1024 }), parse().resume());
