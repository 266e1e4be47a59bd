// Writes much into an index within one transaction, says so, and waits there to be killed.
import { LineageIndex } from "../../../src/lineage/store/lineage-index.ts";
import { thing } from "../graphs.ts";

const index = new LineageIndex(process.argv[2] ?? "");
index.write((writer) => {
  for (let at = 0; at < 5_000; at += 1) writer.say({ node: thing(`after ${at}`.padEnd(8_000, "x")), rank: "source", edges: [] });
  process.stdout.write("written\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
